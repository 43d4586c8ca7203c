"""Table Storage in memory: tables of partitions of rows, with etags and all-or-nothing writes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.errors import RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.ports import Insert, Merge, Page, Row, Value

Partition = dict[str, Row]


@dataclass
class MemoryTables:
    """The double of :class:`relay.ports.Tables`.

    Attributes:
        tables: table → partition → key → row.
        calls: what was called, as ``write relayhistory20261123 3`` (changes or rows returned).
        busy: names of tables that are being deleted.
        down: while true, every call fails.
    """

    tables: dict[str, dict[str, Partition]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    down: bool = False
    _etags: itertools.count[int] = field(default_factory=itertools.count)

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply all changes or none."""
        await self._called("write", table, len(changes))
        rows = dict(self._table(table).get(partition, {}))
        etags = []
        for change in changes:
            etags.append(self._apply(rows, change))
        self.tables[table][partition] = rows
        return etags

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None."""
        row = self.tables.get(table, {}).get(partition, {}).get(key)
        await self._called("get", table, int(row is not None))
        return row

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """A run of rows in key order."""
        rows = self.tables.get(table, {}).get(partition, {})
        keys = sorted(key for key in rows if low <= key < high)
        await self._called("page", table, min(limit, len(keys)))
        return Page([rows[key] for key in keys[:limit]], more=len(keys) > limit)

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete an unchanged row."""
        await self._called("delete", table, 1)
        row = self._table(table).get(partition, {}).get(key)
        if row is None or row.etag != etag:
            raise RowChanged("changed or gone")
        del self.tables[table][partition][key]

    async def create_table(self, table: str) -> None:
        """Create; fine when it is there."""
        await self._called("create_table", table, 1)
        if table in self.busy:
            raise TableBusy(table)
        self.tables.setdefault(table, {})

    async def drop_table(self, table: str) -> None:
        """Drop; fine when it is not there."""
        await self._called("drop_table", table, 1)
        self.tables.pop(table, None)

    async def list_tables(self, prefix: str) -> list[str]:
        """Sorted names."""
        await self._called("list_tables", prefix, len(self.tables))
        return sorted(name for name in self.tables if name.startswith(prefix))

    def rows(self, kind: str | None = None) -> list[Mapping[str, Value]]:
        """Every message and reply row of every history table, newest first within a conversation."""
        return [
            row.values
            for name, partitions in sorted(self.tables.items())
            if name.startswith("relayhistory")
            for rows in partitions.values()
            for key, row in sorted(rows.items())
            if key.startswith("m|") and kind in (None, row.values["kind"])
        ]

    async def _called(self, name: str, table: str, count: int) -> None:
        self.calls.append(f"{name} {table} {count}")
        if self.down:
            raise StorageUnavailable("the double is down")

    def _table(self, table: str) -> dict[str, Partition]:
        if table in self.busy:
            raise TableBusy(table)
        if table not in self.tables:
            raise TableMissing(table)
        return self.tables[table]

    def _apply(self, rows: Partition, change: Insert | Merge) -> str:
        etag = f'W/"{next(self._etags)}"'
        row = rows.get(change.key)
        if isinstance(change, Insert):
            if row is not None:
                raise RowExists(change.key)
            rows[change.key] = Row(change.key, dict(change.values), etag)
        else:
            if row is None or row.etag != change.etag:
                raise RowChanged(change.key)
            rows[change.key] = Row(change.key, {**row.values, **change.values}, etag)
        return etag
