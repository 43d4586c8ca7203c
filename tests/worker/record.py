"""``python -m tests.worker.record``: records what a relay in trouble sends, as rows of the workspace's tables.

The queries of infra/queries run over them (``tests/infra/test_queries.py``). How an envelope becomes a row is read in
Microsoft's reference of the tables; ``DurationMs`` is the envelope's ``duration``, and properties stay text.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playground.im.faults import ApiFault
from playground.model_server import Fault
from relay import spans
from tests.worker.ingestion import Envelope
from tests.worker.invoke import REPOSITORY
from tests.worker.watched import WAIT_SECONDS, Watched, starting

RECORDED = REPOSITORY / "tests" / "infra" / "queries" / "recorded.json"

TABLES = {
    "MessageData": "AppTraces",
    "RequestData": "AppRequests",
    "RemoteDependencyData": "AppDependencies",
}

Row = dict[str, Any]


def row_of(envelope: Envelope) -> Row:
    """An envelope as its table shows it, the columns that say something of the relay."""
    tags, data = envelope["tags"], envelope["data"]["baseData"]
    row = {
        "TimeGenerated": envelope["time"],
        "OperationId": tags["ai.operation.id"],
        "ParentId": tags.get("ai.operation.parentId", ""),
        "Properties": data.get("properties", {}),
    }
    if envelope["data"]["baseType"] == "MessageData":
        return {**row, "Message": data["message"], "SeverityLevel": data.get("severityLevel")}
    return {
        **row,
        "Id": data["id"],
        "Name": data["name"],
        "DurationMs": milliseconds(data["duration"]),
        "Success": data["success"],
        "ResultCode": data.get("responseCode") or data.get("resultCode"),
    }


def milliseconds(duration: str) -> float:
    """``0.00:00:02.291``: days, hours, minutes and seconds."""
    days, _, time = duration.partition(".")
    hours, minutes, seconds = time.split(":")
    return ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000, 3)


TOLD = ("turn failed", "reply undeliverable", "HTTP 429", "result code 416")
"""Of the lines that have to be there."""


def a_host() -> str:
    """The context of a host that has just opened a span."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


async def live_through(watched: Watched) -> int:
    """Three answers, an IM server that throttles and one that refuses, a model that throttles and one that fails.

    Returns:
        How many turns there were.
    """
    texts = ["one", "two", "three"]
    for text in texts:
        await watched.post(text, a_host())
        await watched.answer()
    for code in (416, 106403):
        watched.im.fail(ApiFault("code", code, times=20, to=f"user-{code}"))
        await watched.post("this is not delivered", a_host(), fromAccount=f"user-{code}")
        await watched.answer()
    faults = (Fault("rate_limited", retry_after_ms=100), Fault("server_error"))
    for fault in faults:
        watched.model.next(fault)
        await watched.post("this is answered late", a_host(), fromAccount=fault.kind)
        await watched.answer()
    return len(texts) + 2 + len(faults)


async def main() -> None:
    """Record, and say how many rows of each table there are."""
    with TemporaryDirectory() as folder:
        async with starting(Path(folder)) as watched:
            turns = await live_through(watched)
            await watched.arrived.wait_for(
                lambda: watched.arrived.span_names()[spans.TURN] >= turns, WAIT_SECONDS
            )
            await watched.arrived.wait_for(
                lambda: all(any(words in line for line in watched.arrived.lines()) for words in TOLD),
                WAIT_SECONDS,
            )
            envelopes = sorted(watched.arrived.envelopes, key=lambda envelope: str(envelope["time"]))
    tables: dict[str, list[Row]] = {table: [] for table in TABLES.values()}
    for envelope in envelopes:
        if table := TABLES.get(envelope["data"]["baseType"]):
            tables[table].append(row_of(envelope))
    lines = (
        f"{json.dumps(table)}: [\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]"
        for table, rows in tables.items()
    )
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(*(f"{len(rows):>4} rows of {table}" for table, rows in tables.items()), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
