"""The page's server over a real emulator and a real model server, with a webhook that the test answers for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from playground.control import Control
from playground.im_server import ImServer
from playground.loopback import serving
from playground.model_server import ModelServer
from playground.page.page import Page
from playground.page.parts import HostLabel, ModelLabel, Parts
from playground.page.routes import Routes
from relay.config.bots import Bots
from tests.playground.page.story import HELPER
from tests.playground.receiver import Receiver, receiving

JSON = "application/json"


@dataclass
class Browser:
    """What a page does: requests to the server that it came from."""

    session: aiohttp.ClientSession
    url: str
    page: Page
    im: ImServer
    model: ModelServer
    webhook: Receiver
    kills: list[None] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        arguments = {} if body is None else {"json": body}
        async with self.session.request(method, self.url + path, headers=headers, **arguments) as response:
            return response.status, await response.json()

    async def state(self) -> dict[str, Any]:
        """``GET /api/state``."""
        return dict((await self.call("GET", "/api/state"))[1])

    async def say(self, text: str, **fields: Any) -> dict[str, Any]:
        """Alice writes to Helper; returns the message."""
        message = {
            "as": "alice",
            "text": text,
            **({"to": "helper"} if "team" not in fields else {}),
            **fields,
        }
        status, said = await self.call("POST", "/api/messages", message)
        assert status == 201, said
        return dict(said)

    async def until(self, kind: str, **expected: Any) -> dict[str, Any]:
        """Follow the events from the beginning until one has these fields (of its ``message``, where it has one)."""
        async for event in self.events():
            fields = event.get("message", event)
            if event["type"] == kind and expected.items() <= fields.items():
                return event
        raise AssertionError("the events have ended")

    async def events(self, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """The events as they come."""
        async with self.session.get(f"{self.url}/api/events?after={after}") as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A page with the bot Helper."""
    async with AsyncExitStack() as stack:
        webhook = await stack.enter_async_context(receiving())
        im = ImServer(app_key="key", secret="secret", webhook=webhook.url)
        model = ModelServer()
        for server in (im, model):
            await stack.enter_async_context(server)
        timeout = aiohttp.ClientTimeout(total=10)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        host = HostLabel("builtin", "starting", killable=True)
        page = Page(Bots([HELPER]), ModelLabel("scripted", "scripted", visible=True), host)
        stack.push_async_callback(page.aclose)

        kills: list[None] = []

        async def kill() -> None:
            kills.append(None)
            page.host_was_killed()

        url = await stack.enter_async_context(serving(Routes(page, kill).application()))
        stack.callback(page.events.close)
        parts = Parts(
            Control(session, im.url, "the emulator"), Control(session, model.url, "the model"), None
        )
        page.connect(parts)
        yield Browser(session, url, page, im, model, webhook, kills)
