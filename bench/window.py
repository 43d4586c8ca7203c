"""Reading the window: requests and entities with 10 and with 100,000 stored messages, on a real Azurite.

``python -m bench.window [--messages N]``. Compare requests and entities: Azurite filters over the whole table, so its
milliseconds grow with it, unlike Azure's.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any
from unittest import mock

from azure.core.pipeline.transport import AioHttpTransport
from pydantic import SecretStr

from playground.azurite import Azurite
from relay.clock import SystemClock
from relay.config.bots import Bot
from relay.config.settings import StorageSettings
from relay.keys import conversation_key, day_of, history_table, message_key
from relay.memory.claim import Claims
from relay.memory.days import Days
from relay.memory.history import Conversation, History
from relay.memory.rows import Entry
from relay.messages import Message
from relay.ports import Insert
from relay.storage.tables import AzureTables

BOT = Bot(accid="helper", name="Helper", system_prompt="You are Helper.", rewind_messages=20)
CHANGES_PER_TRANSACTION = 100


async def fill(tables: AzureTables, message: Message, count: int, newest: int) -> None:
    """Store so many answered messages, a second apart, in today's table."""
    partition, table = conversation_key(message), history_table(day_of(newest))
    await tables.create_table(table)
    changes: list[Insert] = []
    for n in range(count):
        at = newest - (n % 1000) * 10
        entry = Entry(
            message_key(at, f"{message.topic}{n}"), "text", "answered", "alice", f"message {n}", str(n)
        )
        changes.append(Insert(entry.key, entry.values()))
        if len(changes) == CHANGES_PER_TRANSACTION or n == count - 1:
            await tables.write(table, partition, *changes)
            changes.clear()


async def measure(connection: str, counts: list[int]) -> None:
    """Fill one conversation per count, read each window, print what it took."""
    clock = SystemClock()
    requests: list[str] = []
    send = AioHttpTransport.send

    async def counting(self: AioHttpTransport, request: Any, **options: Any) -> Any:
        requests.append(f"{request.method} {request.url.partition('?')[0]}")
        return await send(self, request, **options)

    AioHttpTransport.send = counting
    tables = AzureTables(StorageSettings(connection_string=SecretStr(connection)), call_seconds=60)
    days = Days(tables, clock, keep_ms=10 * 86_400_000)
    history = History(days)
    print(f"{'stored':>8}  {'requests':>8}  {'entities':>8}  {'window':>6}  {'ms':>8}")
    for count in counts:
        now = clock.now()
        message = Message("helper", "alice", f"new-{count}", now, "hello", topic=str(count))
        await fill(tables, message, count, now - 1000)
        _, question = await Claims(days).claim(message, "text")
        requests.clear()
        rows: list[int] = []

        async def counted(*arguments: Any, page: Any = tables.page, rows: list[int] = rows) -> Any:
            found = await page(*arguments)
            rows.append(len(found.rows))
            return found

        started = time.perf_counter()
        with mock.patch.object(tables, "page", counted):
            _, plan = await history.read(Conversation.of(message, BOT), question)
        milliseconds = (time.perf_counter() - started) * 1000
        print(f"{count:>8}  {len(requests):>8}  {sum(rows):>8}  {len(plan.window):>6}  {milliseconds:>8.1f}")
    await tables.aclose()


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, nargs="+", default=[40, 1000, 100_000])
    with Azurite(in_memory=True) as azurite:
        asyncio.run(measure(azurite.connection_string, parser.parse_args().messages))


if __name__ == "__main__":
    main()
