"""The page's HTTP interface for scenarios: a chat as a file, and a file that is played."""

from __future__ import annotations

import json
from contextlib import aclosing, suppress
from typing import Any

from aiohttp import web

from playground.page.guard import ApiError
from playground.page.page import Page
from playground.page.replays import Replays, read_scenario
from playground.page.scenes import chat_as_scenario
from playground.page.words import say

SCENARIO_MAX_BYTES = 32 * 1024 * 1024
"""Of a file: what was attached stands in it."""


class ScenarioRoutes:
    """The handlers.

    Args:
        page: what is behind them.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._replays = Replays("func" if page.host.kind == "func" else "builtin")

    def routes(self) -> list[web.RouteDef]:
        """``/api/scenario``."""
        return [web.get("/api/scenario", self._save), web.post("/api/scenario", self._play)]

    async def aclose(self) -> None:
        """End what is being played."""
        await self._replays.aclose()

    async def _save(self, request: web.Request) -> web.Response:
        toml = await chat_as_scenario(self._page, request.query.get("chat", ""))
        disposition = {"Content-Disposition": 'attachment; filename="scenario.toml"'}
        return web.Response(text=toml, headers=disposition)

    async def _play(self, request: web.Request) -> web.StreamResponse:
        """Takes the text of the file, and answers with lines of JSON as they come; to break that off cancels it."""
        scenario = read_scenario(_toml_in(await request.read()))
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        async with aclosing(self._replays.play(scenario)) as lines:
            line = await anext(lines)
            await response.prepare(request)
            with suppress(ConnectionError):  # nobody reads any more
                await response.write(_as_bytes(line))
                async for line in lines:
                    await response.write(_as_bytes(line))
        return response


def _toml_in(body: bytes) -> str:
    try:
        toml = json.loads(body)["toml"]
    except (ValueError, KeyError, TypeError):
        toml = None
    if not isinstance(toml, str):
        raise ApiError(400, "bad_request", say("toml: must be the text of a file"))
    return toml


def _as_bytes(line: dict[str, Any] | None) -> bytes:
    return b"\n" if line is None else json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n"
