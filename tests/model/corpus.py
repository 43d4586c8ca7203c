"""Answers of real model servers, a file each in ``answers/``: what came back, and what the relay makes of it.

A file says the ``server``, ``status``, ``headers`` and ``body`` of the answer, and under ``[means]`` one of these: the
``text`` of the completion (and how it ``ended``, what is warned of); the ``error`` with its numbers; or how the same
place is asked again, which then answers: with parameters ``dropped``, ``added`` or ``changed``, another ``cap``, other
``roles``.
"""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from playground.loopback import serving
from relay.errors import ModelError
from relay.model.connections import Connections
from relay.model.endpoints import Endpoint
from relay.model.request import Requests
from relay.ports import ChatMessage, Completion, Prompt
from relay.storage.credential import AppCredential

FOLDER = Path(__file__).parent / "answers"

CAP = 5000
PARAMETERS: dict[str, Any] = {
    "max_tokens": CAP,
    "temperature": 0.7,
    "reasoning_effort": "minimal",
    "verbosity": "low",
    "sender": "alice",
    "cache_key": "k",
}
PROMPT = Prompt(
    (
        ChatMessage("system", "You are Helper."),
        ChatMessage("user", "hello"),
        ChatMessage("assistant", "hi"),
        ChatMessage("user", "hello again"),
    ),
    **PARAMETERS,
)
IN_A_ROW = Prompt(
    (
        ChatMessage("system", "You are Helper."),
        ChatMessage("assistant", "hi"),
        ChatMessage("user", "one"),
        ChatMessage("user", "two"),
        ChatMessage("assistant", "yes"),
        ChatMessage("user", "three"),
    ),
    **PARAMETERS,
)
"""For servers that want users and assistant to take turns."""

SECONDS = 30
PASSED = '{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "passed"}}]}'


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        name: of the file.
        server: who answers so.
        status, headers, body: the answer.
        means: what the relay is to make of it.
    """

    name: str
    server: str
    status: int
    headers: dict[str, str]
    body: str
    means: dict[str, Any]

    @property
    def prompt(self) -> Prompt:
        """What is asked."""
        return IN_A_ROW if "alternates" in self.means else PROMPT


def cases() -> list[Case]:
    """All of them."""
    return [
        Case(path.stem, **{"headers": {}, **tomllib.loads(path.read_text(encoding="utf-8"))})
        for path in sorted(FOLDER.glob("*.toml"))
    ]


@dataclass
class Played:
    """What came of a case.

    Attributes:
        outcome: what the request ended with.
        asked: the bodies of the requests.
    """

    outcome: Completion | ModelError
    asked: list[dict[str, Any]]


async def play(case: Case, times: int = 1) -> Played:
    """Ask a real server that answers the first shape of a request so, and any other shape plainly."""
    asked: list[dict[str, Any]] = []

    async def completions(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if asked[-1] == asked[0]:
            return web.Response(
                status=case.status,
                headers={"Content-Type": "application/json", **case.headers},
                body=case.body.encode(),
            )
        return web.Response(body=PASSED.encode(), content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", completions)
    connections = Connections(AppCredential(None))
    try:
        async with serving(app) as url:
            requests = Requests(connections, "secret")
            endpoint = Endpoint(f"{url}/v1/", "gpt", is_azure=True, key=SecretStr("key"))
            for _ in range(times):
                outcome = await _ask(requests, endpoint, case.prompt)
    finally:
        await connections.aclose()
    return Played(outcome, asked)


async def _ask(requests: Requests, endpoint: Endpoint, prompt: Prompt) -> Completion | ModelError:
    try:
        return await requests.ask(endpoint, prompt, asyncio.get_running_loop().time() + SECONDS)
    except ModelError as error:
        return error
