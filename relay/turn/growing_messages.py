"""The two ways in which a message grows in a chat: pieces are added to a stream message, or a message is edited."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from relay.ports import Chunk, Messenger, Outgoing, Sent


class Way(Protocol):
    """One of them.

    Attributes:
        pause_seconds: between the answer to one call and the next call.
        begins_with: characters that there have to be before anything is shown.
    """

    pause_seconds: float
    begins_with: int

    async def add(
        self, im: Messenger, outgoing: Outgoing, sent: Sent, chunk: Chunk, whole: str, *, seconds: float
    ) -> Sent:
        """Begin the message, or let it grow.

        Args:
            im: the IM server.
            outgoing: its ids and its chat, whom it notifies, and what it quotes.
            sent: what the platform made of it; empty to begin it.
            chunk: what is added.
            whole: all that it says then.
            seconds: for everything.

        Returns:
            ``sent``, or what the platform makes of the message that begins.

        Raises:
            NoStreams, ImUnavailable, ImRejected, ImBlocked: see :class:`relay.ports.Messenger`.
        """


class Pieces:
    """A stream message. It notifies nobody of a group in particular: the API has no field for that."""

    pause_seconds = 0.4
    """The platform takes a piece in 200 ms (doc TgyMTY2NzE)."""

    begins_with = 1

    async def add(
        self, im: Messenger, outgoing: Outgoing, sent: Sent, chunk: Chunk, whole: str, *, seconds: float
    ) -> Sent:
        """See :meth:`Way.add`."""
        return await im.stream(outgoing, chunk, seconds=seconds)


class Edits:
    """An ordinary message, and the same one again and again with more text. It is whole with its last words."""

    pause_seconds = 1.0
    """The platform takes an edit of a message in a second (vendor's Java SDK, IMessageV2Service)."""

    begins_with = 40
    """Notifications show these words, and so do apps that know no edits."""

    async def add(
        self, im: Messenger, outgoing: Outgoing, sent: Sent, chunk: Chunk, whole: str, *, seconds: float
    ) -> Sent:
        """See :meth:`Way.add`."""
        if not sent.server_id:
            return await im.send(replace(outgoing, text=whole), seconds=seconds)
        if chunk.text:
            await im.edit(replace(outgoing, text=whole), sent, seconds=seconds)
        return sent


PIECES, EDITS = Pieces(), Edits()
