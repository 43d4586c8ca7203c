"""The calls of :mod:`bench.floor` without any SDK: the same requests by aiohttp alone, written by hand.

For information: it tells how much of a floor is the SDKs'. Nothing is retried, no error is told from another, and the
permission is one shared access signature for the whole run.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from azure.storage import queue as queues
from yarl import URL

from bench.floor import LEASE_SECONDS, ROW, TURN_TEXT
from playground.stack import APP_KEY, APP_SECRET
from relay.clock import DAY_MS
from relay.im.requests import v2_request
from relay.keys import LEASE_KEY, LEASE_TABLE, ROWS_HIGH, ROWS_LOW, conversation_key, day_of, history_table
from relay.messages import Message
from relay.outbox import TURNS
from relay.ports import Outgoing
from relay.signature import sign_outbound

JSON = {
    "Accept": "application/json;odata=nometadata",
    "Content-Type": "application/json",
    "x-ms-version": "2019-02-02",
}
XML = {"Content-Type": "application/xml", "x-ms-version": JSON["x-ms-version"]}
RECEIPT = re.compile(rb"<MessageId>(.+?)</MessageId>.*<PopReceipt>(.+?)</PopReceipt>")
ETAG = re.compile(rb"etag: (.+?)\r\n", re.IGNORECASE)


class Bare:
    """What :class:`bench.floor.Floor` does, by requests alone."""

    def __init__(self, connection: str, im_url: str, model_url: str, users: Iterator[str]) -> None:
        parts = dict(part.split("=", 1) for part in connection.split(";") if part)
        account, key = parts["AccountName"], parts["AccountKey"]
        until = datetime.now(UTC) + timedelta(days=1)
        everything: Any = {
            "permission": AccountSasPermissions(
                read=True, add=True, update=True, delete=True, process=True, create=True
            ),
            "expiry": until,
            "protocol": "https,http",
        }
        self._table_sas = generate_account_sas(
            AzureNamedKeyCredential(account, key), ResourceTypes(container=True, object=True), **everything
        )
        everything["permission"] = queues.AccountSasPermissions(
            read=True, add=True, delete=True, process=True
        )
        self._queue_sas = queues.generate_account_sas(
            account, key, queues.ResourceTypes(container=True, object=True), **everything
        )
        self._tables, self._queue = parts["TableEndpoint"].rstrip("/"), parts["QueueEndpoint"].rstrip("/")
        self._im_url, self._model_url, self._users = im_url, model_url, users
        self._http = aiohttp.ClientSession()
        self._ids = count()
        self.watches: list[tuple[str, str]] = []

    async def acknowledge(self) -> None:
        """Two messages into the queue: one visible later, one now."""
        await self._put(LEASE_SECONDS)
        await self._put(0)

    async def queue(self, number: int) -> None:
        """The watches of so many turns."""
        for _ in range(number):
            self.watches.append(await self._put(LEASE_SECONDS))

    async def window(self) -> None:
        """Rows of today and yesterday, side by side."""
        await self._rows(conversation_key(Message("helper", next(self._users), "", 0, "")))

    async def turn(self) -> None:
        """Claim, lease, window, model, store, send, mark, release, delete the watch."""
        user, (watch, receipt) = next(self._users), self.watches.pop()
        partition = conversation_key(Message("helper", user, "", 0, ""))
        now = time.time_ns() // 1_000_000
        today = history_table(day_of(now))
        key, reply = f"{DAY_MS - now % DAY_MS:013d}-{next(self._ids)}", uuid.uuid4().hex
        row = {"PartitionKey": partition, "RowKey": f"r{key}q", **ROW}
        pointer = {"PartitionKey": partition, "RowKey": f"d{key}", "row": key}
        _, etag = await self._batch(today, (pointer, ""), (row, ""))
        lease = {"PartitionKey": partition, "RowKey": LEASE_KEY, "owner": reply, "until": str(now)}
        held = await self._row("POST", LEASE_TABLE, lease)
        rows = await self._rows(partition)
        messages = [{"role": "system", "content": "You are Helper."}]
        messages += [{"role": "user", "content": each.get("text", "")} for each in reversed(rows)]
        asked = json.dumps({"model": "scripted", "messages": messages}).encode()
        completion, _ = await self._ask("POST", f"{self._model_url}/chat/completions", asked, JSON)
        text = json.loads(completion)["choices"][0]["message"]["content"]
        answer = {"PartitionKey": partition, "RowKey": f"r{key}a", **ROW, "text": text}
        stored, _ = await self._batch(today, (answer, ""), ({**row, "state": "answered"}, etag))
        request = v2_request(Outgoing("helper", user, text, reply), reply)
        signature = sign_outbound(APP_KEY, APP_SECRET, uuid.uuid4().hex, time.time_ns() // 1_000_000_000)
        headers = {**request.headers, **signature}
        sent, _ = await self._ask("POST", self._im_url + request.path, request.body, headers)
        if json.loads(sent)["code"] != 200:
            raise RuntimeError(f"not sent: {sent!r}")
        await self._row("MERGE", today, {**answer, "state": "sent"}, stored)
        await self._row("DELETE", LEASE_TABLE, lease, held)
        place = f"{self._queue}/{TURNS}/messages/{watch}?popreceipt={quote(receipt, safe='')}"
        await self._ask("DELETE", f"{place}&{self._queue_sas}", None, XML)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[bytes, str]:
        """The answer's body and etag. The address is encoded as it has to be."""
        address = URL(url, encoded=True)
        async with self._http.request(method, address, data=body, headers=headers) as answer:
            read = await answer.read()
            if not answer.ok:
                raise RuntimeError(f"{method} {answer.url.path}: {answer.status} {read!r}")
            return read, answer.headers.get("ETag", "")

    async def _put(self, delay_seconds: int) -> tuple[str, str]:
        """A message's id and its receipt."""
        url = f"{self._queue}/{TURNS}/messages?visibilitytimeout={delay_seconds}&{self._queue_sas}"
        body = f"<QueueMessage><MessageText>{escape(TURN_TEXT)}</MessageText></QueueMessage>"
        answer, _ = await self._ask("POST", url, body.encode(), XML)
        found = RECEIPT.search(answer)
        if found is None:
            raise RuntimeError(f"no receipt: {answer!r}")
        return found[1].decode(), found[2].decode()

    async def _rows(self, partition: str) -> list[Any]:
        today = day_of(time.time_ns() // 1_000_000)
        wanted = f"PartitionKey eq '{partition}' and RowKey ge '{ROWS_LOW}' and RowKey lt '{ROWS_HIGH}'"
        query = f"$top=30&$filter={quote(wanted, safe='')}&{self._table_sas}"

        async def of_day(day: int) -> list[Any]:
            url = f"{self._tables}/{history_table(day)}()?{query}"
            rows, _ = await self._ask("GET", url, None, JSON)
            return list(json.loads(rows)["value"])

        found = await asyncio.gather(of_day(today), of_day(today - 1))
        return [row for rows in found for row in rows]

    async def _row(self, method: str, table: str, row: dict[str, Any], etag: str = "") -> str:
        """Create, change or delete one; its etag then."""
        headers = {"If-Match": etag} if etag else {"Prefer": "return-no-content"}
        url = f"{self._tables}/{_address(table, row) if etag else table}?{self._table_sas}"
        body = None if method == "DELETE" else json.dumps(row).encode()
        return (await self._ask(method, url, body, {**JSON, **headers}))[1]

    async def _batch(self, table: str, *changes: tuple[dict[str, Any], str]) -> list[str]:
        """Create the rows without an etag, change those with one, all or none; their etags then."""
        parts = []
        for row, etag in changes:
            line = f"PUT {self._tables}/{_address(table, row)}" if etag else f"POST {self._tables}/{table}"
            headers = {**JSON, "If-Match": etag} if etag else {**JSON, "Prefer": "return-no-content"}
            lines = "\r\n".join(f"{name}: {value}" for name, value in headers.items())
            part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            parts.append(
                f"--changeset_0\r\n{part}\r\n{line} HTTP/1.1\r\n{lines}\r\n\r\n{json.dumps(row)}\r\n"
            )
        inner = (
            f"Content-Type: multipart/mixed; boundary=changeset_0\r\n\r\n{''.join(parts)}--changeset_0--\r\n"
        )
        headers = {**JSON, "Content-Type": "multipart/mixed; boundary=batch_0"}
        body = f"--batch_0\r\n{inner}--batch_0--\r\n".encode()
        answer, _ = await self._ask("POST", f"{self._tables}/$batch?{self._table_sas}", body, headers)
        etags = [etag.decode() for etag in ETAG.findall(answer)]
        if len(etags) != len(changes):
            raise RuntimeError(f"a transaction failed: {answer!r}")
        return etags


def _address(table: str, row: dict[str, Any]) -> str:
    return f"{table}(PartitionKey='{quote(row['PartitionKey'])}',RowKey='{quote(row['RowKey'])}')"
