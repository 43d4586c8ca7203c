"""What an acknowledgement, a turn, a window read and a streamed reply cost, against the calls that none can do without.

``python -m bench.floors [--rounds N] [--messages N] [--against REVISION]``. The floor is a script: the same calls,
with the same SDKs, in the best order, and nothing around them. "Bare" is the same requests by aiohttp alone, for
information; "before" the relay of a revision, in a process of its own. All run in turns, against servers in processes
of their own (Azurite, the scripted model, the IM emulator): so the CPU time is that of the client alone. Compare
within a run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from bench import ours as relay_here
from bench.bare import Bare
from bench.floor import BySdk, Floor
from bench.ours import AT_A_TIME, BOT, BOTS, STREAMER, Ours, Spent, spend, users
from bench.turn import copy_of
from bench.window import fill
from playground.stack import Stack
from relay.app import Relay
from relay.keys import LEASE_TABLE, day_of, history_table
from relay.messages import Message
from relay.storage.tables import AzureTables

STORED = 20
"""Messages of a conversation before: a person who has written some today."""

Side = Callable[[int, int], Awaitable[Spent]]
"""Does it so often, so many side by side."""


def side(work: Callable[[], Awaitable[Any]], prepare: Callable[[int], Awaitable[None]] | None = None) -> Side:
    """A side in this process; what it prepares first is not counted."""

    async def measured(messages: int, side_by_side: int) -> Spent:
        if prepare is not None:
            await prepare(messages)
        return await spend(work, messages, side_by_side)

    return measured


class Before:
    """The relay of another tree, in a process of its own."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    @classmethod
    async def start(cls, tree: Path, environ: Mapping[str, str]) -> Self:
        """Start it; it ends with its standard input."""
        path = {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}  # the script's own folder is not looked at
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(relay_here.__file__)),
            env={**os.environ, **environ, **path},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(child)

    async def spend(self, part: str, messages: int, side_by_side: int) -> Spent:
        """Have it do a part."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{part} {messages} {side_by_side}\n".encode())
        return Spent(*json.loads(await self._child.stdout.readline()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        await self._child.wait()


class Sides(NamedTuple):
    """Who does a part."""

    ours: Side
    floor: Side
    bare: Side | None = None
    before: Side | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What is compared: each side of it, and how many at a time."""

    name: str
    sides: Sides
    side_by_side: int = 1

    async def measure(self, rounds: int, messages: int) -> list[list[Spent | None]]:
        """For each round what each side took."""
        measured = [
            [await each(messages, self.side_by_side) if each else None for each in self.sides]
            for _ in range(rounds + 1)
        ]
        return measured[1:]  # the first imports what is imported late, and connects


async def seed(tables: AzureTables) -> None:
    """Everybody's conversation of today, and a table of yesterday."""
    now = time.time_ns() // 1_000_000
    await tables.create_table(LEASE_TABLE)
    await tables.create_table(history_table(day_of(now) - 1))
    for name in ("ours", "floor", "bare", "before"):
        people = users(name)
        for _ in range(4 * AT_A_TIME):
            await fill(tables, Message(BOT, next(people), "", now, ""), STORED, now - 1000)


def cells(measured: list[list[Spent | None]], which: str) -> str:
    """The middle of what each side took, and of the ratios of ours to the floor and to what was before."""
    ours, floor, bare, before = (
        [float(getattr(spent, which)) for spent in spents if spent] for spents in zip(*measured, strict=True)
    )

    def ratio(others: list[float]) -> float:
        return statistics.median(a / b for a, b in zip(ours, others, strict=True))

    columns: list[float | None] = [statistics.median(ours), statistics.median(floor), ratio(floor)]
    columns += [statistics.median(bare) if bare else None]
    columns += [statistics.median(before), ratio(before)] if before else [None, None]
    return " ".join(f"{'':>7}" if figure is None else f"{figure:>7.2f}" for figure in columns)


async def compare(stack: Stack, folder: Path, rounds: int, messages: int, against: str | None) -> None:
    """Measure all sides in alternation and print the table."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    settings = {**stack.settings(), "RELAY_BOTS_FILE": str(bots), "IM_CALLS_PER_MINUTE": "600000"}
    relay = Relay.from_environment(settings)
    assert isinstance(relay.tables, AzureTables)
    await seed(relay.tables)
    servers = (stack.storage.connection_string, stack.model_url)
    async with AsyncExitStack() as opened:
        sdk, requests = BySdk(*servers), Bare(*servers)
        for calls in (sdk, requests):
            opened.push_async_callback(calls.aclose)
        for port in (relay.tables, relay.queues, relay.answering.model, relay.answering.im):
            opened.push_async_callback(port.aclose)  # type: ignore[union-attr]
        before: Before | None = None
        if against is not None:
            tree = copy_of(against, folder / "before")
            before = await opened.enter_async_context(await Before.start(tree, settings))
        for heads in ("ours floor ratio bare before ratio", "CPU CPU . CPU CPU ."):
            line = " ".join(f"{head.strip('.'):>7}" for head in heads.split())
            print(f"{'':<22} {line}  {line.replace('CPU', ' ms')}")
        floor, bare = (
            Floor(calls, stack.im_url, users(name)) for calls, name in ((sdk, "floor"), (requests, "bare"))
        )
        reader, bare_reader = (Floor(calls, stack.im_url, users("ours")) for calls in (sdk, requests))
        ours, streamed = Ours(relay, BOT, users("ours")), Ours(relay, STREAMER, users("ours"))

        def earlier(part: str) -> Side | None:
            return partial(before.spend, part) if before else None

        turns = Sides(
            side(ours.turn, ours.queue),
            side(floor.turn, floor.queue),
            side(bare.turn, bare.queue),
            earlier("turn"),
        )
        parts = [
            Part("turn", turns),
            Part(f"turn, {AT_A_TIME} at a time", turns, AT_A_TIME),
            Part(
                "streamed turn",
                Sides(
                    side(streamed.turn, streamed.queue),
                    side(floor.streamed_turn, floor.queue),
                    before=earlier("streamed"),
                ),
            ),
            Part(
                "window read",
                Sides(side(ours.window, ours.claim), side(reader.window), side(bare_reader.window)),
            ),
            # At last: every minute Azurite looks for what was deleted, and stands still for seconds for thousands.
            Part(
                "acknowledgement",
                Sides(
                    side(ours.acknowledge, ours.write),
                    side(floor.acknowledge),
                    side(bare.acknowledge),
                    earlier("acknowledge"),
                ),
            ),
        ]
        for part in parts:
            measured = await part.measure(rounds, messages)
            print(f"{part.name:<22} {cells(measured, 'cpu')}  {cells(measured, 'wall')}", flush=True)
            await sdk.empty()


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--messages", type=int, default=24)
    parser.add_argument("--against", metavar="REVISION", help="also measure the relay of a revision")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with Stack(model="scripted", host=None, logs=folder / "logs") as stack:
            asyncio.run(compare(stack, folder, arguments.rounds, arguments.messages, arguments.against))


if __name__ == "__main__":
    main()
