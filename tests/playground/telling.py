"""A scenario that is told to a stack which runs already: what happens in it, without a person at its page."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from playground.control import Control
from playground.scenario.format import parse
from playground.scenario.orders import HostSwitch
from playground.scenario.run import Player
from tests.playground.scenario.world import lines_of


async def tell(page: str, logs: Path, toml: str, bot: str = "helper") -> None:
    """Play a scenario in the stack behind a page; it has to go as expected.

    Args:
        page: URL of the page; it kills the function host where a step says so.
        logs: folder of the stack's logs, which say where its parts are.
        toml: the scenario.
        bot: who is spoken to where no step says it.
    """
    async with aiohttp.ClientSession() as session:

        async def down() -> None:
            """What goes down here comes up by itself."""
            async with session.get(f"{page}/api/events?after={await _seq(session, page)}") as events:
                async with session.post(f"{page}/api/host/kill", json={}) as answer:
                    assert answer.status == 202
                async for line in events.content:
                    if b'"state": "running"' in line:
                        return

        async def up() -> None:
            """It is: see above."""

        im, model = (Control(session, _url(logs / f"{part}.log"), part) for part in ("im", "model"))
        result = await Player(im, model, bot=bot, host=HostSwitch(down, up)).run(parse(toml, "story.toml"))
    assert result.ok, lines_of(result)


async def _seq(session: aiohttp.ClientSession, page: str) -> int:
    async with session.get(f"{page}/api/state") as state:
        return int((await state.json())["seq"])


def _url(log: Path) -> str:
    found = re.search(r"listening on (http://\S+)", log.read_text(encoding="utf-8"))
    assert found
    return found[1]
