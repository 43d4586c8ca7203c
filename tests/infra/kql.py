"""The queries of infra/queries: what Microsoft's binder says of them, and what they find in rows.

The columns of ``queries/tables.json`` are those of Azure Monitor's reference of the tables
(MicrosoftDocs/azure-monitor-docs, ``articles/azure-monitor/reference/tables``) that somebody may want;
``_LogOperation`` is a function there.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playground.install import KUSTO_FOLDER, Environment
from playground.node import find_node
from relay.config.settings import APP_FOLDER

FOLDER = Path(__file__).parent / "queries"
QUERIES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((APP_FOLDER / "infra" / "queries").glob("*.kql"))
}
TABLES: dict[str, dict[str, str]] = json.loads((FOLDER / "tables.json").read_text(encoding="utf-8"))

Row = Mapping[str, Any]

RECORDED: dict[str, list[Row]] = json.loads((FOLDER / "recorded.json").read_text(encoding="utf-8"))
"""What a relay in trouble has sent: written by ``python -m tests.worker.record``."""

LAST = max(row["TimeGenerated"] for rows in RECORDED.values() for row in rows)
"""Of the recording."""

_DUCK = {
    **{"string": "VARCHAR", "int": "INTEGER", "long": "BIGINT", "real": "DOUBLE"},
    **{"bool": "BOOLEAN", "datetime": "TIMESTAMP", "dynamic": "JSON"},
}


def problems_of(queries: Mapping[str, str]) -> dict[str, list[str]]:
    """What Microsoft's binder says of queries, by their names; nothing is best."""
    node = find_node(Environment().site_packages)
    assert node is not None
    done = subprocess.run(
        [str(node.node), str(FOLDER / "bind.cjs"), str(KUSTO_FOLDER)],
        input=json.dumps({"tables": TABLES, "queries": queries}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    said: dict[str, list[str]] = json.loads(done.stdout)
    return said


class Workspace:
    """Tables with rows, as a log workspace has them, moved in time so that the recording has just ended.

    Args:
        now: the time, in UTC without a zone.
    """

    def __init__(self, now: datetime) -> None:
        import duckdb_kql  # only there where these tests run: without Bicep they are left out

        self._query = duckdb_kql.query
        self._database = duckdb_kql.connect()
        for table, columns in TABLES.items():
            typed = ", ".join(f'"{name}" {_DUCK[kind]}' for name, kind in columns.items())
            self._database.execute(f'CREATE TABLE "{table}" ({typed})')
        for table, rows in RECORDED.items():
            later = now - _utc(LAST)
            self.add(table, ({**row, "TimeGenerated": _utc(row["TimeGenerated"]) + later} for row in rows))

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows into a table; columns that they do not name are empty."""
        columns = TABLES[table].items()
        into = self._database.table(table)
        for row in rows:
            dynamic = {
                name: json.dumps(row[name]) for name, kind in columns if kind == "dynamic" and name in row
            }
            into.insert([{**row, **dynamic}.get(name) for name, _ in columns])

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The rows that a query of infra/queries finds; or another one, by its text."""
        found = self._query(self._database, QUERIES.get(query, query))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _utc(time: str) -> datetime:
    """As DuckDB's ``now`` counts: UTC, and nothing said about it."""
    return datetime.fromisoformat(time).replace(tzinfo=None)


def queue_log(now: datetime, queue: str, *operations: tuple[str, float]) -> list[Row]:
    """Rows of the storage account's log: operations with messages of a queue, each so many minutes ago."""
    return [
        {
            "TimeGenerated": now - timedelta(minutes=minutes),
            "OperationName": name,
            "Uri": f"https://st.queue.core.windows.net:443/{queue}/messages/1?popreceipt=x",
        }
        for name, minutes in operations
    ]
