"""Rows put into the file in which Azurite keeps its tables: a hundred thousand in seconds.

By its API each row of a long partition takes longer than the one before, since Azurite looks at the whole partition
for a row of the same key; a hundred thousand take it most of an hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azure.data.tables import TableServiceClient

from playground.azurite import ACCOUNT, Azurite

STORED_AT = "2026-11-01T00:00:00.0000000Z"
FLUSH_SECONDS = 60


def fill(azurite: Azurite, location: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Make tables with these rows, and start Azurite again; its ports stay.

    Args:
        azurite: running, with its data at ``location``.
        tables: rows by table, each with both its keys; of texts, small whole numbers, truth values.
    """
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for name in tables:
            service.create_table(name)
            # Only a table that has had a row is in the file with all that belongs to it.
            service.get_table_client(name).create_entity({"PartitionKey": "", "RowKey": ""})
    azurite.stop(FLUSH_SECONDS)
    file = location / "__azurite_db_table__.json"
    database = json.loads(file.read_text(encoding="utf-8"))
    collections = {each["name"]: each for each in database["collections"]}
    for name, rows in tables.items():
        collection = collections[f"{ACCOUNT}${name}"]
        collection["data"] = [_document(row, number) for number, row in enumerate(rows, 1)]
        collection["maxId"] = len(rows)
        for key, index in collection["binaryIndices"].items():
            index["values"] = sorted(range(len(rows)), key=lambda place, key=key: rows[place][key])  # type: ignore[misc]
    file.write_text(json.dumps(database), encoding="utf-8")
    azurite.start()


def _document(row: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A row as Azurite keeps it."""
    stored = {"Timestamp": STORED_AT, "Timestamp@odata.type": "Edm.DateTime"}
    return {
        "PartitionKey": row["PartitionKey"],
        "RowKey": row["RowKey"],
        "properties": {**row, **stored},
        "lastModifiedTime": STORED_AT,
        "eTag": f"W/\"datetime'{STORED_AT.replace(':', '%3A')}'\"",
        "meta": {"revision": 0, "created": 0, "version": 0},
        "$loki": number,
    }
