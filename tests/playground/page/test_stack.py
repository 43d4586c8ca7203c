"""The page beside a real stack: the relay's own spans, real storage, a function host that is killed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from playground.page.parts import HostLabel, ModelLabel
from playground.page.server import PageServer
from playground.stack import Stack
from relay.config.bots import load_bots
from tests.quick_stack import quick_stack

pytestmark = pytest.mark.stack

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
turn_seconds = 2
"""
QUICKLY = {"RELAY_SEND_SECONDS": "1", "RELAY_LEASE_MARGIN_SECONDS": "1"}


@contextmanager
def a_page(folder: Path, bots: str = BOTS, **settings: str) -> Iterator[str]:
    """The page over a whole stack whose turns are short; yields its URL."""
    file = folder / "bots.toml"
    file.write_text(bots, encoding="utf-8")
    environ = {**os.environ, "RELAY_BOTS_FILE": str(file), **QUICKLY, **settings}
    host = HostLabel("builtin", "starting", killable=True)
    with (
        quick_stack(),
        PageServer(load_bots(file), ModelLabel("scripted", "scripted", visible=True), host) as server,
    ):
        stack = Stack(model="scripted", logs=folder / "logs", collector=server.collector, environ=environ)
        with stack:
            server.connect(stack)
            try:
                yield server.url
            finally:
                server.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_page(tmp_path_factory.mktemp("page")) as url:
        yield url


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as one:
        yield one


async def call(session: aiohttp.ClientSession, method: str, url: str, body: Any = None) -> Any:
    async with session.request(method, url, json=body) as response:
        assert response.status < 300, await response.text()
        return await response.json()


async def say(session: aiohttp.ClientSession, url: str, text: str) -> str:
    message = {"as": "alice", "to": "helper", "text": text}
    return str((await call(session, "POST", f"{url}/api/messages", message))["id"])


async def complete(session: aiohttp.ClientSession, url: str, message: str) -> dict[str, Any]:
    """The timeline once nothing more will come, read again whenever an event says that it has grown."""
    async with session.get(f"{url}/api/events?after=0") as events:
        async for line in events.content:
            if not line.startswith(b"data: ") or json.loads(line[6:]).get("id") != message:
                continue
            timeline: dict[str, Any] = await call(session, "GET", f"{url}/api/messages/{message}/timeline")
            if timeline["complete"]:
                return timeline
    raise AssertionError("the events have ended")


def answered_at(titles: list[str]) -> int:
    """The place of the turn that answered: on a busy machine it may not be the next one."""
    return next(n for n, title in enumerate(titles) if re.fullmatch(r"Turn.*: answered", title))


def steps(timeline: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def look(children: list[dict[str, Any]]) -> None:
        for step in children:
            found.extend([step] if step["kind"] == kind else [])
            look(step["children"])

    look(timeline["steps"])
    return found


async def test_a_turn_is_seen_from_the_signed_request_to_the_reply(
    session: aiohttp.ClientSession, url: str
) -> None:
    await complete(session, url, await say(session, url, "first"))
    timeline = await complete(session, url, await say(session, url, "second"))
    kinds = [step["kind"] for step in timeline["steps"]]
    assert kinds == ["request", "answer", "queue", "turn", "reply"]
    turn = steps(timeline, "turn")[0]
    inside = [step["kind"] for step in turn["children"]]
    wanted = ["claim", "lease", "window", "model", "store", "im"]
    assert [kind for kind in inside if kind in wanted] == wanted
    assert steps(timeline, "storage")

    (window,) = steps(timeline, "window")[0]["details"]
    assert [(row["role"], row["text"], row["fate"]) for row in window["value"]] == [
        ("system", "You are Helper.", "sent"),
        ("user", "first", "sent"),
        ("assistant", "You said: first", "sent"),
        ("user", "second", "sent"),
    ]
    model = {detail["label"]: detail["value"] for detail in steps(timeline, "model")[0]["details"]}
    assert model["Request"]["messages"][-1]["content"] == "second"
    assert model["Response"]["choices"][0]["message"]["content"] == "You said: second"
    call_of_im = steps(timeline, "im")[-1]
    assert call_of_im["summary"] == "200 (delivered)"


async def test_the_rows_of_the_conversation_are_those_in_table_storage(
    session: aiohttp.ClientSession, url: str
) -> None:
    message = await say(session, url, "remember me")
    timeline = await complete(session, url, message)
    rows = await call(session, "GET", f"{url}/api/messages/{message}/rows")
    (table,) = rows["tables"]
    newest, asked = table["rows"][:2]
    assert (newest["kind"], newest["text"]) == ("reply", "You said: remember me")
    assert (asked["kind"], asked["text"], asked["about"]) == ("text", "remember me", [message])
    assert table["expires_at"] > timeline["steps"][0]["at"] + 24 * 3600 * 1000
    assert rows["lease"] is None


async def test_a_fault_of_the_im_api_and_how_the_relay_coped_are_seen(
    session: aiohttp.ClientSession, url: str
) -> None:
    await call(session, "PUT", f"{url}/api/faults/im-449", {"scope": "next"})
    timeline = await complete(session, url, await say(session, url, "hello"))
    sent = steps(timeline, "im")[-1]
    assert (sent["status"], sent["summary"]) == (
        "warn",
        "449 (asked to try again), then 200 (delivered), after 2 attempts",
    )


async def test_a_killed_host_comes_back_and_the_message_is_answered(
    session: aiohttp.ClientSession, url: str
) -> None:
    await call(session, "PUT", f"{url}/api/faults/model-slow", {"scope": "next"})
    message = await say(session, url, "survive this")
    async with session.get(f"{url}/api/events?after=0") as events:  # until the turn is under way
        async for line in events.content:
            timeline = await call(session, "GET", f"{url}/api/messages/{message}/timeline")
            if line and steps(timeline, "model"):
                break
    await call(session, "POST", f"{url}/api/host/kill")
    timeline = await complete(session, url, message)
    titles = [step["title"] for step in timeline["steps"]]
    assert "Function host killed" in titles
    assert titles.index("Turn: broken off") < answered_at(titles) < titles.index("Reply in the chat")
    assert len(steps(timeline, "reply")) == 1
