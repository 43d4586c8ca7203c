"""What an acknowledgement, a turn, a window read and a streamed reply cost, against the calls that none can do without.

``python -m bench.floors [--rounds N] [--messages N]``. The floor is a script: the same calls, with the same SDKs, in
the best order, and nothing around them. "Bare" is the same requests by aiohttp alone, for information. All run in this
process, in turns, against servers in processes of their own (Azurite, the scripted model, the IM emulator): so the CPU
time is that of the client alone. Compare within a run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench.bare import Bare
from bench.floor import LEASE_SECONDS, TEXT, BySdk, Floor
from bench.window import fill
from playground.im.signing import sign_request
from playground.stack import APP_KEY, APP_SECRET, Stack
from relay.app import Relay
from relay.keys import (
    LEASE_TABLE,
    day_of,
    history_table,
)
from relay.memory.history import Conversation
from relay.memory.rows import Entry
from relay.messages import Message, Turn
from relay.storage.tables import AzureTables

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."

[[bots]]
accid = "streamer"
name = "Streamer"
system_prompt = "You are Helper."
stream = true
"""

STORED = 20
"""Messages of a conversation before: a person who has written some today."""

AT_A_TIME = 16
"""Turns side by side for the rate: what one instance takes at most (host.json)."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one message, in milliseconds."""

    cpu: float
    wall: float


async def spend(work: Callable[[], Awaitable[Any]], times: int, side_by_side: int = 1) -> Spent:
    """Do it so often; the mean."""
    began_cpu, began = time.process_time(), time.perf_counter()
    left = iter(range(times))

    async def some() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(some() for _ in range(side_by_side)))
    return Spent(
        (time.process_time() - began_cpu) * 1000 / times, (time.perf_counter() - began) * 1000 / times
    )


class Ours:
    """The relay, as the function host calls it."""

    def __init__(self, relay: Relay, bot: str, users: Iterator[str]) -> None:
        self._relay, self._bot, self._users = relay, bot, users
        self._ids = count()
        self._copies: list[tuple[dict[str, str], bytes]] = []
        self._turns: list[str] = []
        self._questions: list[tuple[Conversation, Entry]] = []

    def _message(self) -> Message:
        now = time.time_ns() // 1_000_000
        return Message(self._bot, next(self._users), f"c:{next(self._ids)}-{now}", now, TEXT, server_id="17")

    async def write(self, number: int) -> None:
        """Prepare message copies, each signed, as the platform sends them."""
        for _ in range(number):
            message = self._message()
            body = json.dumps(
                {
                    "eventType": "1",
                    "convType": "PERSON",
                    "to": message.bot,
                    "fromAccount": message.sender,
                    "fromClientType": "IOS",
                    "fromNick": "Alice",
                    "msgTimestamp": str(message.at),
                    "msgType": "TEXT",
                    "msgidClient": message.id,
                    "msgidServer": str(next(self._ids)),
                    "body": message.text,
                }
            ).encode()
            self._copies.append(({"AppKey": APP_KEY, **sign_request(APP_SECRET, body, message.at)}, body))

    async def acknowledge(self) -> None:
        """A message copy is verified, understood and queued."""
        answer = await self._relay.receive(*self._copies.pop())
        if answer.body != {"status": "queued"}:
            raise RuntimeError(f"not queued: {answer.body}")

    async def queue(self, number: int) -> None:
        """Prepare turns, each with its watch, as the webhook queues them."""
        for _ in range(number):
            message = self._message()
            turn = Turn(message, message.at)
            watched = await self._relay.outbox.watched(turn, LEASE_SECONDS, message.at)
            self._turns.append(watched.to_json())

    async def turn(self) -> None:
        """Answer one of them."""
        await self._relay.answer(self._turns.pop(), 1)

    async def claim(self, number: int) -> None:
        """Prepare window reads: a message that waits in each conversation."""
        bot = self._relay.bots.get(self._bot)
        assert bot is not None
        for _ in range(number):
            message = self._message()
            _, question = await self._relay.answering.claims.claim(message, "text")
            self._questions.append((Conversation.of(message, bot), question))

    async def window(self) -> None:
        """Read one of these conversations back."""
        await self._relay.answering.history.read(*self._questions.pop())


