"""Model servers that are not as the bots file says, and what ``relay check --live`` says of each.

``python -m tests.model --write`` puts the list into ``docs/model-servers.md``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playground.loopback import serving
from playground.ports import free_port
from relay.config.bots import Bots, bots_in
from relay.config.settings import load_settings
from relay.operations.live import ask_models, report
from tests.mistakes import GOOD_SETTINGS

SECONDS = 3
"""For each: a server that may answer later is asked again until then."""

HERE = "http://127.0.0.1:8767"
"""Stands for the server's address in what is shown."""


@dataclass(frozen=True)
class Odd:
    """A server, and a bot that is asked of it.

    Attributes:
        title: what is wrong.
        status: of every answer; 0 for nobody there.
        body: of every answer; text is no JSON.
        bot: keys of the bot.
        path: of the base URL.
    """

    title: str
    status: int
    body: dict[str, Any] | str = ""
    bot: tuple[tuple[str, Any], ...] = ()
    path: str = "/v1"

    def bots(self) -> Bots:
        """The bots file."""
        bot = {"accid": "helper", "name": "Helper", "system_prompt": "You are Helper.", **dict(self.bot)}
        return bots_in({"bots": [bot]}, "bots.toml")


def _error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": None, "param": None, "code": None, **more}}


SERVERS = [
    Odd("Nobody is there", 0),
    Odd("The key is another server's", 401, _error("Incorrect API key provided.", code="invalid_api_key")),
    Odd(
        "The key is another server's, by the LiteLLM proxy",
        400,
        _error("No connected db.", type="no_db_connection", code="400"),
    ),
    Odd("The address lacks /v1", 404, "<html>404 page not found</html>", path=""),
    Odd(
        "The deployment is not there",
        404,
        _error("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
    ),
    Odd(
        "The model is unknown to the LiteLLM proxy",
        400,
        _error("/chat/completions: Invalid model name passed in model=tiny.", code="400"),
    ),
    Odd(
        "The deployment is of an embedding model",
        400,
        _error(
            "The chatCompletion operation does not work with the specified model, text-embedding-3-small.",
            code="OperationNotSupported",
        ),
    ),
    Odd(
        "The account is out of money",
        429,
        _error("You exceeded your current quota.", code="insufficient_quota", type="insufficient_quota"),
    ),
    Odd("A login page answers in its place", 200, "<html>Please log in</html>"),
    Odd("Another program answers", 200, {"status": "ok"}),
    Odd(
        "Thinking uses up the cap",
        200,
        {"choices": [{"finish_reason": "length", "message": {"role": "assistant", "content": ""}}]},
        bot=(("max_reply_tokens", 50), ("reasoning_effort", "high")),
    ),
    Odd(
        "The server lacks the Responses API",
        404,
        {"detail": "Not Found"},
        bot=(("server_tools", [{"type": "web_search"}]),),
    ),
    Odd(
        "Web search is switched off",
        403,
        _error("The web_search tool is disabled for this subscription.", code="Forbidden"),
        bot=(("server_tools", [{"type": "web_search"}]),),
    ),
    Odd("It is overloaded", 503, _error("Overloaded", type="overloaded_error")),
    Odd("A firewall takes offence", 400, "<html>Blocked by policy.</html>"),
]


async def said_of(odd: Odd) -> str:
    """What ``check --live`` says of its model, with the address as in the documentation."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        if isinstance(odd.body, str):
            return web.Response(status=odd.status, text=odd.body, content_type="text/html")
        return web.json_response(odd.body, status=odd.status)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    async with serving(app) as running:
        url = running if odd.status else f"http://127.0.0.1:{free_port()}"
        settings = load_settings(GOOD_SETTINGS | {"RELAY_MODEL_URL": url + odd.path})
        lines = report(await ask_models(settings, odd.bots(), SECONDS))
    return "\n".join(line.strip() for line in lines[2:]).replace(url, HERE)


async def section() -> str:
    """The list for the documentation, in Markdown."""
    said = await asyncio.gather(*map(said_of, SERVERS))
    blocks = [f"**{odd.title}**\n\n```text\n{text}\n```\n" for odd, text in zip(SERVERS, said, strict=True)]
    return "\n".join(blocks)
