"""Stream messages: one message that grows chunk by chunk (doc TgyMTY2NzE)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from playground.im.calls import TEXT_MAX_CHARS, Chunk, Refused
from playground.im.chats import Chats, Delivered

CHUNK_GAP_SECONDS = 30

# The vendor names 189318 to 189320 for stream messages but not which is which; this order is a guess.
ENDED, TOO_LATE, TOO_LONG, UNSUPPORTED = 189318, 189319, 189320, 189321


@dataclass
class _Stream:
    message: Delivered
    last_at: int
    pieces: dict[int, str] = field(default_factory=dict)


@dataclass
class Streams:
    """The stream messages that were begun."""

    chats: Chats
    _streams: dict[str, _Stream] = field(default_factory=dict)

    async def begin(self, message: Delivered, chunk: Chunk) -> Delivered:
        """Put a stream message into its chat with its first chunk.

        Raises:
            Refused: the chunk is too long, or there are no streams in this kind of chat.
        """
        if message.team_kind == "super_team":
            raise Refused(UNSUPPORTED, "no stream messages in super teams")
        self._streams[message.server_id] = stream = _Stream(
            replace(message, finished=False), self.chats.now()
        )
        return await self._grow(stream, chunk)

    async def go_on(self, server_id: str, client_id: str, chunk: Chunk) -> Delivered:
        """Add a chunk; pieces are put in order of their index, a repeated one changes nothing.

        Raises:
            Refused: there is no such stream, it has ended, or it would be too long.
        """
        stream = self._streams.get(server_id)
        if stream is None or self.chats.find(server_id) is None or stream.message.client_id != client_id:
            raise Refused(107404, "no such stream message")
        if stream.message.finished:
            raise Refused(ENDED, "the stream has ended")
        if self.chats.now() - stream.last_at > CHUNK_GAP_SECONDS * 1000:
            stream.message = replace(stream.message, finished=True)
            await self.chats.deliver(stream.message)
            raise Refused(TOO_LATE, f"more than {CHUNK_GAP_SECONDS} s without a chunk")
        return await self._grow(stream, chunk)

    async def _grow(self, stream: _Stream, chunk: Chunk) -> Delivered:
        pieces = {chunk.index: chunk.text} | stream.pieces
        text = "".join(pieces[index] for index in sorted(pieces))
        if len(text) > TEXT_MAX_CHARS:
            raise Refused(TOO_LONG, f"more than {TEXT_MAX_CHARS} characters")
        stream.pieces, stream.last_at = pieces, self.chats.now()
        stream.message = replace(stream.message, text=text, finished=bool(chunk.finish))
        await self.chats.deliver(stream.message)
        return stream.message
