"""Rounds of tool calls beside a real stack: spans and rows joined, through a kill inside a call and through a yes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from playground.page.rounds import AGAIN, RESUMED
from playground.runs import ROOT
from tests.playground.page.test_stack import a_page, answered_at, call, complete, steps
from tests.playground.telling import tell

pytestmark = pytest.mark.stack

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
tools = ["order", "cancel_order", "book_table"]
turn_seconds = 8
tool_seconds = 4
"""
TOOLS = ROOT / "tests" / "scenarios" / "files" / "shop_tools.py"

KILLED = """
title = "killed inside a call"

[[script]]
when = "for eight"
call = "book_table"
arguments = { guests = 8 }

[[steps]]
say = "A table for eight"
expect = "One moment, please."

[[steps]]
kill = "host"
expect = { contains = "begun 2 times", within = 60 }
"""

ALLOWED = """
title = "asked first"

[[script]]
when = "Cancel"
call = "cancel_order"
arguments = { number = 1042 }

[[steps]]
say = "Cancel it"
expect = { contains = "Cancel order 1042?" }

[[steps]]
say = "yes"
expect = { contains = "is cancelled" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with a_page(folder, BOTS, RELAY_TOOLS_FILE=str(TOOLS)) as url:
        yield url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as one:
        yield one


async def play(session: aiohttp.ClientSession, url: str, folder: Path, toml: str) -> list[str]:
    """Play a scenario in the page's stack; the ids of the messages that it said."""
    before = {said["id"] for said in (await call(session, "GET", f"{url}/api/state"))["messages"]}
    await tell(url, folder / "logs", toml)
    state = await call(session, "GET", f"{url}/api/state")
    return [m["id"] for m in state["messages"] if m["origin"] == "user" and m["id"] not in before]


def details(step: dict[str, Any]) -> dict[str, Any]:
    return {detail["label"]: detail["value"] for detail in step["details"]}


async def test_a_call_that_a_kill_has_cut_off_is_seen_to_begin_again_under_its_key(
    session: aiohttp.ClientSession, url: str, folder: Path
) -> None:
    (message,) = await play(session, url, folder, KILLED)
    timeline = await complete(session, url, message)
    titles = [step["title"] for step in timeline["steps"]]
    assert titles.index("Turn: broken off") < answered_at(titles)
    found = steps(timeline, "round")[-1]
    assert found["title"] == "Round 1: book_table"
    assert RESUMED in found["summary"]
    ran = steps(timeline, "tool")[-1]
    assert AGAIN in ran["summary"]
    assert details(ran)["Arguments"] == {"guests": 8}
    assert details(ran)["Result, as the model reads it"].startswith("Booked for 8; begun 2 times")
    assert details(ran)["Said on the way"] == "One moment, please."


async def test_what_was_asked_first_is_seen_at_the_question_and_at_the_yes(
    session: aiohttp.ClientSession, url: str, folder: Path
) -> None:
    asked, allowed = await play(session, url, folder, ALLOWED)
    timeline = await complete(session, url, asked)
    assert "asked first; the user said “yes”" in steps(timeline, "tool")[0]["summary"]
    timeline = await complete(session, url, allowed)
    (ran,) = steps(timeline, "tool")
    assert ran["summary"].endswith("Order 1042 is cancelled. · the user said yes")

    (table,) = (await call(session, "GET", f"{url}/api/messages/{asked}/rows"))["tables"]
    rounds = [row for row in table["rows"] if row["kind"] == "round" and asked in row["about"]]
    assert [each["name"] for row in rounds for each in row["calls"]] == ["cancel_order"]
    assert [row["asks"] for row in table["rows"] if row["asks"]] == ["answered"]
