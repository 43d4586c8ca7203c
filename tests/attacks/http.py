"""HTTP by hand: bytes on a socket, and the answers that come back. A client library would refuse to send most of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

ANSWER_SECONDS = 20
"""Longer than any answer may take, on a machine that has other things to do."""

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response.

    Attributes:
        status: HTTP status code.
        headers: names in lower case.
        body: as it came.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def request(body: bytes, headers: Headers, *, length: int | None = None, path: str = "/api/webhook") -> bytes:
    """A POST with these very headers, in their order.

    Args:
        length: what Content-Length claims; None tells the truth.
    """
    claimed = len(body) if length is None else length
    return head([("Content-Length", str(claimed)), *headers], path=path) + body


def chunked(chunks: Iterable[bytes], headers: Headers) -> bytes:
    """A POST whose length is not declared."""
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head([("Transfer-Encoding", "chunked"), *headers]) + pieces + b"0\r\n\r\n"


def head(headers: Headers, *, path: str = "/api/webhook") -> bytes:
    """Request line and headers, as they are: line breaks inside a header stay."""
    lines = [f"POST {path} HTTP/1.1", "Host: relay.example", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


class Connection:
    """One connection to a server, inside ``async with``.

    Args:
        url: ``http://127.0.0.1:PORT``.
    """

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)

    async def __aenter__(self) -> Self:
        address = self._address
        self._reader, self._writer = await asyncio.open_connection(address.hostname, address.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.transport.abort()

    async def send(self, data: bytes) -> None:
        """Send bytes. That the server has hung up shows when its response is read."""
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    async def response(self) -> Response | None:
        """The next response; None when the server has hung up instead."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._read()
        except (ConnectionError, asyncio.IncompleteReadError):
            return None

    async def _read(self) -> Response:
        raw = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = raw.rstrip().split("\r\n")
        status = int(status_line.split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if status == 100:
            return Response(status, headers, b"")
        return Response(status, headers, await self._reader.readexactly(int(headers["content-length"])))


async def exchange(url: str, data: bytes) -> Response | None:
    """Send bytes on a connection of their own, and read one response."""
    async with Connection(url) as connection:
        await connection.send(data)
        return await connection.response()
