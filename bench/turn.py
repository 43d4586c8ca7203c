"""What a turn costs the function host: CPU time, storage calls, rows read; with a revision before, and as it is now.

``python -m bench.turn [--against REVISION] [--turns N] [--rounds N]`` (Linux). Azurite, the model, the IM server and a
counting proxy are real servers beside the host; the model answers at once. Each round measures both trees, one after
the other, each on a storage of its own: compare within a round, a machine is noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import statistics
import subprocess
import tarfile
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict
from pydantic import SecretStr

from bench.window import fill
from playground.azurite import ACCOUNT, Azurite
from playground.im.chats import wall_clock_ms
from playground.im_server import ImServer
from playground.model_server import ModelServer
from playground.runs import ROOT
from relay.config.settings import StorageSettings
from relay.messages import Message
from relay.storage.tables import AzureTables
from tests.attacks.proxy import Schedule, SpoilingProxy
from tests.crashes.storage import Account, until
from tests.playground.host.process import HostProcess
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
"""

USERS = [f"user-{number}" for number in range(10)]
"""They write in turn, so that a turn never meets the lease of the one before."""

STORED = 200
"""Messages of each conversation before the first turn: more than a window and a burst."""

BEFORE = "9bc8c79"
FIGURES = ("CPU ms", "table calls", "queue calls", "rows read")


class CountingProxy(SpoilingProxy):
    """Spoils nothing, and counts the calls and the rows that they return; looks into the queue are no calls."""

    def __init__(self, name: str, upstream: str, counts: Counter[str]) -> None:
        super().__init__(name, upstream, Schedule(seed=0, rates={}))
        self._calls, self._counts = f"{name} calls", counts

    async def _send(self, request: web.Request, body: bytes) -> tuple[int, CIMultiDict[str], bytes]:
        status, headers, answer = await super()._send(request, body)
        is_get = request.method == "GET"
        self._counts[self._calls] += not (is_get and request.path.endswith("/messages"))
        if is_get and status == 200 and self._calls == "table calls":
            self._counts["rows read"] += len(json.loads(answer).get("value", "1"))
        return status, headers, answer


def cpu_ms(pid: int) -> float:
    """User and system time of a process (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) * 1000 / os.sysconf("SC_CLK_TCK")


async def measure(tree: Path, bots: Path, turns: int) -> dict[str, float]:
    """The figures of a turn with the host and the relay of a tree."""
    counts: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(Azurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        account = await stack.enter_async_context(Account(storage.connection_string))
        connection = storage.connection_string
        for name, port in (("table", storage.table_port), ("queue", storage.queue_port)):
            proxy = await stack.enter_async_context(CountingProxy(name, f"http://127.0.0.1:{port}", counts))
            connection = connection.replace(f"http://127.0.0.1:{port}/{ACCOUNT}", f"{proxy.url}/{ACCOUNT}")
        of_the_tree = {
            "AzureWebJobsStorage": connection,
            "HOST_LOG_LEVEL": "INFO",
            "PYTHONSAFEPATH": "1",  # or the working directory came before the tree
            "PYTHONPATH": str(tree),
        }
        await store_history(storage.connection_string)
        world = World(
            storage, im, model, settings_for(storage, im, model, bots, of_the_tree), stack, app=tree
        )
        # No fork: that of this process would have the relay of this tree.
        host = await stack.enter_async_context(HostProcess(tree, world.settings))
        im.webhook = world.webhook_of(host)

        async def talk(count: int) -> None:
            for number in range(count):
                user = USERS[number % len(USERS)]
                replies = len(await world.replies(0, user=user))
                await im.say(user, f"message {number}")
                await world.replies(replies + 1, user=user)
            await until(lambda: is_empty(account), "an empty queue")

        await talk(2 * len(USERS))  # the connections are made, slow modules loaded
        counts.clear()
        began = cpu_ms(host.pid)
        await talk(turns)
        counts["CPU ms"] = int(cpu_ms(host.pid) - began)
    return {figure: counts[figure] / turns for figure in FIGURES}


async def store_history(connection: str) -> None:
    """Fill every user's conversation of today."""
    tables = AzureTables(StorageSettings(connection_string=SecretStr(connection)), call_seconds=60)
    now = wall_clock_ms()
    for user in USERS:
        await fill(tables, Message("helper", user, "", now, ""), STORED, now - 1000)
    await tables.aclose()


async def is_empty(account: Account) -> bool:
    """Whether no turn is queued or under way."""
    return await account.queued() == 0


def copy_of(revision: str, folder: Path) -> Path:
    """The tree of a revision, unpacked."""
    archive = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


async def compare(revision: str, turns: int, rounds: int, folder: Path) -> None:
    """Measure both trees in alternation and print the table."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    before_tree = copy_of(revision, folder / "before")
    before, after = [], []
    for number in range(rounds):
        before.append(await measure(before_tree, bots, turns))
        after.append(await measure(ROOT, bots, turns))
        print(
            f"round {number + 1}: {before[-1]['CPU ms']:.1f} and {after[-1]['CPU ms']:.1f} ms of CPU a turn"
        )
    print(f"{'of a turn':>12}  {revision:>8}  {'now':>8}  {'ratio':>6}")
    for figure in FIGURES:
        old, new = (statistics.median(each[figure] for each in runs) for runs in (before, after))
        ratio = statistics.median(new[figure] / old[figure] for old, new in zip(before, after, strict=True))
        print(f"{figure:>12}  {old:>8.2f}  {new:>8.2f}  {ratio:>6.2f}")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default=BEFORE, help="the revision before")
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(args.against, args.turns, args.rounds, Path(folder)))


if __name__ == "__main__":
    main()
