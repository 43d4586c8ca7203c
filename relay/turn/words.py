"""The words that stand for a recording or a file: derived once, and on its row before the model is asked.

Only for a batch that is about to be asked, and under the lease. A retry, and every later window, finds them there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from relay import spans
from relay.attachments import Attachment
from relay.config.bot import ImSpeech
from relay.config.bots import Bot
from relay.errors import (
    ImError,
    ImUnavailable,
    MediumError,
    MediumGone,
    MediumRefused,
    MediumUnavailable,
    ModelUnavailable,
)
from relay.memory.rows import Entry, Unread, spread
from relay.ports import Value
from relay.turn.overflow import CUT
from relay.turn.task import Parts

log = logging.getLogger(__name__)

SHARE = 0.5
"""Of the time that is left, so much may be spent on them, side by side."""

TRANSCRIPT_MAX_CHARS = 100_000

TRIES = 2
"""Of a download that did not come; then it counts as one that cannot be had."""

_UNREADABLE = frozenset(
    (
        *("zip", "rar", "7z", "gz", "tar", "exe", "msi", "apk", "ipa", "dmg", "iso", "jar"),
        *("doc", "docx", "xls", "xlsx", "ppt", "pptx", "psd", "ai", "sketch", "ttf", "otf"),
        *("mp3", "m4a", "aac", "amr", "wav", "flac", "mp4", "mov", "avi", "mkv"),
        *("jpg", "jpeg", "png", "gif", "webp", "heic", "bmp"),
    )
)
"""Files that hold no text, or none that is read here: they are not fetched."""


async def with_words(
    parts: Parts, bot: Bot, partition: str, batch: Sequence[Entry], *, seconds: float
) -> tuple[Entry, ...]:
    """The batch with words for what can be heard or read in it. It ends before a medium that has to wait.

    Args:
        parts: media, history and the IM server.
        bot: who is asked.
        partition: the conversation's.
        batch: messages that wait, oldest first.
        seconds: until the turn's deadline.

    Raises:
        ModelUnavailable: nobody can hear the first of them now.
        RowChanged: one was answered or forgotten meanwhile.
    """
    open_ones = [entry for entry in batch if lacks_words(bot, entry)]
    if not open_ones:
        return tuple(batch)
    found = await asyncio.gather(
        *(_stored(parts, bot, partition, entry, seconds * SHARE) for entry in open_ones),
        return_exceptions=True,
    )
    for failure in found:
        if isinstance(failure, BaseException) and not isinstance(failure, ModelUnavailable):
            raise failure
    by_key = dict(zip((entry.key for entry in open_ones), found, strict=True))
    ready: list[Entry] = []
    for entry in batch:
        outcome = by_key.get(entry.key, entry)
        if isinstance(outcome, ModelUnavailable):
            if not ready:
                raise outcome
            break
        if isinstance(outcome, Entry):
            ready.append(outcome)
    return tuple(ready)


def lacks_words(bot: Bot, entry: Entry) -> bool:
    """Whether it has not been tried yet to hear or read a message."""
    if entry.words or entry.unread:
        return False
    return (entry.medium == "audio" and bot.transcribe is not None) or (
        entry.medium == "file" and bot.file_characters > 0
    )


async def _stored(parts: Parts, bot: Bot, partition: str, entry: Entry, seconds: float) -> Entry:
    """The message with its words, or with why it has none."""
    attributes: dict[str, spans.Attribute] = {spans.MEDIUM_KIND: entry.medium}
    with spans.span(spans.MEDIUM, attributes=attributes) as span:
        try:
            words = await _words(parts, bot, entry, seconds)
        except MediumError as failure:
            spans.failed(span, type(failure).__name__)
            span.set_attribute(spans.CAUSE, failure.cause)
            log.info("%s has no words conversation=%s cause=%s", entry.medium, partition, failure.cause)
            return await parts.history.change(partition, entry, unread=_why(entry, failure))
    values: dict[str, Value] = spread("words", words) if words else {"unread": "unclear"}
    return await parts.history.change(partition, entry, **values)


async def _words(parts: Parts, bot: Bot, entry: Entry, seconds: float) -> str:
    attachment = Attachment.from_json(entry.attached)
    if attachment is None:
        raise MediumRefused("it is of a kind that this version does not know")
    if entry.medium == "file" and attachment.ext in _UNREADABLE:
        raise MediumRefused("it is no text")
    for _ in range(TRIES - 1):
        try:
            return await _derived(parts, bot, attachment, seconds / TRIES)
        except MediumUnavailable as failure:
            log.info("a %s is fetched once more: %s", entry.medium, failure.cause)
    return await _derived(parts, bot, attachment, seconds / TRIES)


async def _derived(parts: Parts, bot: Bot, attachment: Attachment, seconds: float) -> str:
    if attachment.kind == "file":
        text = await parts.media.text(attachment, bot.file_characters, seconds=seconds)
        is_cut = len(text) > bot.file_characters
        return text[: bot.file_characters] + CUT if is_cut else text.strip()
    if bot.transcribe is None:
        raise MediumRefused("nobody is named who could hear it")
    if not isinstance(bot.transcribe, ImSpeech):
        transcript = await parts.media.transcript(attachment, bot.transcribe, seconds=seconds)
    else:
        try:
            transcript = await parts.im.transcribe(bot.accid, attachment, seconds=seconds)
        except ImUnavailable as outage:
            raise ModelUnavailable(outage.cause) from None
        except ImError as refusal:
            raise MediumRefused(refusal.cause) from None
    return transcript[:TRANSCRIPT_MAX_CHARS]


def _why(entry: Entry, failure: MediumError) -> Unread:
    if isinstance(failure, MediumGone):
        return "gone"
    if isinstance(failure, MediumUnavailable):
        return "late"
    return "unclear" if entry.medium == "audio" else "refused"
