"""The calls that no turn can do without, with the same SDKs and nothing around them: what the relay's own cost
is measured against (:mod:`bench.floors`).
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any, Protocol

import httpx2
from azure.core import MatchConditions
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient
from openai import AsyncOpenAI

from bench.ours import LEASE_SECONDS, TEXT
from playground.stack import APP_KEY, APP_SECRET
from relay.im.requests import Request, stream_request, v2_request
from relay.keys import (
    LEASE_KEY,
    LEASE_TABLE,
    ROWS_HIGH,
    ROWS_LOW,
    conversation_key,
    day_of,
    dedupe_key,
    history_table,
    message_key,
    reply_key,
)
from relay.messages import Message, Turn
from relay.outbox import TURNS
from relay.ports import Chunk, Outgoing
from relay.signature import sign_outbound
from relay.storage.azure_calls import client_options

QUIET = {"response_preference": "return-no-content"}
UNCHANGED = {"match_condition": MatchConditions.IfNotModified}
SERVER_ID = "17"
MESSAGE = {"kind": "text", "state": "waiting", "server_id": SERVER_ID, "bot": "helper", "text": TEXT}
REPLY = {
    "kind": "reply",
    "state": "stored",
    "bot": "helper",
    "covers": 1,
    "model": "scripted",
    "prompt_tokens": 80,
}
"""What is written, beside what differs: the relay's own properties, so that both sides write as much."""
TURN_TEXT = Turn(
    Message("helper", "user-1", "c:1234567890", 1_790_000_000_000, TEXT, server_id=SERVER_ID), 0
).to_json()

WINDOW = 20
"""Earlier messages that the model is shown, as many as by default."""

ROLES = {"text": "user", "reply": "assistant"}

Row = dict[str, Any]
Ask = Callable[[Any], Awaitable[str]]


class Calls(Protocol):
    """What a floor is made of: one request each."""

    async def put(self, delay_seconds: int) -> Any:
        """Into the queue; what it is deleted by."""

    async def unqueue(self, watch: Any) -> None:
        """Delete from the queue."""

    async def rows(self, table: str, partition: str) -> list[Any]:
        """The newest 30 of a conversation in a table."""

    async def insert(self, table: str, row: Row) -> str:
        """Its etag."""

    async def merge(self, table: str, row: Row, etag: str) -> str:
        """Its etag then."""

    async def remove(self, table: str, row: Row, etag: str) -> None:
        """Delete a row."""

    async def transact(self, table: str, *changes: tuple[Row, str]) -> list[str]:
        """Insert the rows without an etag, merge those with one, all or none; their etags then."""

    async def complete(self, messages: list[Row]) -> str:
        """The model's answer."""

    async def post(self, url: str, request: Request, headers: dict[str, str]) -> bytes:
        """The IM server's answer."""

    async def aclose(self) -> None:
        """Close the connections."""


class BySdk:
    """By the SDKs that the relay has."""

    def __init__(self, connection: str, model_url: str) -> None:
        # Azurite ends connections that were idle for five seconds, and each attempt takes another of the pool.
        again = {name: 200 for name in ("retry_total", "retry_connect", "retry_read")}
        options = {**client_options(), **again, "retry_backoff_factor": 0}
        self._service = TableServiceClient.from_connection_string(connection, **options)
        self._queue = QueueClient.from_connection_string(
            connection, TURNS, message_encode_policy=None, message_decode_policy=None, **options
        )
        self._tables: dict[str, Any] = {}
        self._model = AsyncOpenAI(base_url=model_url, api_key="none", max_retries=0)
        self._http = httpx2.AsyncClient()

    def _table(self, name: str) -> Any:
        if name not in self._tables:
            self._tables[name] = self._service.get_table_client(name)
        return self._tables[name]

    async def put(self, delay_seconds: int) -> Any:
        """The message with its receipt."""
        return await self._queue.send_message(TURN_TEXT, visibility_timeout=delay_seconds)

    async def unqueue(self, watch: Any) -> None:
        """By its receipt."""
        await self._queue.delete_message(watch.id, watch.pop_receipt)

    async def empty(self) -> None:
        """Delete all that is queued: Azurite stands still for seconds where that is thousands."""
        await self._queue.clear_messages()

    async def rows(self, table: str, partition: str) -> list[Any]:
        """One page."""
        pages = self._table(table).query_entities(
            "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high",
            parameters={"partition": partition, "low": ROWS_LOW, "high": ROWS_HIGH},
            results_per_page=30,
        )
        async for page in pages.by_page():
            return [entity async for entity in page]
        return []

    async def insert(self, table: str, row: Row) -> str:
        """By a plain call."""
        return str((await self._table(table).create_entity(row))["etag"])

    async def merge(self, table: str, row: Row, etag: str) -> str:
        """By a plain call."""
        changed = await self._table(table).update_entity(row, etag=etag, mode="merge", **UNCHANGED)
        return str(changed["etag"])

    async def remove(self, table: str, row: Row, etag: str) -> None:
        """By a plain call."""
        await self._table(table).delete_entity(row, etag=etag, **UNCHANGED)

    async def transact(self, table: str, *changes: tuple[Row, str]) -> list[str]:
        """By a batch."""
        operations = [
            ("update", row, {"etag": etag, **UNCHANGED}) if etag else ("create", row, QUIET)
            for row, etag in changes
        ]
        return [each["etag"] for each in await self._table(table).submit_transaction(operations)]

    async def complete(self, messages: list[Row]) -> str:
        """As a part of the body that the SDK does not look through."""
        completion = await self._model.chat.completions.create(
            model="scripted", messages=[], extra_body={"messages": messages}
        )
        return completion.choices[0].message.content or ""

    async def complete_streamed(self, messages: list[Row]) -> str:
        """Read piece by piece."""
        options: Any = {"stream": True, "stream_options": {"include_usage": True}}
        pieces = await self._model.chat.completions.create(
            model="scripted", messages=[], extra_body={"messages": messages}, **options
        )
        return "".join([piece.choices[0].delta.content or "" async for piece in pieces if piece.choices])

    async def post(self, url: str, request: Request, headers: dict[str, str]) -> bytes:
        """By the relay's HTTP client."""
        sent = await self._http.post(url, content=request.body, headers=headers)
        return sent.content

    async def aclose(self) -> None:
        """All of them."""
        await self._service.close()
        await self._queue.close()
        await self._model.close()
        await self._http.aclose()


