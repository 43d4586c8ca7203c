"""The answer to a voice message as a recording beside its text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from relay.config.bot import Speaker
from relay.config.bots import Bot
from relay.errors import ImError, MediumRefused, ModelUnavailable
from relay.im.plain_text import plain_text
from relay.im.uploads import upload
from relay.memory.rows import Entry
from relay.turn.asking import Draft
from relay.turn.task import Parts

log = logging.getLogger(__name__)

SHARE = 0.25
"""Of the time that is left, speech may take so much; else the answer goes as text alone."""

_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_KBITS_OF_HALF = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
"""Bit rates of frames of MPEG-1 layer III, and of MPEG-2 and 2.5, by the number in it (ISO 11172-3, 13818-3)."""


async def with_speech(
    parts: Parts, bot: Bot, batch: Sequence[Entry], draft: Draft, *, seconds: float
) -> Draft:
    """The draft with its words spoken, where the bot speaks. Uploaded before the reply is stored, so that a retry sends
    the same; what fails costs the recording alone.

    Args:
        parts: who speaks, and the IM server.
        bot: whose voice.
        batch: what is answered.
        draft: the answer.
        seconds: until the turn's deadline.
    """
    speaker = _speaker(bot, batch, draft)
    if speaker is None:
        return draft
    try:
        spoken = await parts.speech.speak(plain_text(draft.reply.text), speaker, seconds=seconds * SHARE)
        voice = await upload(
            parts.im,
            spoken,
            kind="audio",
            name="answer.mp3",
            milliseconds=milliseconds_of(spoken),
            content_type="audio/mpeg",
            seconds=seconds * SHARE,
        )
    except (MediumRefused, ModelUnavailable, ImError) as failure:
        log.warning("an answer is not spoken bot=%s cause=%s; check speak", bot.accid, failure.cause)
        return draft
    return replace(draft, media=(*draft.media, voice))


def _speaker(bot: Bot, batch: Sequence[Entry], draft: Draft) -> Speaker | None:
    """Who speaks this answer, if anybody. An HTTP response carries no recording."""
    if bot.speak is None or bot.reply == "response" or draft.outcome != "answered":
        return None
    was_spoken = any(entry.medium == "audio" and entry.words for entry in batch)
    return bot.speak if was_spoken or bot.speak.when == "always" else None


def milliseconds_of(mp3: bytes) -> int:
    """About how long an MP3 of a constant bit rate lasts, by the header of its first frame; 0 when there is none."""
    start = 0
    if mp3.startswith(b"ID3") and len(mp3) > 10:
        start = 10 + sum(
            (byte & 0x7F) << shift for byte, shift in zip(mp3[6:10], (21, 14, 7, 0), strict=True)
        )
    while 0 <= start < len(mp3) - 3:
        if mp3[start] == 0xFF and mp3[start + 1] & 0xE6 == 0xE2:  # in step, and of layer III
            rates = _KBITS if mp3[start + 1] & 0x18 == 0x18 else _KBITS_OF_HALF
            kbits = rates[mp3[start + 2] >> 4]
            return (len(mp3) - start) * 8 // kbits if kbits else 0
        start = mp3.find(b"\xff", start + 1)
    return 0
