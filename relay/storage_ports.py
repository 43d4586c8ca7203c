"""What the relay needs of storage: rows of tables, messages of queues, and the two protocols that hold them.

The part of :mod:`relay.ports` that an acknowledgement needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from relay.messages import Receipt

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
