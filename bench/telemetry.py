"""``python -m bench.telemetry``: what the worker's telemetry adds to a cold start, and what a turn sends with it.

Fresh processes do what Azure's worker does before its first invocation: ``worker_init_request`` of Microsoft's library,
which sets telemetry up if the settings say so and imports the app. Seconds on the clock and of CPU, the middle of the
runs; the first of all, which fills the file cache, is left out. Then one turn is taken with telemetry, and what the
exporter posts to an endpoint on loopback is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import EXAMPLE, ROOT
from tests.worker.ingestion import Envelope, Ingestion, ingestion
from tests.worker.watched import settings_of_production, watching

START = """
import asyncio, json, sys, time
began = time.perf_counter(), time.process_time()
from tests.worker.process import Worker
asyncio.run(Worker.load(sys.argv[1]))
print(json.dumps([time.perf_counter() - began[0], time.process_time() - began[1]]), flush=True)
import os; os._exit(0)  # Azure does not wait for the last export either
"""


async def start(settings: Mapping[str, str]) -> tuple[float, float]:
    """Seconds on the clock and of CPU until a fresh worker takes invocations."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", START, str(ROOT)),
        cwd=ROOT,
        env={**os.environ, **EXAMPLE, "PYTHONPATH": str(ROOT), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the worker did not start")
    clock, cpu = json.loads(printed)
    return clock, cpu


async def main() -> None:
    """Run the children and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    async with ingestion() as arrived:
        telling = {
            **settings_of_production(),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": arrived.connection_string,
        }
        await start(telling)
        found: dict[str, list[tuple[float, float]]] = {"off": [], "on": []}
        for _ in range(runs):
            found["off"].append(await start({}))
            found["on"].append(await start(telling))
    for word, times in found.items():
        clock, cpu = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
        print(f"cold start with telemetry {word:<3}: {clock:6.0f} ms, {cpu:6.0f} ms of CPU")
    with TemporaryDirectory() as folder:
        async with watching(Path(folder)) as watched:
            sizes: dict[str, list[int]] = {}
            for envelope in watched.arrived.envelopes:
                kind = envelope["data"]["baseType"]
                sizes.setdefault(kind, []).append(len(json.dumps(envelope, ensure_ascii=False).encode()))
            print(*tree(watched.arrived), sep="\n")
    for kind, each in sorted(sizes.items()):
        print(f"{kind:<20} {len(each):>3} rows, {sum(each):>7,} bytes as posted")


def tree(arrived: Ingestion) -> list[str]:
    """One turn as it arrived: its spans below each other, with their milliseconds, and the lines beside them."""
    found = arrived.spans()
    ids = {span["id"] for span in found}
    lines = [line for line in arrived.of("MessageData") if "severityLevel" in line]
    shown: list[str] = []

    def add(span: Envelope, depth: int) -> None:
        shown.append(f"{'  ' * depth}{span['name']}  {span['duration']}")
        for line in lines:
            if line["tags"].get("ai.operation.parentId") == span["id"]:
                shown.append(f"{'  ' * (depth + 1)}| {line['message'].split(' bot=')[0]} …")
        for child in found:
            if child["tags"]["ai.operation.parentId"] == span["id"]:
                add(child, depth + 1)

    for span in found:
        if span["tags"]["ai.operation.parentId"] not in ids:
            add(span, 0)
    return shown


if __name__ == "__main__":
    asyncio.run(main())
