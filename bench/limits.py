"""What it buys that messages of one process share the write that counts them: with it, and with a write for each.

``python -m bench.limits [--messages N]``. Instances are limiters with connections of their own to one real Azurite;
each gets a burst from as many senders. Compare writes and uncounted messages first: machines are noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any
from unittest import mock

from pydantic import SecretStr

from playground.azurite import Azurite
from relay.clock import SystemClock
from relay.config.bot import Bot, Limits, Rate
from relay.config.settings import StorageSettings
from relay.storage.tables import AzureTables
from relay.turn import limits

INSTANCES = (1, 4, 10)
CALL_SECONDS = 60
VARIANTS = {"shared": limits.TOGETHER_MAX, "one each": 1}
RATE = Rate(minute=10_000, day=10_000)


@dataclass
class Cost:
    """What a burst took: writes tried, messages that passed uncounted, milliseconds until all were decided."""

    writes: int
    uncounted: int
    milliseconds: float


async def burst(connection: str, accid: str, instances: int, messages: int) -> Cost:
    """Give each instance so many messages at once, for one bot."""
    bot = Bot(accid=accid, name="B", system_prompt="-", limits=Limits(per_sender=RATE, per_bot=RATE))
    storage = StorageSettings(connection_string=SecretStr(connection))
    writes = 0
    async with AsyncExitStack() as stack:
        limiters = []
        for _ in range(instances):
            tables = await stack.enter_async_context(aclosing(AzureTables(storage, CALL_SECONDS)))
            limiter = limits.Limiter(tables, SystemClock())
            await limiter.admit(bot, "first")  # opens the connection
            limiters.append((limiter, tables))

        async def counted(self: AzureTables, *arguments: Any, write: Any = AzureTables.write) -> Any:
            nonlocal writes
            writes += 1
            return await write(self, *arguments)

        started = time.perf_counter()
        with mock.patch.object(AzureTables, "write", counted):
            admissions = await asyncio.gather(
                *(
                    limiter.admit(bot, f"user {place} {n}")
                    for n in range(messages)
                    for place, (limiter, _) in enumerate(limiters)
                )
            )
        milliseconds = (time.perf_counter() - started) * 1000
    return Cost(writes, sum(admission.bot is None for admission in admissions), milliseconds)


async def measure(connection: str, messages: int) -> None:
    """Print a line for each number of instances and each variant."""
    print(f"{'instances':>9}  {'messages':>8}  {'write':>8}  {'writes':>6}  {'uncounted':>9}  {'ms':>7}")
    for instances in INSTANCES:
        for name, together in VARIANTS.items():
            with mock.patch.object(limits, "TOGETHER_MAX", together):
                cost = await burst(connection, f"bot-{instances}-{together}", instances, messages)
            print(
                f"{instances:>9}  {instances * messages:>8}  {name:>8}  {cost.writes:>6}"
                f"  {cost.uncounted:>9}  {cost.milliseconds:>7.0f}"
            )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench.limits")
    parser.add_argument("--messages", type=int, default=30, metavar="N", help="for each instance")
    options = parser.parse_args()
    with Azurite(in_memory=True) as azurite:
        asyncio.run(measure(azurite.connection_string, options.messages))


if __name__ == "__main__":
    main()
