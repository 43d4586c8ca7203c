"""A server API on loopback that answers from a script and keeps what it received."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.im.client import ImClient
from relay.im.hosts import ApiVersion
from tests.doubles import ManualClock

DELIVERED = {"code": 200}


class Fault(Enum):
    """How to treat a request badly."""

    CLOSE = auto()
    """Close the connection without a word."""
    HANG = auto()
    """Say nothing until the server ends."""


@dataclass(frozen=True)
class Call:
    """One request as it came over the wire."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    @property
    def form(self) -> dict[str, str]:
        """The fields of a v1 request."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def json(self) -> Any:
        """The body of a v2 request."""
        return json.loads(self.body)


class ApiServer:
    """``script`` holds the next answers: a result, a fault, or an HTTP response; success when it is empty."""

    def __init__(self) -> None:
        self.script: list[dict[str, Any] | Fault | web.Response] = []
        self.calls: list[Call] = []
        self._released = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        """Base URL without a trailing slash."""
        return str(self._server.make_url("")).rstrip("/")

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        await self._server.close()

    async def _answer(self, request: web.Request) -> web.Response:
        self.calls.append(Call(request.raw_path, request.headers, await request.read(), request.method))
        answer = self.script.pop(0) if self.script else DELIVERED
        if isinstance(answer, web.Response):
            return answer
        if answer is Fault.CLOSE:
            assert request.transport is not None
            request.transport.close()
        if answer is Fault.HANG:
            await self._released.wait()
        return web.json_response(answer if isinstance(answer, dict) else DELIVERED)


@asynccontextmanager
async def calling(api: ApiServer, version: ApiVersion) -> AsyncIterator[ImClient]:
    """A client that calls it, whose clock stands still."""
    im = ImClient(
        app_key="key",
        app_secret="secret",
        region="china",
        api_version=version,
        api_url=api.url,
        clock=ManualClock(),
    )
    try:
        yield im
    finally:
        await im.aclose()
