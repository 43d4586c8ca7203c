"""The relay, as the function host calls it, in this process: what the floors are compared with.

As a script it is what :mod:`bench.floors` starts for a revision before: it measures the relay that ``PYTHONPATH``
leads to, part by part, as its standard input asks. So it uses nothing of ``bench``, and of the relay what both have.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

from playground.im.signing import sign_request
from playground.stack import APP_KEY, APP_SECRET
from relay.app import Relay
from relay.memory.history import Conversation
from relay.memory.rows import Entry
from relay.messages import Message, Turn

BOT, STREAMER = "helper", "streamer"
BOTS = f"""
[[bots]]
accid = "{BOT}"
name = "Helper"
system_prompt = "You are Helper."

[[bots]]
accid = "{STREAMER}"
name = "Streamer"
system_prompt = "You are Helper."
stream = true
"""

TEXT = "When does it open tomorrow, and where do I leave the car?"
LEASE_SECONDS = 90

AT_A_TIME = 16
"""Turns side by side for the rate: what one instance takes at most (host.json)."""


class Spent(NamedTuple):
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


def users(name: str) -> Iterator[str]:
    """Names of people, over and over: a turn must not meet the lease of the one before."""
    while True:
        yield from (f"{name}-{number}" for number in range(4 * AT_A_TIME))


def message_copy(bot: str, user: str, number: int, secret: str = APP_SECRET) -> tuple[dict[str, str], bytes]:
    """Headers and body with which the platform tells of a user's message, whose number nothing else has."""
    now = time.time_ns() // 1_000_000
    body = json.dumps(
        {
            "eventType": "1",
            "convType": "PERSON",
            "to": bot,
            "fromAccount": user,
            "fromClientType": "IOS",
            "fromNick": "Alice",
            "msgTimestamp": str(now),
            "msgType": "TEXT",
            "msgidClient": f"c:{number}-{now}",
            "msgidServer": str(number),
            "body": TEXT,
        }
    ).encode()
    return {"AppKey": APP_KEY, **sign_request(secret, body, now)}, body


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
        self._copies += [message_copy(self._bot, next(self._users), next(self._ids)) for _ in range(number)]

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


async def measure(relay: Relay) -> None:
    """For each line of the standard input, ``PART MESSAGES SIDE_BY_SIDE``, a line with CPU time and time."""
    people = users("before")
    turns, streamed = Ours(relay, BOT, people), Ours(relay, STREAMER, people)
    parts = {
        "acknowledge": (turns.write, turns.acknowledge),
        "turn": (turns.queue, turns.turn),
        "streamed": (streamed.queue, streamed.turn),
    }
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, messages, side_by_side = line.split()
        prepare, work = parts[name]
        await prepare(int(messages))
        print(json.dumps(await spend(work, int(messages), int(side_by_side))), flush=True)
    for port in (relay.tables, relay.queues):
        await port.aclose()  # type: ignore[union-attr]


def main() -> None:
    """Measure what is asked for."""
    logging.disable(logging.INFO)
    asyncio.run(measure(Relay.from_environment(os.environ)))


if __name__ == "__main__":
    main()