@dataclass(frozen=True, slots=True)
class Part:
    """What is compared, and with how many at a time."""

    name: str
    ours: Callable[[], Awaitable[Any]]
    floor: Callable[[], Awaitable[Any]]
    bare: Callable[[], Awaitable[Any]] | None
    prepared: tuple[Callable[[int], Awaitable[None]], ...] = ()
    side_by_side: int = 1


def users(name: str) -> Iterator[str]:
    """Names of people, over and over: a turn must not meet the lease of the one before."""
    while True:
        yield from (f"{name}-{number}" for number in range(4 * AT_A_TIME))


async def seed(tables: AzureTables) -> None:
    """Everybody's conversation of today, and a table of yesterday."""
    now = time.time_ns() // 1_000_000
    await tables.create_table(LEASE_TABLE)
    await tables.create_table(history_table(day_of(now) - 1))
    for name in ("ours", "floor", "bare"):
        people = users(name)
        for _ in range(4 * AT_A_TIME):
            await fill(tables, Message("helper", next(people), "", now, ""), STORED, now - 1000)


def row(measured: list[tuple[Spent, Spent, Spent | None]], which: str) -> str:
    """The middle of what each took, and of the ratios of the first two."""
    ours, floor = ([getattr(each[side], which) for each in measured] for side in (0, 1))
    bare = [getattr(each[2], which) for each in measured if each[2]]
    ratio = statistics.median(a / b for a, b in zip(ours, floor, strict=True))
    last = f"{statistics.median(bare):>8.2f}" if bare else f"{'':>8}"
    return f"{statistics.median(ours):>8.2f} {statistics.median(floor):>8.2f} {ratio:>6.2f} {last}"


async def compare(stack: Stack, folder: Path, rounds: int, messages: int) -> None:
    """Measure both in alternation and print the table."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    environ = {**stack.settings(), "RELAY_BOTS_FILE": str(bots), "IM_CALLS_PER_MINUTE": "600000"}
    relay = Relay.from_environment(environ)
    servers = (stack.storage.connection_string, stack.model_url)
    sdk, requests = BySdk(*servers), Bare(*servers)
    floor, bare = (
        Floor(calls, stack.im_url, users(name)) for calls, name in ((sdk, "floor"), (requests, "bare"))
    )
    reader, bare_reader = (Floor(calls, stack.im_url, users("ours")) for calls in (sdk, requests))
    ours, streamed = Ours(relay, "helper", users("ours")), Ours(relay, "streamer", users("ours"))
    assert isinstance(relay.tables, AzureTables)
    await seed(relay.tables)
    queued = (ours.queue, floor.queue, bare.queue)
    parts = [
        Part("acknowledgement", ours.acknowledge, floor.acknowledge, bare.acknowledge, (ours.write,)),
        Part("window read", ours.window, reader.window, bare_reader.window, (ours.claim,)),
        Part("turn", ours.turn, floor.turn, bare.turn, queued),
        Part(f"turn, {AT_A_TIME} at a time", ours.turn, floor.turn, bare.turn, queued, AT_A_TIME),
        Part("streamed turn", streamed.turn, floor.streamed_turn, None, (streamed.queue, floor.queue)),
    ]
    for heads in (("ours", "floor", "ratio", "bare"), ("CPU ms", "CPU ms", "", "CPU ms")):
        cells = f"{heads[0]:>8} {heads[1]:>8} {heads[2]:>6} {heads[3]:>8}"
        print(f"{'':<22} {cells}   {cells.replace('CPU ms', '    ms')}")
    for part in parts:
        measured: list[tuple[Spent, Spent, Spent | None]] = []
        for number in range(rounds + 1):
            for prepare in part.prepared:
                await prepare(messages)
            of_one_round = (
                await spend(part.ours, messages, part.side_by_side),
                await spend(part.floor, messages, part.side_by_side),
                await spend(part.bare, messages, part.side_by_side) if part.bare else None,
            )
            if number:  # the first round imports what is imported late, and connects
                measured.append(of_one_round)
        print(f"{part.name:<22} {row(measured, 'cpu')}   {row(measured, 'wall')}")
    for calls in (sdk, requests):
        await calls.aclose()
    for opened in (relay.tables, relay.queues, relay.answering.model, relay.answering.im):
        await opened.aclose()  # type: ignore[union-attr]


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=64)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with Stack(model="scripted", host=None, logs=folder / "logs") as stack:
            asyncio.run(compare(stack, folder, arguments.rounds, arguments.messages))


if __name__ == "__main__":
    main()
