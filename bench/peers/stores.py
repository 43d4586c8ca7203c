"""A conversation in Table Storage, kept by the relay and by others: what a window of it and what a turn's rows cost.

All keep the same messages, a thousand a day, and are asked for the newest ``WINDOW`` of the last day.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from unittest import mock

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient
from pydantic import SecretStr

from bench.peers.filling import fill
from playground.azurite import Azurite
from relay.clock import DAY_MS, SystemClock
from relay.config.bots import Bot
from relay.config.settings import StorageSettings
from relay.keys import conversation_key, day_of, history_table, message_key
from relay.memory.claim import Claims
from relay.memory.days import Days
from relay.memory.history import Conversation, History
from relay.memory.lease import Leases
from relay.memory.rows import Entry
from relay.messages import Message
from relay.storage.tables import AzureTables

WINDOW = 20
A_DAY = 1000
"""Messages of a day, ten seconds of it: as much as Azurite takes in its stride in one of the relay's tables."""

SPACING_MS = 10
CALL_SECONDS = 60
LEASE_SECONDS = 60

Stored = tuple[int, str]
"""Time in Unix milliseconds, and text."""

Tables = dict[str, list[dict[str, Any]]]
"""Rows by their table, with both their keys."""


class Store(Protocol):
    """Where one conversation lies."""

    name: str

    def rows(self, messages: Sequence[Stored]) -> Tables:
        """The rows in which it keeps messages, the newest last."""

    async def window(self) -> list[str]:
        """Texts of the newest ``WINDOW``, the oldest first."""

    async def append(self) -> None:
        """Store a question and its answer."""

    async def aclose(self) -> None:
        """Close the connections."""


class Relayed:
    """The relay's own memory."""

    name = "relay"

    def __init__(self, connection: str) -> None:
        self._clock = SystemClock()
        storage = StorageSettings(connection_string=SecretStr(connection))
        self._tables = AzureTables(storage, CALL_SECONDS)
        days = Days(self._tables, self._clock, keep_ms=1000 * DAY_MS)
        self._history, self._claims = History(days), Claims(days)
        self._leases = Leases(self._tables, self._clock)
        self._bot = Bot(accid="helper", name="Helper", system_prompt="-", rewind_messages=WINDOW)
        self._user = uuid.uuid4().hex
        self._question: Entry | None = None

    def _message(self) -> Message:
        return Message("helper", self._user, uuid.uuid4().hex, self._clock.now(), "a question")

    def rows(self, messages: Sequence[Stored]) -> Tables:
        """As :class:`Store` says."""
        partition = conversation_key(self._message())
        days: Tables = {}
        for at, text in messages:
            entry = Entry(message_key(at, text), "text", "answered", self._user, text, text)
            row = {"PartitionKey": partition, "RowKey": entry.key, **entry.values()}
            days.setdefault(history_table(day_of(at)), []).append(row)
        return days

    async def window(self) -> list[str]:
        """As :class:`Store` says, with a question that waits."""
        if self._question is None:
            _, self._question = await self._claims.claim(self._message(), "text")
        _, plan = await self._history.read(Conversation.of(self._message(), self._bot), self._question)
        return [entry.text for entry in plan.window]

    async def append(self) -> None:
        """Claim, store with the question marked, mark sent."""
        partition, question = await self._claims.claim(self._message(), "text")
        key = f"{question.key.removesuffix('1')}0"
        reply = Entry(key, "reply", "stored", "helper", "an answer", "", client_id=uuid.uuid4().hex, covers=1)
        reply = await self._history.store_reply(partition, [question], reply)
        await self._history.note(partition, reply, state="sent", sent_at=str(self._clock.now()))

    async def append_with_lease(self) -> None:
        """The same between taking and giving back the lease, without which the relay answers nothing."""
        lease = await self._leases.take(conversation_key(self._message()), LEASE_SECONDS)
        assert lease is not None, "somebody else has it"
        await self.append()
        await self._leases.release(lease)

    async def aclose(self) -> None:
        """As :class:`Store` says."""
        await self._tables.aclose()


class LlamaIndex:
    """llama-index-storage-chat-store-azure: a row for each message by its number, and one that counts them."""

    name = "llama-index"

    def __init__(self, connection: str) -> None:
        from llama_index.core.llms import ChatMessage, MessageRole
        from llama_index.storage.chat_store.azure import AzureChatStore

        self._store = AzureChatStore.from_connection_string(connection, chat_table_name=_table_name())
        self._message, self._role = ChatMessage, MessageRole
        self._key = uuid.uuid4().hex

    def rows(self, messages: Sequence[Stored]) -> Tables:
        """As its ``set_messages`` lays them out, which fails with more than a hundred."""
        from llama_index.utils.azure import ServiceMode, serialize

        counted = {
            "PartitionKey": self._store.metadata_partition_key,
            "RowKey": self._key,
            "LastMessageRowKey": f"{len(messages) - 1:010}",
            "MessageCount": len(messages),
        }
        chat = [
            {
                "PartitionKey": self._key,
                "RowKey": f"{number:010}",
                **serialize(ServiceMode.STORAGE, self._message(content=text).model_dump()),
            }
            for number, (_, text) in enumerate(messages)
        ]
        return {self._store.chat_table_name: chat, self._store.metadata_table_name: [counted]}

    async def window(self) -> list[str]:
        """As :class:`Store` says: it has all messages, and no other way to ask."""
        found = await self._store.aget_messages(self._key)
        return [str(message.content) for message in found[-WINDOW:]]

    async def append(self) -> None:
        """Two messages, one after the other."""
        for role, text in ((self._role.USER, "a question"), (self._role.ASSISTANT, "an answer")):
            await self._store.async_add_message(self._key, self._message(role=role, content=text))

    async def aclose(self) -> None:
        """As :class:`Store` says."""
        await self._store._atable_service_client.close()  # it closes neither of them itself
        self._store._table_service_client.close()


