"""Showing an answer while the model still writes it, so that it can be taken back whatever happens.

There are two ways: a stream message, to which pieces are added, or a message that is edited (``stream = "edit"``). Both
are streams here: what differs is one call.

The relay's own reply is sent under ids that are stored before; a stream never is. It has an id of its own, noted on the
row of the message before the first call, and in the reply's row once that is stored. As long as a note is open, whoever
finds it takes the stream back and sends the stored reply as ordinary messages: after a kill, when the filter or another
model makes the answer another one, when time is over, when ``/forget`` came. Only a reply that is stored and begins
with what was shown lets the stream end with its last words.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from relay.config.bots import Bot
from relay.errors import (
    ImBlocked,
    ImError,
    ImRejected,
    ImUnavailable,
    NoStreams,
    RowChanged,
    StorageUnavailable,
)
from relay.frozen import replaced
from relay.im.fences import code_blocks
from relay.im.split import split
from relay.keys import client_id
from relay.memory.rows import Entry
from relay.messages import Message, TeamKind
from relay.ports import Chunk, Clock, Messenger, Outgoing, Sent
from relay.turn.growing import showable
from relay.turn.growing_messages import EDITS, PIECES
from relay.turn.notes import Note, WriteNote
from relay.turn.presence import quoted

log = logging.getLogger(__name__)

SILENT_SECONDS = 25.0
"""After 30 seconds without a chunk the platform ends a stream."""

KEPT_CHARS = 8
"""Kept back, to have something to say when the model is silent for long."""

CALL_SECONDS = 5.0

UNSUPPORTED_SECONDS = 3600.0
"""How long it is remembered that a kind of chat takes no streams, or no edits."""


class Streams:
    """What all streams of the process share: the way out, and which kinds of chats take none.

    Args:
        im: the IM server.
        clock: wall clock.
        now: seconds of a clock that only goes forward.
        by_v1: the server's API is v1, where no message grows.
    """

    def __init__(
        self,
        im: Messenger,
        clock: Clock,
        now: Callable[[], float] = time.monotonic,
        *,
        by_v1: bool = False,
    ) -> None:
        self.im = im
        self.clock = clock
        self._now = now
        self._by_v1 = by_v1
        self._unsupported: dict[tuple[str, TeamKind | None, bool | str], float] = {}

    def are_taken(self, bot: Bot, message: Message) -> bool:
        """Whether a bot may stream into this chat, in its way."""
        if not bot.stream or bot.reply == "response" or self._by_v1:
            return False
        if message.team and message.team_kind == "super_team":
            return False
        return self._now() >= self._unsupported.get(_kind_of(bot, message), 0.0)

    def learn_unsupported(self, bot: Bot, message: Message) -> None:
        """The platform takes no streams of this bot's way in such chats; that is believed for an hour."""
        self._unsupported[_kind_of(bot, message)] = self._now() + UNSUPPORTED_SECONDS

    async def take_back(self, message: Message, note: Note, until: int) -> None:
        """Delete what was shown of a stream, without a trace. What the platform refuses is told in the log."""
        if not note.client_id:
            return
        if not note.server_id:
            log.warning(
                "a stream was begun and its id on the platform is not known: a started line may stay stream=%s",
                note.client_id,
            )
            return
        outgoing = replace(_outgoing(message), client_id=note.client_id)
        try:
            await self.im.recall(
                outgoing, Sent(note.server_id, note.at), silently=True, seconds=_left(self.clock, until)
            )
        except ImError as refusal:
            log.warning("a stream could not be taken back stream=%s cause=%s", note.client_id, refusal.cause)