class Floor:
    """The same calls, and nothing around them.

    Attributes:
        calls: how they are made.
        watches: what turns delete at their end.
    """

    def __init__(self, calls: Calls, im_url: str, users: Iterator[str]) -> None:
        self.calls = calls
        self._im_url, self._users = im_url, users
        self._ids = count()
        self.watches: list[Any] = []

    async def acknowledge(self) -> None:
        """Two messages into the queue: one visible later, one now."""
        await self.calls.put(LEASE_SECONDS)
        await self.calls.put(0)

    async def queue(self, number: int) -> None:
        """The watches of so many turns."""
        for _ in range(number):
            self.watches.append(await self.calls.put(LEASE_SECONDS))

    async def window(self) -> None:
        """Rows of today and yesterday, side by side."""
        await self._rows(conversation_key(Message("helper", next(self._users), "", 0, "")))

    async def _rows(self, partition: str) -> list[Any]:
        today = day_of(time.time_ns() // 1_000_000)
        days = (history_table(day) for day in (today, today - 1))
        found = await asyncio.gather(*(self.calls.rows(day, partition) for day in days))
        return [row for rows in found for row in rows]

    async def turn(self) -> None:
        """Claim, lease, window, model, store, send, mark, release, delete the watch."""
        await self._turn(self.calls.complete)

    async def streamed_turn(self) -> None:
        """The same; the model is read piece by piece, and the reply is begun, and ended once it is stored.

        What is begun has to be noted before, and its id after it: two more changes of the message's row.
        """
        assert isinstance(self.calls, BySdk)
        await self._turn(self.calls.complete_streamed, begins=True)

    async def _send(self, request: Request) -> Any:
        signature = sign_outbound(APP_KEY, APP_SECRET, uuid.uuid4().hex, time.time_ns() // 1_000_000_000)
        sent = await self.calls.post(self._im_url + request.path, request, {**request.headers, **signature})
        answer = json.loads(sent)
        if answer["code"] != 200:
            raise RuntimeError(f"not sent: {sent!r}")
        return answer

    async def _turn(self, ask: Ask, *, begins: bool = False) -> None:
        calls, user, watch = self.calls, next(self._users), self.watches.pop()
        partition = conversation_key(Message("helper", user, "", 0, ""))
        now = time.time_ns() // 1_000_000
        today = history_table(day_of(now))
        id_, reply = f"c:{next(self._ids)}-{now}", uuid.uuid4().hex
        key = message_key(now, id_, SERVER_ID)
        who = {"sender": user, "id": id_}
        own = {"PartitionKey": partition, "RowKey": key}
        pointer = {"PartitionKey": partition, "RowKey": dedupe_key(id_), "row": key}
        _, etag = await calls.transact(today, (pointer, ""), ({**own, **MESSAGE, **who}, ""))
        lease = {"PartitionKey": partition, "RowKey": LEASE_KEY, "owner": reply, "until": str(now)}
        held = await calls.insert(LEASE_TABLE, lease)
        rows = await self._rows(partition)
        messages = [{"role": "system", "content": "You are Helper."}]
        newest = reversed(rows[: WINDOW + 1])
        messages += [{"role": ROLES[each["kind"]], "content": each["text"]} for each in newest]
        text = await ask(messages)
        outgoing = Outgoing("helper", user, text, reply)
        server_id = ""
        if begins:
            etag = await calls.merge(today, {**own, "stream": json.dumps([1, reply, "", 0])}, etag)
            begun = await self._send(stream_request(outgoing, Chunk(text[:20], 0), reply))
            server_id = str(begun["data"]["message_server_id"])
            etag = await calls.merge(today, {**own, "stream": json.dumps([1, reply, server_id, now])}, etag)
        answer = {"PartitionKey": partition, "RowKey": reply_key(key)}
        stored = {**answer, **REPLY, **who, "client_id": reply, "completion_tokens": 17, "text": text}
        answered = {**own, "state": "answered", "reply": answer["RowKey"]}
        etag, _ = await calls.transact(today, (stored, ""), (answered, etag))
        if begins:
            await self._send(stream_request(outgoing, Chunk(text[20:], 1, server_id, is_last=True), reply))
        else:
            whole = await self._send(v2_request(outgoing, reply))
            server_id = str(whole["data"]["message_server_id"])
        sent = {"state": "sent", "sent_at": str(now), "delivered": json.dumps([[server_id, now]])}
        await calls.merge(today, {**answer, **sent}, etag)
        await calls.remove(LEASE_TABLE, lease, held)
        await calls.unqueue(watch)
