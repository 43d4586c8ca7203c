"""Answers of real model servers, a file each in ``answers/``: what came back, and what the relay makes of it.

A file says the ``server``, ``status``, ``headers`` and ``body`` of the answer, and under ``[means]`` one of these: the
``text`` of the completion (how it ``ended``, what it ``asks`` for, what is warned of); the ``error`` with its numbers;
or how the same place is asked again, which then answers: with parameters ``dropped``, ``added`` or ``changed``, another
``cap``, other ``roles``, by the ``other_wire``. A file may say by which ``wire`` was asked, and that there were
``tools`` or ``functions``; what is no answer is tried on both wires.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from playground.loopback import serving
from relay.config.server_tools import ServerTool
from relay.errors import ModelError
from relay.model.connections import Connections
from relay.model.dialect import Wire
from relay.model.endpoints import Endpoint
from relay.model.request import Requests
from relay.ports import ChatMessage, Completion, Function, Prompt
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

HOURS = Function("hours", "When the shops are open.", {"type": "object", "properties": {}})

SECONDS = 30
PASSED_BY_RESPONSES = json.dumps(
    {
        "status": "completed",
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "passed"}]}
        ],
    }
)
PASSED = '{"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "passed"}}]}'


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        name: of the file.
        server: who answers so.
        status, headers, body: the answer.
        means: what the relay is to make of it.
        wire: the API by which it was asked.
        tools: the server was to run a tool.
        functions: the model was told one.
    """

    name: str
    server: str
    status: int
    headers: dict[str, str]
    body: str
    means: dict[str, Any]
    wire: Wire = "chat"
    tools: bool = False
    functions: bool = False

    @property
    def api(self) -> Wire | None:
        """What the entry of the model says of its API."""
        return "responses" if self.wire == "responses" else None

    @property
    def prompt(self) -> Prompt:
        """What is asked."""
        if self.tools:
            return replace(PROMPT, tools=(ServerTool(type="web_search"),))
        if self.functions:
            return replace(PROMPT, functions=(HOURS,))
        return IN_A_ROW if "alternates" in self.means else PROMPT


def cases() -> list[Case]:
    """All of them."""
    return [
        Case(path.stem, **{"headers": {}, **tomllib.loads(path.read_text(encoding="utf-8"))})
        for path in sorted(FOLDER.glob("*.toml"))
    ]


def on_the_other_wire() -> list[Case]:
    """What is no answer means the same there, unless it is about the wire or a parameter, which has another name."""
    asked_again = ("dropped", "added", "changed", "cap", "other_wire")
    return [
        replace(case, name=f"{case.name}, asked by responses", wire="responses")
        for case in cases()
        if case.wire == "chat" and case.status != 200 and not any(word in case.means for word in asked_again)
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
    """Ask a real server that answers so: always if that is an error, else the first shape of a request, and any other
    shape plainly.
    """
    asked: list[dict[str, Any]] = []

    async def completions(request: web.Request) -> web.Response:
        asked.append(await request.json())
        by_responses = request.path.endswith("/responses")
        if asked[-1] == asked[0] or "error" in case.means:
            return web.Response(
                status=case.status,
                headers={"Content-Type": "application/json", **case.headers},
                body=case.body.encode(),
            )
        passed = PASSED_BY_RESPONSES if by_responses else PASSED
        return web.Response(body=passed.encode(), content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", completions)
    app.router.add_post("/v1/responses", completions)
    connections = Connections(AppCredential(None))
    try:
        async with serving(app) as url:
            requests = Requests(connections, "secret")
            endpoint = Endpoint(f"{url}/v1/", "gpt", is_azure=True, key=SecretStr("key"), api=case.api)
            for _ in range(times):
                outcome = await _ask(requests, endpoint, case.prompt)
    finally:
        await connections.aclose()
    return Played(outcome, asked)


async def _ask(requests: Requests, endpoint: Endpoint, prompt: Prompt) -> Completion | ModelError:
    try:
        until = asyncio.get_running_loop().time() + SECONDS
        return await requests.ask(await requests.open(endpoint, until), endpoint, prompt, until)
    except ModelError as error:
        return error
