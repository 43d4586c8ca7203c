"""The rows of a conversation as they lie in Table Storage; only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.page.round_rows import calls_of
from playground.page.words import say
from relay.clock import DAY_MS
from relay.keys import HISTORY_PREFIX, LEASE_KEY, LEASE_TABLE, ROWS_HIGH, ROWS_LOW, day_of_table
from relay.memory.rows import Entry
from relay.ports import Tables

ROWS_SHOWN = 200
"""Rows of one day: a page is no place for more."""

NOTHING_STORED = "Nothing is stored about this message."


async def stored_rows(
    tables: Tables, partition: str, keep_ms: int, about: Callable[[str], list[str]]
) -> dict[str, Any]:
    """The rows of a conversation, newest first, day by day, and its lease.

    Args:
        tables: Table Storage.
        partition: the conversation's.
        keep_ms: how long after the end of its day a table is kept.
        about: the messages of the page that the hash in a key stands for.

    Raises:
        StorageUnavailable: it does not answer.
    """
    found = []
    for table in reversed(await tables.list_tables(HISTORY_PREFIX)):
        day = day_of_table(table)
        page = await tables.page(table, partition, ROWS_LOW, ROWS_HIGH, ROWS_SHOWN)
        if day is not None and page.rows:
            rows = [_row(Entry.from_row(row), about) for row in page.rows]
            found.append({"name": table, "expires_at": (day + 1) * DAY_MS + keep_ms, "rows": rows})
    lease = await tables.get(LEASE_TABLE, partition, LEASE_KEY)
    held = {"until": int(lease.values["until"]), "owner": str(lease.values["owner"])} if lease else None
    return {
        "partition": partition,
        "tables": found,
        "lease": held,
        "note": "" if found else say(NOTHING_STORED),
    }


def no_rows(note: str) -> dict[str, Any]:
    """The same form where nothing can be read."""
    return {"partition": None, "tables": [], "lease": None, "note": note}


def _row(entry: Entry, about: Callable[[str], list[str]]) -> dict[str, Any]:
    return {
        "key": entry.key,
        "kind": entry.kind,
        "state": entry.state,
        "at": entry.at,
        "text": entry.text,
        "html": None,
        "calls": calls_of(entry),
        "asks": ("answered" if entry.taken_by else "open") if entry.pending else "",
        "excluded": entry.excluded,
        "forgotten": bool(entry.forgotten),
        "about": about(entry.key),
    }
