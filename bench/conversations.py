"""Conversations side by side in one function host: answers a second, how long people wait, CPU time and memory.

``python -m bench.conversations [--conversations N ...] [--rounds N]`` (Linux). So many people write at the same moment
and all of them are answered before they write again. The model takes half a second; Azurite, the IM emulator and it
share the cores with the host, so the answers a second are those of all of it: the CPU time is the host's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.beyond import BOTS, MODEL_SECONDS
from bench.load import resident_kilobytes
from bench.turn import cpu_ms
from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.model_server import ModelServer, Reply
from tests.crashes.storage import Account, until
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to.

    Attributes:
        rate: answers a second.
        waits: of each person until the reply, beyond the model's own time, milliseconds.
        cpu: of the host for one answer, milliseconds.
        megabytes: of the host afterwards.
    """

    rate: float
    waits: list[float]
    cpu: float
    megabytes: float


async def ask(world: World, user: str, replies: int) -> float:
    """One message of one person; the wait for its reply in milliseconds."""
    began = time.perf_counter()
    await world.im.say(user, "when does it open?")
    await world.replies(replies, user=user, seconds=WAIT_SECONDS)
    return (time.perf_counter() - began - MODEL_SECONDS) * 1000


async def measure(world: World, account: Account, people: int, number: int) -> Round:
    """One round of so many people."""
    pid = world.hosts[0].pid
    began, cpu = time.perf_counter(), cpu_ms(pid)
    waits = await asyncio.gather(*(ask(world, f"{people}-{person}", number + 1) for person in range(people)))
    rate = people / (time.perf_counter() - began)

    async def at_rest() -> bool:
        return await account.queued() == 0

    await until(at_rest, "an empty queue")
    return Round(rate, waits, (cpu_ms(pid) - cpu) / people, resident_kilobytes(pid) / 1024)


async def run(folder: Path, counts: list[int], rounds: int) -> None:
    """Build the world, measure, print."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(Azurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        account = await stack.enter_async_context(Account(storage.connection_string))
        world = World(storage, im, model, settings_for(storage, im, model, bots, {}), stack)
        await world.start_host()
        model.when("", Reply("At nine.", seconds=MODEL_SECONDS))
        await measure(world, account, 15, 0)  # the connections are made, slow modules loaded
        print(
            f"{'at once':>8} {'answers/s':>10} {'wait p50':>9} {'p95':>7} {'CPU/answer':>11} {'memory':>8}  (ms, MB)"
        )
        for people in counts:
            found = [await measure(world, account, people, number) for number in range(rounds)]
            waits = sorted(wait for one in found for wait in one.waits)
            p50, p95 = (waits[int((len(waits) - 1) * share)] for share in (0.5, 0.95))
            rate, cpu = (statistics.median(getattr(one, name) for one in found) for name in ("rate", "cpu"))
            print(
                f"{people:>8} {rate:>10.1f} {p50:>9.0f} {p95:>7.0f} {cpu:>11.1f} {found[-1].megabytes:>8.0f}"
            )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), arguments.conversations, arguments.rounds))


if __name__ == "__main__":
    main()
