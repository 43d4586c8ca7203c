"""A scenario file that the page plays has a stack of its own, which ends with it."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import aiohttp
import pytest

from playground.runs import RUNS
from tests.playground.page.conftest import Browser

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("quick_stack")]

HELLO = """
title = "Hello"

[[steps]]
say = "hello"
expect = "You said: hello"
"""
SLOW = """
title = "Slow"

[[script]]
seconds = 100

[[steps]]
say = "hello"
expect = { replies = 1, within = 100 }
"""


def parts() -> list[str]:
    """The processes of this one that run, but for the storage that all tests share."""
    runs = [json.loads(path.read_text()) for path in RUNS.glob("*.json")]
    own = (run[1:] for run in runs if run[0]["pid"] == os.getpid())
    return [child["name"] for children in own for child in children if child["name"] != "azurite"]


async def told(browser: Browser, toml: str) -> list[dict[str, Any]]:
    async with playing(browser, toml) as response:
        assert response.status == 200
        return [json.loads(line) async for line in response.content if line.strip()]


def playing(browser: Browser, toml: str) -> Any:
    """The answer to a file, as it comes."""
    timeout = aiohttp.ClientTimeout(total=120)
    return browser.session.post(f"{browser.url}/api/scenario", json={"toml": toml}, timeout=timeout)


async def test_it_touches_neither_the_chats_nor_the_faults_of_the_page(browser: Browser) -> None:
    await browser.call("PUT", "/api/faults/model-500", {"scope": "on"})
    lines = await told(browser, HELLO)
    assert [line.get("title") for line in lines] == [
        "alice → helper: hello",
        'helper answers "You said: hello"',
        "nothing else is said",
        None,
    ]
    assert lines[-1] == {"ok": True, "not_played": 0, "why": ""}
    state = await browser.state()
    assert state["messages"] == []
    assert [fault["name"] for fault in state["faults"] if fault["scope"]] == ["model-500"]
    assert (browser.model.requests, browser.webhook.received) == ([], [])


async def test_a_step_that_fails_says_where_the_logs_are(browser: Browser) -> None:
    *_, failed, end = await told(browser, HELLO.replace("You said", "Somebody said"))
    assert failed == {
        "title": 'helper answers "Somebody said: hello"',
        "ok": False,
        "detail": 'helper said "You said: hello"',
    }
    assert (end["ok"], "replay-" in end["why"]) == (False, True)


@pytest.mark.parametrize("line", [0, 1])
async def test_who_stops_reading_cancels_it(browser: Browser, line: int) -> None:
    """Before its stack has started, and while a step is played."""
    before = parts()
    async with playing(browser, SLOW) as response:
        while line and not (await response.content.readline()).strip():
            pass
        if line:
            assert len(parts()) > len(before)
        busy, _ = await browser.call("POST", "/api/scenario", {"toml": HELLO})
        assert busy == 409
    async with asyncio.timeout(30):
        while (await told_or_busy(browser)) is None:
            pass
    assert parts() == before


async def told_or_busy(browser: Browser) -> list[dict[str, Any]] | None:
    """What came of a file; None while the one before it ends."""
    async with playing(browser, HELLO) as response:
        if response.status == 409:
            return None
        return [json.loads(line) async for line in response.content if line.strip()]
