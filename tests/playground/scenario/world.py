"""A small world for scenarios: the real emulator and model server, and a bot without storage between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from playground.control import Control
from playground.im.chats import Delivered
from playground.im_server import ImServer
from playground.model_server import ModelServer
from playground.scenario.format import parse
from playground.scenario.orders import HostSwitch
from playground.scenario.run import Player, Result, StepResult
from tests.playground.receiver import Received, Receiver, receiving


@dataclass
class World:
    """What a scenario is played in.

    Attributes:
        webhook: the bot's; it asks the model about each new message, and replies to its sender or group.
        replies: how often the bot sends each reply; exactly once would be right.
        kills: how often the host was killed.
        told: results in the order in which they came.
        tool: the bot's only tool, and what it returns; empty for none.
    """

    im: ImServer
    model: ModelServer
    webhook: Receiver
    session: aiohttp.ClientSession
    replies: int = 1
    kills: int = 0
    told: list[StepResult] = field(default_factory=list)
    tool: tuple[str, str] = ("", "")
    history: list[dict[str, Any]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    async def play(self, text: str, *, model: bool = True, killable: bool = True) -> Result:
        """Play the steps of a file."""

        async def kill() -> None:
            self.kills += 1

        player = Player(
            Control(self.session, self.im.url, "the IM emulator"),
            Control(self.session, self.model.url, "the model server") if model else None,
            bot="helper",
            host=HostSwitch(kill, self._up) if killable else None,
        )
        return await player.run(parse(f'title = "t"\n{text}', "t.toml"), self.told.append)

    async def _up(self) -> None:
        """It is, always."""

    async def answer(self, received: Received) -> web.Response:
        """Do as the relay does, but for everything that is hard."""
        body = received.body
        if received.headers["CheckSum"] == "0" * 40:
            return web.json_response({"error": "unauthorized", "detail": "bad"}, status=401)
        if body.get("eventType") not in ("1", None):
            return web.json_response({"status": "noted"})
        if body["convType"] == "TEAM" and "@Helper" not in body["body"]:
            return web.json_response({"status": "ignored", "reason": "not_addressed"})
        if body["msgidClient"] not in self._seen:
            self._seen.add(body["msgidClient"])
            self.im._start(self._reply(body))
        return web.json_response({"status": "queued"})

    async def _reply(self, body: dict[str, Any]) -> None:
        self.history.append({"role": "user", "content": body["body"]})
        name, result = self.tool
        while True:
            request = {"model": "m", "messages": [{"role": "system", "content": "Be brief."}, *self.history]}
            if name:
                request["tools"] = [{"type": "function", "function": {"name": name, "parameters": {}}}]
            async with self.session.post(f"{self.model.url}/v1/chat/completions", json=request) as response:
                answer = await response.json()
            if response.status != 200:
                return
            said = answer["choices"][0]["message"]
            text, calls = said["content"], said.get("tool_calls", [])
            self.history.append({"role": "assistant", "content": text, "tool_calls": calls})
            if not calls:
                break
            self.history += [
                {"role": "tool", "tool_call_id": call["id"], "content": result} for call in calls
            ]
        team = body["convType"] == "TEAM"
        for _ in range(self.replies):
            await self.im.chats.deliver(
                Delivered(
                    sender="helper",
                    to=body["to"] if team else body["fromAccount"].lower(),
                    team_kind="team" if team else None,
                    text=text,
                    client_id="",
                    server_id=self.im.chats.next_id(),
                    at=self.im.chats.now(),
                    origin="api",
                )
            )


@asynccontextmanager
async def worlds() -> AsyncIterator[World]:
    """A running world."""
    async with (
        receiving() as webhook,
        ImServer(app_key="k", secret="s", webhook=webhook.url) as im,
        ModelServer() as model,
        aiohttp.ClientSession() as session,
    ):
        world = World(im, model, webhook, session)
        webhook.answer = world.answer
        yield world


def lines_of(result: Result) -> list[tuple[str, bool, str]]:
    """Titles, outcomes and details."""
    return [(step.title, step.ok, step.detail) for step in result.steps]


def failure_of(result: Result) -> tuple[str, str]:
    """Title and detail of the step that failed."""
    (failed,) = [step for step in result.steps if not step.ok]
    assert failed is result.steps[-1]
    return failed.title, failed.detail
