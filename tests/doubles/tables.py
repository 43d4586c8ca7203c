"""Table Storage in memory: tables of partitions of rows, with etags, all-or-nothing writes and the service's limits."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from relay.errors import RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.ports import Insert, Merge, Page, Row, Value
from tests.doubles.service import Call, StorageDouble

# Azure: Understanding the Table service data model; Performing entity group transactions; Querying tables and entities.
CHANGES_MAX = 100
REQUEST_MAX_BYTES = 4 * 1024 * 1024
ENTITY_MAX_BYTES = 1024 * 1024
PROPERTIES_MAX = 252
STRING_MAX_UNITS = 32 * 1024
KEY_MAX_UNITS = 512
PAGE_MAX_ROWS = 1000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_NOT_IN_KEYS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")

Partition = dict[str, Row]


@dataclass
class MemoryTables(StorageDouble):
    """The double of :class:`relay.ports.Tables`. What the service refuses, it refuses, as the real part tells it.

    Attributes:
        tables: table → partition → key → row.
        calls: what was called, as ``write relayhistory20261123 3`` (changes or rows returned).
        busy: names of tables that are being deleted.
        now: the service's clock, Unix milliseconds.
    """

    tables: dict[str, dict[str, Partition]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    now: Callable[[], int] = lambda: 0
    _etags: itertools.count[int] = field(default_factory=itertools.count)

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply all changes or none."""
        async with self._call(Call("write", table, partition, changes)):
            self._called("write", table, len(changes))
            _check(partition, changes)
            rows = self._table(table).setdefault(partition, {})
            changed = [self._changed(partition, rows.get(change.key), change) for change in changes]
            rows.update((row.key, row) for row in changed)
            return [row.etag for row in changed]

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None."""
        async with self._call(Call("get", table, partition)):
            row = self.tables.get(table, {}).get(partition, {}).get(key)
            self._called("get", table, int(row is not None))
            return row

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """A run of rows in key order."""
        async with self._call(Call("page", table, partition)):
            limit = min(limit, PAGE_MAX_ROWS)
            rows = self.tables.get(table, {}).get(partition, {})
            keys = sorted(key for key in rows if low <= key < high)
            self._called("page", table, min(limit, len(keys)))
            return Page([rows[key] for key in keys[:limit]], more=len(keys) > limit)

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete an unchanged row."""
        async with self._call(Call("delete", table, partition)):
            self._called("delete", table, 1)
            row = self._table(table).get(partition, {}).get(key)
            if row is None or row.etag != etag:
                raise RowChanged("changed or gone")
            del self.tables[table][partition][key]

    async def create_table(self, table: str) -> None:
        """Create; fine when it is there."""
        async with self._call(Call("create_table", table)):
            self._called("create_table", table, 1)
            if not _NAME.fullmatch(table):
                raise _refused("InvalidResourceName")
            if table in self.busy:
                raise TableBusy(table)
            self.tables.setdefault(table, {})

    async def drop_table(self, table: str) -> None:
        """Drop; fine when it is not there."""
        async with self._call(Call("drop_table", table)):
            self._called("drop_table", table, 1)
            self.tables.pop(table, None)

    async def list_tables(self, prefix: str) -> list[str]:
        """Sorted names."""
        async with self._call(Call("list_tables", prefix)):
            self._called("list_tables", prefix, len(self.tables))
            return sorted(name for name in self.tables if name.startswith(prefix))

    async def scan(
        self, table: str, partition: str = "", select: Sequence[str] = (), **equal: str
    ) -> AsyncIterator[list[tuple[str, Row]]]:
        """Rows by their properties, in two pages."""
        async with self._call(Call("scan", table, partition)):
            found = [
                (
                    name,
                    Row(
                        row.key, {k: v for k, v in row.values.items() if not select or k in select}, row.etag
                    ),
                )
                for name, rows in sorted(self.tables.get(table, {}).items())
                for key, row in sorted(rows.items())
                if partition in ("", name)
                and all(value == (key if k == "RowKey" else row.values.get(k)) for k, value in equal.items())
            ]
        self._called("scan", table, len(found))
        yield found[:1]
        yield found[1:]

    async def service_time(self) -> int:
        """The test's time."""
        return self.now()

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

    def _called(self, name: str, table: str, count: int) -> None:
        self.calls.append(f"{name} {table} {count}")

    def _table(self, table: str) -> dict[str, Partition]:
        if table in self.busy:
            raise TableBusy(table)
        if table not in self.tables:
            raise TableMissing(table)
        return self.tables[table]

    def _changed(self, partition: str, row: Row | None, change: Insert | Merge) -> Row:
        if isinstance(change, Insert):
            if row is not None:
                raise RowExists(change.key)
            values = dict(change.values)
        else:
            if row is None or row.etag != change.etag:
                raise RowChanged(change.key)
            values = {**row.values, **change.values}
        if len(values) > PROPERTIES_MAX:
            raise _refused("TooManyProperties")
        if _entity_bytes(partition, change.key, values) > ENTITY_MAX_BYTES:
            raise _refused("EntityTooLarge")
        return Row(change.key, values, f'W/"{next(self._etags)}"')


def _check(partition: str, changes: Iterable[Insert | Merge]) -> None:
    """Raise what the SDK or the service says to a transaction, whatever rows it would meet."""
    keys = [change.key for change in changes]
    values = [value for change in changes for value in change.values.values()]
    if any(isinstance(value, int) and not -(2**31) <= value < 2**31 for value in values):
        raise TypeError("a plain number has 32 bits")  # the SDK sends nothing, and calls it a TypeError
    if not 1 <= len(keys) <= CHANGES_MAX:
        raise _refused("InvalidInput")
    if len(set(keys)) < len(keys):
        raise _refused("InvalidDuplicateRow")
    if any(_units(key) > KEY_MAX_UNITS or _NOT_IN_KEYS.search(key) for key in (partition, *keys)):
        raise _refused("InvalidInput")
    if any(isinstance(value, str) and _units(value) > STRING_MAX_UNITS for value in values):
        raise _refused("PropertyValueTooLarge")
    if sum(len(str(value).encode(errors="replace")) for value in values) > REQUEST_MAX_BYTES:
        raise _refused("RequestBodyTooLarge")


def _refused(code: str) -> StorageUnavailable:
    return StorageUnavailable(f"Table Storage: {code}")


def _units(text: str) -> int:
    """Length in UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _entity_bytes(partition: str, key: str, values: Mapping[str, Value]) -> int:
    size = 4 + 2 * _units(partition + key)
    for name, value in values.items():
        size += 8 + 2 * _units(name) + (4 + 2 * _units(value) if isinstance(value, str) else 4)
    return size