class Plain:
    """What is written first: a partition for each conversation, the last day by a property, sorted here."""

    name = "filter by time"

    def __init__(self, connection: str) -> None:
        self._name = _table_name()
        self._table = TableClient.from_connection_string(connection, self._name)
        self._key = uuid.uuid4().hex

    def rows(self, messages: Sequence[Stored]) -> Tables:
        """As :class:`Store` says."""
        return {self._name: [self._row(at, text) for at, text in messages]}

    async def window(self) -> list[str]:
        """As :class:`Store` says."""
        since = _timestamp(SystemClock().now() - DAY_MS)
        rows = self._table.query_entities(
            "PartitionKey eq @key and said ge @since", parameters={"key": self._key, "since": since}
        )
        found = sorted([(row["said"], row["text"]) async for row in rows])
        return [text for _, text in found[-WINDOW:]]

    async def append(self) -> None:
        """A row, and another."""
        for text in ("a question", "an answer"):
            await self._table.create_entity(self._row(SystemClock().now(), text))

    async def aclose(self) -> None:
        """As :class:`Store` says."""
        await self._table.close()

    def _row(self, at: int, text: str) -> dict[str, str]:
        return {
            "PartitionKey": self._key,
            "RowKey": uuid.uuid4().hex,
            "said": _timestamp(at),
            "role": "user",
            "text": text,
        }


def _timestamp(at: int) -> str:
    """Of a time in Unix milliseconds, text that sorts as it does."""
    return f"{at:013d}"


def _table_name() -> str:
    return f"peer{uuid.uuid4().hex}"


def conversation(count: int, newest: int) -> list[Stored]:
    """So many messages, the newest last."""
    times = (newest - n // A_DAY * DAY_MS - n % A_DAY * SPACING_MS for n in reversed(range(count)))
    return [(at, f"message {number}") for number, at in enumerate(times)]


@dataclass
class Counted:
    """Requests, and entities in their answers."""

    requests: int = 0
    rows: int = 0


@contextmanager
def counting() -> Iterator[Counted]:
    """Count what the storage clients of this process send and get."""
    counted, send = Counted(), AioHttpTransport.send

    async def counts(self: AioHttpTransport, request: Any, **options: Any) -> Any:
        response = await send(self, request, **options)
        counted.requests += 1
        if request.method == "GET" and response.status_code == 200:
            counted.rows += len(json.loads(response.body()).get("value", "1"))
        return response

    with mock.patch.object(AioHttpTransport, "send", counts):
        yield counted


async def report(title: str, works: Mapping[str, Callable[[], Awaitable[object]]], rounds: int) -> None:
    """Do each in turn, round by round, and print what it took; the first is what the rest are compared with."""
    counted: dict[str, Counted] = {}
    took: dict[str, list[float]] = {name: [] for name in works}
    for name, work in works.items():
        await work()  # connections are made, tables too
        with counting() as counted[name]:
            await work()
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()  # what one has left is not cleared away in the time of another
            began = time.perf_counter()
            await work()
            took[name].append((time.perf_counter() - began) * 1000)
    first = next(iter(took.values()))
    print(f"\n{title}; the middle of {rounds}")
    print(f"{'':>17}  {'requests':>8}  {'rows':>7}  {'ms':>8}  {'to ours':>7}")
    for name, each in took.items():
        ratio = statistics.median(theirs / ours for theirs, ours in zip(each, first, strict=True))
        requests, rows = counted[name].requests, counted[name].rows
        print(f"{name:>17}  {requests:>8}  {rows:>7}  {statistics.median(each):>8.1f}  {ratio:>7.2f}")


async def compare(ours: Relayed, others: Sequence[Store], said: Sequence[Stored], rounds: int) -> None:
    """Print what a window and a turn's rows cost in the stores, which hold these messages."""
    stores: list[Store] = [ours, *others]
    for store in stores:
        found = await store.window()
        assert found == [text for _, text in said[-WINDOW:]], f"{store.name} has another window"
    title = f"{len(said)} stored"
    await report(f"{title}, a window of {WINDOW}", {store.name: store.window for store in stores}, rounds)
    appends = {ours.name: ours.append, "relay, with lease": ours.append_with_lease}
    appends |= {store.name: store.append for store in others}
    await report(f"{title}, a question and its answer", appends, rounds)


async def measure(counts: Sequence[int], rounds: int, kinds: Sequence[Callable[[str], Store]]) -> None:
    """Compare with stores of these kinds, on conversations of each length."""
    for count in counts:
        said = conversation(count, SystemClock().now() - 1000)
        with TemporaryDirectory() as folder, Azurite(in_memory=False, location=Path(folder)) as azurite:
            connection = azurite.connection_string
            ours, others = Relayed(connection), [kind(connection) for kind in kinds]
            try:
                tables: Tables = {}
                for store in (ours, *others):
                    tables |= store.rows(said)
                fill(azurite, Path(folder), tables)
                await compare(ours, others, said, rounds)
            finally:
                await asyncio.gather(*(store.aclose() for store in (ours, *others)))
