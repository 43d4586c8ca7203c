"""What a test sees of the storage account: rows, queues, and messages that nobody holds any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Self

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient

from relay.failures import FailureRecord
from relay.keys import HISTORY_PREFIX
from relay.memory.rows import Entry
from relay.messages import Receipt, Turn
from relay.outbox import FAILED, POISON, TURNS
from relay.ports import Row

LOOK_SECONDS = 0.2
"""Between two looks at a condition that storage does not announce."""

REST_SECONDS = 120
"""Until the queue is empty. A busy machine may queue a watch twice, since its first answer came too late: the one too
many is seen at its time, after the lease time, of which the longest here is 64 seconds."""


class Account:
    """Looks into a storage account, from outside of the relay. An async context manager.

    Args:
        connection: its connection string.
    """

    def __init__(self, connection: str) -> None:
        self._tables = TableServiceClient.from_connection_string(connection)
        self._turns = QueueClient.from_connection_string(connection, TURNS)
        self._poison = QueueClient.from_connection_string(connection, POISON)
        self._failed = QueueClient.from_connection_string(connection, FAILED)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in (self._tables, self._turns, self._poison, self._failed):
            await client.close()

    async def entries(self) -> list[Entry]:
        """Every message and reply of every day, in no order."""
        found = []
        async for table in self._tables.list_tables():
            if table.name.startswith(HISTORY_PREFIX):
                rows = self._tables.get_table_client(table.name).query_entities("RowKey ge 'm|'")
                found += [Entry.from_row(Row(row["RowKey"], row, "")) async for row in rows]
        return found

    async def replies(self, sender: str | None = None) -> list[Entry]:
        """The stored replies, oldest first; with a sender, those to this user."""
        replies = [entry for entry in await self.entries() if entry.kind == "reply"]
        return sorted((e for e in replies if sender in (None, e.sender)), key=lambda reply: reply.at)

    async def queued(self) -> int:
        """How many messages are on the queue, the invisible ones too."""
        return (await self._turns.get_queue_properties()).approximate_message_count or 0

    async def visible(self) -> int:
        """How many messages of the queue can be taken now; 32 at most are counted."""
        return len(await self._turns.peek_messages(32))

    async def poisoned(self) -> list[Turn]:
        """The turns that the host has moved to the poison queue, 32 at most."""
        try:
            return [Turn.from_json(message.content) for message in await self._poison.peek_messages(32)]
        except ResourceNotFoundError:
            return []

    async def failed(self) -> list[FailureRecord]:
        """The records of what ended without an answer, 32 at most."""
        try:
            found = await self._failed.peek_messages(32)
        except ResourceNotFoundError:
            return []
        return [FailureRecord.from_json(message.content) for message in found]

    async def show(self, receipts: list[Receipt]) -> None:
        """Make messages visible again, as the service does when the ten minutes of a dead process are over.

        Those that are gone, or were taken by somebody else, stay as they are.
        """
        for receipt in receipts:
            try:
                await self._turns.update_message(receipt.id, receipt.pop, visibility_timeout=0)
            except HttpResponseError as error:
                if error.status_code not in (400, 404):  # PopReceiptMismatch, MessageNotFound
                    raise


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = 60) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not within ``seconds``; names what was waited for.
    """
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(LOOK_SECONDS)
