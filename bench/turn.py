"""``python -m bench.turn [--against REV]``: what a turn costs the process that answers it.

Fresh processes answer the same messages one by one over an Azurite, a model that answers at once and an IM server, all
on loopback, each in a process of its own. Printed are the CPU time of a turn in the answering process, its storage
calls and the rows of its window reads. With ``--against`` the tree of that revision is measured in turns with this
one, and the last column is the ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.model_server import ModelServer
from tests.conftest import EXAMPLE, ROOT

TURNS = 60
WARM_UP = 10

ANSWER = """
import asyncio, json, os, sys, time
from azure.core.pipeline.transport import AioHttpTransport
from relay.app import Relay
from relay.messages import Message, Turn
import relay.storage.tables as tables

calls, rows = [], []
send, page = AioHttpTransport.send, tables.AzureTables.page

async def counted(self, request, **options):
    calls.append(request.method)
    return await send(self, request, **options)

async def read(self, *arguments):
    found = await page(self, *arguments)
    rows.append(len(found.rows))
    return found

AioHttpTransport.send, tables.AzureTables.page = counted, read

async def main(conversation, warm_up, turns):
    relay = Relay.from_environment(os.environ)
    for n in range(warm_up + turns):
        if n == warm_up:
            calls.clear(), rows.clear()
            cpu, wall = time.process_time(), time.perf_counter()
        now = int(time.time() * 1000)
        turn = Turn(Message("helper", conversation, f"c:{n}", now, f"message {n}"), now)
        await relay.answer(turn.to_json())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    for part in (relay.tables, relay.queues, relay.im):
        await part.aclose()
    print(json.dumps([1000 * cpu / turns, 1000 * wall / turns, len(calls) / turns, sum(rows) / turns]))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""
COLUMNS = ("CPU ms", "wall ms", "storage requests", "rows read")


async def answered(tree: Path, environ: dict[str, str], conversation: str, turns: int) -> list[float]:
    """The figures of one turn, as a fresh process of a tree measures them."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ANSWER, conversation, str(WARM_UP), str(turns)),
        cwd=tree,
        env={**os.environ, **environ, "PYTHONPATH": str(tree), "NO_PROXY": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the process in {tree.name} failed")
    figures: list[float] = json.loads(printed)
    return figures


async def measure(trees: dict[str, Path], runs: int, turns: int) -> dict[str, list[float]]:
    """The middle of the runs of each tree."""
    measured: dict[str, list[list[float]]] = {name: [] for name in trees}
    with Azurite() as storage, tempfile.TemporaryDirectory() as folder:
        bots = Path(folder) / "bots.toml"
        bots.write_text('[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "Be brief."\n')
        async with ModelServer() as model, ImServer(app_key="key", secret="secret") as im:  # noqa: S106
            environ = {
                **EXAMPLE,
                "AzureWebJobsStorage": storage.connection_string,
                "IM_APP_KEY": "key",
                "IM_APP_SECRET": "secret",
                "IM_API_URL": im.url,
                "RELAY_BOTS_FILE": str(bots),
                "RELAY_MODEL_URL": f"{model.url}/v1",
            }
            for run in range(runs):
                for name, tree in trees.items():
                    measured[name].append(await answered(tree, environ, f"{name}-{run}".lower(), turns))
    return {
        name: [statistics.median(column) for column in zip(*figures, strict=True)]
        for name, figures in measured.items()
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.turn", description=__doc__)
    parser.add_argument("--against", metavar="REV", help="another revision, measured in turns with this tree")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args()
    trees = {"here": ROOT}
    with tempfile.TemporaryDirectory() as folder:
        if options.against:
            other = Path(folder) / "tree"
            subprocess.run(
                ["git", "worktree", "add", "-q", "--detach", other, options.against], cwd=ROOT, check=True
            )
            trees = {"before": other, **trees}
        try:
            found = asyncio.run(measure(trees, options.runs, options.turns))
        finally:
            if options.against:
                subprocess.run(["git", "worktree", "remove", "--force", other], cwd=ROOT, check=True)
    print(
        f"{'a turn':<18}"
        + "".join(f"{name:>10}" for name in found)
        + ("     ratio" if len(found) > 1 else "")
    )
    for number, column in enumerate(COLUMNS):
        figures = [values[number] for values in found.values()]
        ratio = f"{figures[-1] / figures[0]:>10.2f}" if len(figures) > 1 else ""
        print(f"{column:<18}" + "".join(f"{figure:>10.1f}" for figure in figures) + ratio)


if __name__ == "__main__":
    main()
