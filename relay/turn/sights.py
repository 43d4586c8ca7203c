"""The pictures that the model is shown, first frames of videos among them: the newest ones of window and batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from relay.attachments import Attachment
from relay.config.bots import Bot
from relay.errors import MediumError
from relay.memory.rows import Entry
from relay.ports import Media
from relay.turn.prompt import Sight

SHARE = 0.25
"""Of the time that is left, so much is spent on fetching them, side by side."""


async def sights_of(
    media: Media, bot: Bot, window: Sequence[Entry], batch: Sequence[Entry], *, seconds: float
) -> dict[str, Sight]:
    """The pictures by the keys of their rows. Of the batch's, why one could not be had, too: it is told."""
    said = (entry for entry in (*window, *batch) if entry.kind == "text")
    sent = [entry for entry in said if entry.medium in ("picture", "video") and not entry.unread]
    shown = sent[-bot.pictures :] if bot.pictures else []
    found = await asyncio.gather(*(_sight(media, entry, seconds * SHARE) for entry in shown))
    told = {entry.key for entry in batch if entry.medium == "picture"}  # a video is never seen whole
    return {
        entry.key: sight
        for entry, sight in zip(shown, found, strict=True)
        if sight is not None and (isinstance(sight, str) or entry.key in told)
    }


async def _sight(media: Media, entry: Entry, seconds: float) -> Sight | None:
    attachment = Attachment.from_json(entry.attached)
    if attachment is None:
        return None
    try:
        return await media.picture(attachment, seconds=seconds)
    except MediumError as error:
        return error
