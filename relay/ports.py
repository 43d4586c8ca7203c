"""What a turn needs from the outside, as protocols.

The app's own implementations speak to Azure, to a model server and to the IM server; the handler tests use
in-memory doubles of the same protocols, held to the real parts by one conformance suite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.attachments import Attachment
from relay.media_ports import Ears as Ears
from relay.media_ports import Media as Media
from relay.media_ports import Pictures as Pictures
from relay.media_ports import Recording as Recording
from relay.media_ports import Speech as Speech
from relay.messages import Receipt
from relay.model_ports import ChatMessage as ChatMessage
from relay.model_ports import ChatModel as ChatModel
from relay.model_ports import Completion as Completion
from relay.model_ports import Function as Function
from relay.model_ports import FunctionCall as FunctionCall
from relay.model_ports import Prompt as Prompt
from relay.model_ports import Source as Source
from relay.outgoing import Chunk as Chunk
from relay.outgoing import Outgoing as Outgoing
from relay.outgoing import Sent as Sent
from relay.signals import Signal

Value = str | int | bool
"""A table property. Times are strings or part of a key: Table Storage's plain integer has 32 bits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entity of a partition, as last read."""

    key: str
    values: Mapping[str, Value]
    etag: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a row; fails with RowExists."""

    key: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Merge:
    """Change some properties of a row if it is unchanged since ``etag``; fails with RowChanged."""

    key: str
    values: Mapping[str, Value]
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """A run of rows in key order, empty only at the end; ``more`` says that the range goes on behind the last."""

    rows: Sequence[Row] = field(default_factory=tuple)
    more: bool = False


class Tables(Protocol):
    """Table Storage: tables of partitions of rows, ordered by key (ordinal).

    Every call raises StorageUnavailable when the service cannot be reached or throttles.
    """

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply 1 to 100 changes of one partition, all or none; the new etags in the order of the changes.

        Raises:
            RowExists: an insert met a row.
            RowChanged: a merge met another etag, or no row.
            TableMissing, TableBusy: there is no such table.
        """

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None when it or its table does not exist."""

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """Up to ``limit`` rows with ``low <= key < high`` in key order; empty when there is no table."""

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete a row that is unchanged since ``etag``.

        Raises:
            RowChanged: it has changed, or is gone.
            TableMissing, TableBusy: there is no such table.
        """

    async def create_table(self, table: str) -> None:
        """Create a table; fine when it is there.

        Raises:
            TableBusy: a table of this name is being deleted.
        """

    async def drop_table(self, table: str) -> None:
        """Delete a table with all it holds, in one call; fine when it is not there."""

    async def list_tables(self, prefix: str) -> list[str]:
        """Names of the tables that begin with ``prefix``, sorted."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message taken from a queue; ``deliveries`` counts how often, this time included."""

    receipt: Receipt
    text: str
    deliveries: int = 1


class Queues(Protocol):
    """Queue Storage. Every call raises StorageUnavailable when the service cannot be reached or throttles."""

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        """Enqueue.

        Args:
            queue: created if it is missing.
            text: the message.
            delay_seconds: until it becomes visible; whole seconds, rounded up.
            keep_seconds: after this the message is gone, taken or not; a week when None.
        """

    async def show(self, queue: str, receipt: Receipt) -> bool:
        """Make a delayed message visible now; False when it is gone, or was taken since the receipt was given."""

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        """Delete a message; False when it is gone, or was taken since the receipt was given."""

    async def receive(self, queue: str, hide_seconds: int) -> list[Queued]:
        """Take up to 32 visible messages and hide them for a while."""


class Messenger(Protocol):
    """The IM server's API for sending."""

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        """Deliver one message, its retries included, within ``seconds``. A duplicate is a success.

        Raises:
            ImUnavailable, ImRejected, ImBlocked: see :mod:`relay.errors`.
        """

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        """Begin a stream message, or add to it. A piece that the platform has already changes nothing.

        Args:
            outgoing: its ids and its chat; the text is the chunk's.
            chunk: the piece.
            seconds: for everything.

        Raises:
            NoStreams: there are none in this chat.
            ImUnavailable, ImRejected, ImBlocked: this one does not go on.
        """

    async def edit(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        """Let a sent text say something else from now on; at most once a second.

        Args:
            outgoing: its ids and its chat, and the whole new text.
            sent: what the platform made of it.
            seconds: for everything.

        Raises:
            NoStreams: there are no edits in this chat.
            ImUnavailable, ImRejected, ImBlocked: it is not known to say so.
        """

    async def recall(self, outgoing: Outgoing, sent: Sent, *, silently: bool = False, seconds: float) -> None:
        """Take a sent message back, whatever it says.

        Args:
            outgoing: its ids and its chat.
            sent: what the platform made of it.
            silently: nothing is shown in its place; that it is not there any more is a success then.
            seconds: for everything.

        Raises:
            ImUnavailable, ImRejected, ImBlocked: it is not taken back now.
        """

    async def upload(self, content: bytes, content_type: str, *, seconds: float) -> str:
        """Put bytes into the platform's own storage, within ``seconds``: the https URL that is sent then.

        Raises:
            ImUnavailable: not now.
            ImRejected: nothing, or more than ``relay.im.requests.UPLOAD_MAX_BYTES``.
        """

    async def transcribe(self, bot: str, attachment: Attachment, *, seconds: float) -> str:
        """What was said in a recording, by the platform's own speech recognition; empty when nothing was.

        Args:
            bot: accid of the bot that hears it.
            attachment: the recording, in the platform's storage.
            seconds: for everything.

        Raises:
            ImUnavailable: not now.
            ImRejected: it can make nothing of this recording, or the app has no speech recognition.
        """

    async def signal(self, signal: Signal, *, seconds: float) -> None:
        """Show something that is no message: once, within ``seconds``, and not at all when the app's calls run short.

        Raises:
            ImUnavailable: it was not shown, or is not known to be.
        """


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def now(self) -> int:
        """Wall-clock time in Unix milliseconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
