"""The day tables: one for each UTC day, with the rows of every conversation that has something from that day."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from relay.clock import DAY_MS, MINUTE_MS
from relay.errors import HistoryExpired, RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.keys import ROWS_HIGH, ROWS_LOW, day_of, history_table
from relay.memory.rows import Entry
from relay.ports import Clock, Insert, Merge, Page, Row, Tables

CLOCK_SKEW_MS = 5 * MINUTE_MS
"""How far ahead of our clock a message's time may be."""


class Days:
    """Rows in day tables over a Tables port.

    Args:
        tables: Table Storage.
        clock: wall clock; decides which tables are read, and which are gone.
        keep_ms: how long after the end of its day a table is kept: the longest limit in force plus a day.
    """

    def __init__(self, tables: Tables, clock: Clock, keep_ms: int) -> None:
        self._tables = tables
        self._clock = clock
        self._keep_ms = keep_ms

    @property
    def newest(self) -> int:
        """The last day that may hold rows."""
        return day_of(self._clock.now() + CLOCK_SKEW_MS)

    def is_expired(self, day: int) -> bool:
        """Whether the table of a day should be gone."""
        return (day + 1) * DAY_MS + self._keep_ms <= self._clock.now()

    def is_over(self, day: int) -> bool:
        """Whether a later day has begun."""
        return day_of(self._clock.now()) > day

    def may_hold(self, day: int, since: int) -> bool:
        """Whether a day's table may hold rows that are not older than a time, Unix milliseconds."""
        return (day + 1) * DAY_MS > since and not self.is_expired(day)

    def kept(self) -> Sequence[int]:
        """The days whose tables may hold rows, newest first."""
        oldest = self.newest
        while not self.is_expired(oldest - 1):
            oldest -= 1
        return range(self.newest, oldest - 1, -1)

    async def row(self, day: int, partition: str, key: str) -> Row | None:
        """One row as it lies in its table."""
        return await self._tables.get(history_table(day), partition, key)

    async def entry(self, day: int, partition: str, key: str) -> Entry | None:
        """One message or reply as it is now."""
        row = await self.row(day, partition, key)
        return Entry.from_row(row) if row else None

    async def page(self, day: int, partition: str, limit: int, behind: str = "") -> Page:
        """Messages and replies, newest first, from the first behind a key on."""
        low = f"{behind} " if behind else ROWS_LOW  # the next possible key
        return await self._tables.page(history_table(day), partition, low, ROWS_HIGH, limit)

    async def pages(
        self, day: int, partition: str, limit: int, first: Page | None = None
    ) -> AsyncGenerator[Page, None]:
        """Every page of a day, newest first; the first of them may have been read already.

        Whoever has enough before the end closes it (``aclosing``): left to the interpreter, that takes a task and a
        wake-up of the event loop.
        """
        page = first or await self.page(day, partition, limit)
        while page.rows:
            yield page
            if not page.more:
                return
            page = await self.page(day, partition, limit, behind=page.rows[-1].key)

    async def change(self, day: int, partition: str, *changes: Insert | Merge) -> list[str]:
        """Change rows of a day that is there, all or none.

        Returns:
            Their new etags.

        Raises:
            RowChanged: one of the rows is not as last read, or the day is gone.
        """
        try:
            return await self._tables.write(history_table(day), partition, *changes)
        except (RowExists, TableMissing, TableBusy) as error:
            raise RowChanged("a row is there already, or its day is gone") from error

    async def insert(self, day: int, partition: str, *rows: Insert) -> list[str]:
        """Insert rows, creating the day's table with its first message, unless it should be gone.

        Raises:
            RowExists: one of them is there.
            HistoryExpired: the day is gone.
        """
        for _ in range(2):
            try:
                return await self._tables.write(history_table(day), partition, *rows)
            except TableMissing:
                if self.is_expired(day):
                    raise HistoryExpired(f"the history of {history_table(day)} has expired") from None
                try:
                    await self._tables.create_table(history_table(day))
                except TableBusy as error:
                    raise StorageUnavailable("a history table is being deleted and made anew") from error
            except TableBusy as error:
                if self.is_expired(day):
                    raise HistoryExpired(f"the history of {history_table(day)} has expired") from None
                raise StorageUnavailable("a history table is being deleted") from error
        raise StorageUnavailable("a history table was made and is still missing")
