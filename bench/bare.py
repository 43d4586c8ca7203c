"""The calls of :mod:`bench.floor` without any SDK: the same requests by aiohttp alone, written by hand.

For information: it tells how much of a floor is the SDKs'. Nothing is retried, no error is told from another, and the
permission is one shared access signature for the whole run.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from azure.storage import queue as queues
from yarl import URL

from bench.floor import TURN_TEXT, Row
from relay.im.requests import Request
from relay.keys import ROWS_HIGH, ROWS_LOW
from relay.outbox import TURNS

JSON = {
    "Accept": "application/json;odata=nometadata",
    "Content-Type": "application/json",
    "x-ms-version": "2019-02-02",
}
XML = {"Content-Type": "application/xml", "x-ms-version": JSON["x-ms-version"]}
RECEIPT = re.compile(rb"<MessageId>(.+?)</MessageId>.*<PopReceipt>(.+?)</PopReceipt>")
QUIET = {"Prefer": "return-no-content"}
ETAG = re.compile(rb"etag: (.+?)\r\n", re.IGNORECASE)


class Bare:
    """The calls of a :class:`bench.floor.Floor`, by requests alone."""

    def __init__(self, connection: str, model_url: str) -> None:
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
        self._model_url = model_url
        # Azurite ends connections that were idle for five seconds.
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=3))

    async def put(self, delay_seconds: int) -> tuple[str, str]:
        """A message's id and its receipt."""
        url = f"{self._queue}/{TURNS}/messages?visibilitytimeout={delay_seconds}&{self._queue_sas}"
        body = f"<QueueMessage><MessageText>{escape(TURN_TEXT)}</MessageText></QueueMessage>"
        answer, _ = await self._ask("POST", url, body.encode(), XML)
        found = RECEIPT.search(answer)
        if found is None:
            raise RuntimeError(f"no receipt: {answer!r}")
        return found[1].decode(), found[2].decode()

    async def unqueue(self, watch: tuple[str, str]) -> None:
        """By its receipt."""
        number, receipt = watch
        place = f"{self._queue}/{TURNS}/messages/{number}?popreceipt={quote(receipt, safe='')}"
        await self._ask("DELETE", f"{place}&{self._queue_sas}", None, XML)

    async def rows(self, table: str, partition: str) -> list[Any]:
        """One page."""
        wanted = f"PartitionKey eq '{partition}' and RowKey ge '{ROWS_LOW}' and RowKey lt '{ROWS_HIGH}'"
        query = f"$top=30&$filter={quote(wanted, safe='')}&{self._table_sas}"
        rows, _ = await self._ask("GET", f"{self._tables}/{table}()?{query}", None, JSON)
        return list(json.loads(rows)["value"])

    async def insert(self, table: str, row: Row) -> str:
        """By a plain call."""
        url = f"{self._tables}/{table}?{self._table_sas}"
        return (await self._ask("POST", url, json.dumps(row).encode(), {**JSON, **QUIET}))[1]

    async def merge(self, table: str, row: Row, etag: str) -> str:
        """By a plain call."""
        url = f"{self._tables}/{_address(table, row)}?{self._table_sas}"
        return (await self._ask("MERGE", url, json.dumps(row).encode(), {**JSON, "If-Match": etag}))[1]

    async def remove(self, table: str, row: Row, etag: str) -> None:
        """By a plain call."""
        url = f"{self._tables}/{_address(table, row)}?{self._table_sas}"
        await self._ask("DELETE", url, None, {**JSON, "If-Match": etag})

    async def transact(self, table: str, *changes: tuple[Row, str]) -> list[str]:
        """By a batch."""
        parts = []
        for row, etag in changes:
            line = f"MERGE {self._tables}/{_address(table, row)}" if etag else f"POST {self._tables}/{table}"
            headers = {**JSON, **({"If-Match": etag} if etag else QUIET)}
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

    async def complete(self, messages: list[Row]) -> str:
        """By a plain call."""
        asked = json.dumps({"model": "scripted", "messages": messages}).encode()
        completion, _ = await self._ask("POST", f"{self._model_url}/chat/completions", asked, JSON)
        return str(json.loads(completion)["choices"][0]["message"]["content"])

    async def post(self, url: str, request: Request, headers: dict[str, str]) -> bytes:
        """As it is."""
        return (await self._ask("POST", url, request.body, headers))[0]

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


def _address(table: str, row: Row) -> str:
    return f"{table}(PartitionKey='{quote(row['PartitionKey'])}',RowKey='{quote(row['RowKey'])}')"