class Stream:
    """One answer that is shown as it comes.

    Args:
        streams: what is shared.
        bot: whose answer it is; its ``stream`` and ``quote``.
        message: says where to.
        entry: the newest message that is answered; ``entry`` is its latest version.
        partition: the conversation's.
        write_note: see :data:`WriteNote`.
        until: no chunk is sent after this, Unix milliseconds.
        render: what users read for as much of the answer.
    """

    def __init__(
        self,
        streams: Streams,
        bot: Bot,
        message: Message,
        entry: Entry,
        partition: str,
        write_note: WriteNote,
        until: int,
        render: Callable[[str], str] = str,
    ) -> None:
        self.entry = entry
        self.note = Note.read(entry.stream)
        self.shown = ""
        self.is_broken = False
        self._streams, self._bot, self._message, self._until = streams, bot, message, until
        self._way = EDITS if bot.stream == "edit" else PIECES
        self._outgoing = replace(
            _outgoing(message),
            mention=entry.sender if message.team and entry.sender != message.bot else None,
            quote=quoted(message, entry) if bot.quote else None,
        )
        self._partition = partition
        self._write_note = write_note
        self._render = render
        self._ready = ""
        self._index = 0
        self._wake = asyncio.Event()
        self._row = asyncio.Lock()
        self._is_stopped = False
        self._pump: Awaitable[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether something was begun that must be ended or taken back."""
        return bool(self.note.client_id)

    def heard(self, text: str) -> None:
        """All that may be shown of the answer so far."""
        if self.is_broken:
            return
        ready = showable(self._render(text))
        if not ready.startswith(self.shown):
            self.is_broken = True  # another model, or what was shown was no part of the answer
        self._ready = ready
        self._wake.set()
        if self._pump is None:
            self._pump = self._in_background(self._show_as_it_comes())

    async def stop(self) -> None:
        """Show nothing more of what is heard. A call under way is waited for: what it has added has to be known."""
        self._is_stopped = True
        self._wake.set()
        if self._pump is not None:
            await self._pump

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[Entry]:
        """The row as it is, for as long as the stream changes nothing of it; whoever does sets ``entry``."""
        async with self._row:
            yield self.entry

    def fit(self, reply: Entry) -> Entry:
        """The reply with parts of which the first begins with what was shown, if it can; else the stream is broken."""
        first = reply.parts[0] if reply.parts else reply.shown
        if self.is_broken or any(reply.media[:1]):
            self.is_broken = True
            return reply
        if first.startswith(self.shown):
            return reply
        if reply.media or not reply.shown.startswith(self.shown):
            self.is_broken = True
            return reply
        cut = len(self.shown)
        head, tail = reply.shown[:cut], reply.shown[cut:]
        for block in code_blocks(reply.shown):
            if block.code <= cut < block.last:
                head, tail = head + block.closing, block.opening + tail
        return replaced(reply, parts=(head, *split(tail)))

    async def finish(self, first: str) -> Sent | None:
        """End the stream with the rest of the reply's first part; None when that is not known to have worked."""
        if self.is_broken or not self.note.server_id or not first.startswith(self.shown):
            return None
        try:
            await self._send(first[len(self.shown) :], is_last=True)
        except ImError as failure:
            log.warning("a stream did not end well stream=%s cause=%s", self.note.client_id, failure.cause)
            return None
        return Sent(self.note.server_id, self.note.at)

    async def _show_as_it_comes(self) -> None:
        try:
            await self._show()
        except (ImRejected, ImBlocked) as refusal:
            self.is_broken = True
            log.warning("a stream is refused, the reply goes whole: %s", refusal.cause)
            if not self.note.server_id:
                await self._nothing_was_begun()
        except (ImUnavailable, RowChanged, StorageUnavailable) as failure:
            self.is_broken = True
            log.warning("a stream breaks off, the reply goes whole: %s", failure)

    async def _show(self) -> None:
        clock = self._streams.clock
        while not (self.is_broken or self._is_stopped) and clock.now() < self._until:
            piece = self._ready[len(self.shown) : max(len(self.shown), len(self._ready) - KEPT_CHARS)]
            if not self.is_open and len(piece) < self._way.begins_with:
                piece = ""
            if not piece and not await self._hear_more() and self.is_open:
                piece = self._ready[len(self.shown) : len(self.shown) + 1]  # a sign of life
            if piece:
                if not self.is_open:
                    await self._begin()
                await self._send(piece)
                await clock.sleep(self._way.pause_seconds)

    async def _hear_more(self) -> bool:
        """Wait for more of the answer; False when nothing came for long."""
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), SILENT_SECONDS)
        except TimeoutError:
            return False
        return True

    def _in_background(self, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
        return asyncio.create_task(work)

    async def _nothing_was_begun(self) -> None:
        self.note = self.note.closed
        try:
            await self._write()
        except (RowChanged, StorageUnavailable) as failure:
            log.info("the note of a refused stream stays: %s", failure)

    async def _begin(self) -> None:
        """The note comes first: whoever takes over knows what may have been begun."""
        number = self.note.number + 1
        own_id = client_id(self._partition, self.entry.id, "stream", str(number))
        async with self._row:
            note = Note(number, own_id)
            self.entry = await self._write_note(self.entry, note)
            self.note = note

    async def _write(self) -> None:
        async with self._row:
            self.entry = await self._write_note(self.entry, self.note)

    async def _send(self, piece: str, *, is_last: bool = False) -> None:
        begins = not self.note.server_id
        try:
            sent = await self._way.add(
                self._streams.im,
                replace(self._outgoing, client_id=self.note.client_id),
                Sent(self.note.server_id, self.note.at),
                Chunk(piece, self._index, self.note.server_id, is_last=is_last),
                self.shown + piece,
                seconds=min(CALL_SECONDS, _left(self._streams.clock, self._until)),
            )
        except NoStreams:
            self._streams.learn_unsupported(self._bot, self._message)
            raise
        self._index += 1
        self.shown += piece
        if begins:
            if not sent.server_id:  # a duplicate: an answer was lost, and the platform tells no id
                raise ImUnavailable("the id of what was begun is not known")
            self.note = replace(self.note, server_id=sent.server_id, at=sent.at)
            await self._write()


def _outgoing(message: Message) -> Outgoing:
    return Outgoing(
        bot=message.bot,
        to=message.team or message.sender,
        text="",
        client_id="",
        team_kind=message.team_kind if message.team else None,
    )


def _kind_of(bot: Bot, message: Message) -> tuple[str, TeamKind | None, bool | str]:
    return message.bot, message.team_kind if message.team else None, bot.stream


def _left(clock: Clock, until: int) -> float:
    return max(0.1, (until - clock.now()) / 1000)
