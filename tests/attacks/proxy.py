"""A proxy that spoils requests: what a bad network, a dying load balancer and a restarting service do."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, Literal, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from playground.loopback import cut_connection, serving

Spoiling = Literal[
    "dropped",
    "reset",
    "truncated",
    "delayed",
    "duplicated",
    "duplicated_answer_lost",
    "unavailable",
    "throttled",
]

RATES: Final[Mapping[Spoiling, float]] = {
    "dropped": 0.02,
    "reset": 0.02,
    "truncated": 0.02,
    "delayed": 0.05,
    "duplicated": 0.02,
    "duplicated_answer_lost": 0.02,
    "unavailable": 0.02,
}
"""How often a request meets what: 17 in 100 are spoilt."""

DELAY_MAX_SECONDS = 1.5
BODY_MAX_BYTES = 16 * 1024 * 1024

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "host"}


@dataclass
class Schedule:
    """Which request meets what: a sequence of choices that a seed decides.

    Attributes:
        seed: printed with every failure. The order in which concurrent requests draw from it is the machine's.
        rates: how often each; empty spoils nothing.
        met: what was done so far, by upstream.
    """

    seed: int
    rates: Mapping[Spoiling, float] = field(default_factory=lambda: RATES)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - no secret

    def heal(self) -> None:
        """Spoil nothing from now on."""
        self.rates = {}

    def draw(self, upstream: str) -> Spoiling | None:
        """What the next request meets."""
        chance = self._random.random()
        for kind, rate in self.rates.items():
            if chance < rate:
                self.met[upstream, kind] += 1
                return kind
            chance -= rate
        self.met[upstream, "untouched"] += 1
        return None

    def seconds(self) -> float:
        """How long a delayed request is delayed."""
        return self._random.uniform(0.05, DELAY_MAX_SECONDS)


class SpoilingProxy:
    """Passes requests on to one upstream, most of them unharmed. An async context manager.

    Args:
        name: of the upstream, for the schedule's count.
        upstream: ``http://host:port``; paths, queries and headers are passed on byte by byte, since they are signed.
        schedule: decides.
    """

    def __init__(self, name: str, upstream: str, schedule: Schedule) -> None:
        self.url = ""
        self._name = name
        self._upstream = upstream
        self._schedule = schedule

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_MAX_BYTES)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        async with AsyncExitStack() as stack:
            # Every request on a connection of its own: a pooled one may be closed under a request by the upstream.
            self._session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    auto_decompress=False, connector=aiohttp.TCPConnector(force_close=True, limit=0)
                )
            )
            self.url = await stack.enter_async_context(serving(app))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        spoiling = None if _is_polling(request) else self._schedule.draw(self._name)
        if spoiling == "unavailable":
            return web.Response(status=503)
        if spoiling == "throttled":
            return web.Response(status=429, headers={"Retry-After": "1"})
        if spoiling == "dropped":
            return _cut(request)
        if spoiling == "delayed":
            await asyncio.sleep(self._schedule.seconds())
        status, headers, answer = await self._send(request, body)
        if spoiling == "duplicated":  # the caller gets the first answer
            await self._send(request, body)
        if spoiling == "duplicated_answer_lost":  # the caller gets the second
            status, headers, answer = await self._send(request, body)
        if spoiling == "reset":
            return _cut(request)
        if spoiling == "truncated" and answer:
            return await _truncated(request, status, headers, answer)
        return web.Response(status=status, headers=headers, body=answer)

    async def _send(self, request: web.Request, body: bytes) -> tuple[int, CIMultiDict[str], bytes]:
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = _end_to_end(request.headers)
        async with self._session.request(
            request.method, url, data=body or None, headers=headers, skip_auto_headers=["Content-Type"]
        ) as response:
            return response.status, _end_to_end(response.headers), await response.read()


def _is_polling(request: web.Request) -> bool:
    """Whether the function host looks into a queue (Queue Storage: Get Messages)."""
    return request.method == "GET" and request.path.endswith("/messages")


def _cut(request: web.Request) -> web.Response:
    cut_connection(request)
    return web.Response()


async def _truncated(
    request: web.Request, status: int, headers: CIMultiDict[str], answer: bytes
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(answer)
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2])
    cut_connection(request)
    return response


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)
