"""The page beside a real stack whose bots file changes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from playground.page.parts import HostLabel, ModelLabel
from playground.page.server import PageServer
from playground.reload import Files
from playground.stack import Stack
from relay.config.bots import load_bots
from tests.quick_stack import quick_stack

pytestmark = pytest.mark.stack

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are {}."

[[bots]]
accid = "echo"
name = "Echo"
system_prompt = "You repeat."
"""
RELOADED_SECONDS = 10.0
"""Two on a machine that has nothing else to do."""


@dataclass
class Reader:
    """Who reads the page, and writes to its bots."""

    url: str
    session: aiohttp.ClientSession
    bots: Path
    stack: Stack

    async def state(self) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/api/state") as response:
            return dict(await response.json())

    async def say(self, text: str, to: str = "helper") -> str:
        body = {"as": "alice", "to": to, "text": text}
        async with self.session.post(f"{self.url}/api/messages", json=body) as response:
            return str((await response.json())["id"])

    async def until(self, after: int, kind: str, **expected: Any) -> dict[str, Any]:
        """The first event behind this number with these fields (of what it is about, where it is about something)."""
        async with self.session.get(f"{self.url}/api/events?after={after}") as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    event = json.loads(line.removeprefix(b"data: "))
                    fields = event.get(kind, event)
                    if event["type"] == kind and expected.items() <= fields.items():
                        return dict(event)
        raise AssertionError("the events have ended")

    async def prompt_for(self, message: str) -> str:
        """The system prompt that the model was given with a message."""
        async with self.session.get(f"{self.url}/api/messages/{message}/timeline") as response:
            return json.dumps(await response.json())


@contextmanager
def a_stack(folder: Path) -> Iterator[tuple[str, Path, Stack]]:
    bots, tools = folder / "bots.toml", folder / "tools.py"
    bots.write_text(BOTS.format("Helper"), encoding="utf-8")
    paths = {"RELAY_BOTS_FILE": str(bots), "RELAY_TOOLS_FILE": str(tools)}
    host = HostLabel("builtin", "starting", killable=True)
    label = ModelLabel("scripted", "scripted", visible=True)
    with quick_stack(), PageServer(load_bots(bots), label, host, files=Files(bots, tools)) as server:
        environ = {**os.environ, **paths}
        stack = Stack(model="scripted", logs=folder / "logs", collector=server.collector, environ=environ)
        with stack:
            server.connect(stack)
            try:
                yield server.url, bots, stack
            finally:
                server.close()


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    with a_stack(tmp_path) as (url, bots, stack):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield Reader(url, session, bots, stack)


async def test_what_is_saved_holds_for_the_next_message_and_the_chats_stay(reader: Reader) -> None:
    first = await reader.say("hello")
    await reader.until(0, "message", id=first, status="answered")
    seq = (await reader.state())["seq"]
    began = time.monotonic()
    reader.bots.write_text(BOTS.format("a pirate").split('[[bots]]\naccid = "echo"')[0], encoding="utf-8")
    await reader.until(seq, "host", state="replacing")
    during = await reader.say("is anybody there while the host is replaced?")
    await reader.until(seq, "host", state="running")
    replaced = time.monotonic() - began
    second = await reader.say("and who are you?")
    await reader.until(seq, "message", id=second, status="answered")
    answered = time.monotonic() - began
    print(f"\nfrom the save: {replaced:.2f} s until the host was replaced, {answered:.2f} s until the answer")
    assert answered < RELOADED_SECONDS
    await reader.until(seq, "message", id=during, status="answered")
    assert "You are a pirate." in await reader.prompt_for(second)
    state = await reader.state()
    assert [bot["accid"] for bot in state["bots"]] == ["helper"], "nothing was said to the other one"
    assert first in [message["id"] for message in state["messages"]]


async def test_a_turn_that_has_begun_ends_where_it_began(reader: Reader) -> None:
    seq = (await reader.state())["seq"]
    async with reader.session.put(f"{reader.url}/api/faults/model-slow", json={"scope": "next"}) as done:
        assert done.status == 200
    slow = await reader.say("take your time")
    before = reader.stack.functions
    assert before
    reader.bots.write_text(BOTS.format("a pirate"), encoding="utf-8")
    await reader.until(seq, "host", state="running")
    assert reader.stack.functions is not before
    assert before.running, "it has a turn to end"
    await reader.until(seq, "message", id=slow, status="answered")
    assert "You are Helper." in await reader.prompt_for(slow)


async def test_a_file_that_is_wrong_changes_nothing_until_it_is_mended(reader: Reader) -> None:
    host = reader.stack.functions
    await reader.until(0, "message", id=await reader.say("hello", to="echo"), status="answered")
    seq = (await reader.state())["seq"]
    reader.bots.write_text(BOTS.format("Helper").replace("name =", "nam =", 1), encoding="utf-8")
    event = await reader.until(seq, "files")
    assert 'bot "helper": nam: ' in event["files"]["problems"][0] or "nam" in event["files"]["problems"][0]
    assert reader.stack.functions is host
    await reader.until(seq, "message", id=await reader.say("still there?"), status="answered")
    mended = (
        BOTS.format("Helper").replace('name = "Helper"', 'name = "Mate"').split('[[bots]]\naccid = "echo"')[0]
    )
    reader.bots.write_text(mended, encoding="utf-8")
    await reader.until(seq, "files", problems=[])
    await reader.until(seq, "host", state="running")
    assert reader.stack.functions is not host
    assert [(bot["name"], bot["removed"]) for bot in (await reader.state())["bots"]] == [
        ("Mate", False),
        ("Echo", True),
    ]


async def test_a_host_that_ends_by_itself_is_seen_to_be_down_and_comes_back_with_a_save(
    reader: Reader,
) -> None:
    assert reader.stack.functions
    reader.stack.functions.kill()
    await reader.until(0, "host", state="down")
    reader.bots.write_text(BOTS.format("a pirate"), encoding="utf-8")
    await reader.until((await reader.state())["seq"], "host", state="running")
