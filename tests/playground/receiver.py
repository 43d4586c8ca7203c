"""A webhook that keeps what it is sent, and answers as a test says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playground.loopback import serving


@dataclass
class Received:
    """One request as it came in."""

    headers: dict[str, str]
    raw: bytes
    query: str

    @property
    def body(self) -> dict[str, Any]:
        """Its JSON."""
        return dict(json.loads(self.raw))


async def accept(_: Received) -> web.Response:
    """Answer as a webhook that has queued the message."""
    return web.json_response({"status": "queued"})


@dataclass
class Receiver:
    """The webhook. ``answer`` may be replaced by a test."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Awaitable[web.Response]] = accept

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """JSON of each request, in order of arrival."""
        return [one.body for one in self.received]

    async def handle(self, request: web.Request) -> web.Response:
        """Keep a request and answer it."""
        received = Received(dict(request.headers), await request.read(), request.raw_path.partition("?")[2])
        self.received.append(received)
        return await self.answer(received)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A running receiver."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/api/webhook", receiver.handle)
    async with serving(app) as url:
        receiver.url = f"{url}/api/webhook"
        yield receiver
