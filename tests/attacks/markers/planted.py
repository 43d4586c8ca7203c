"""Everything that people, models and tools say, each with a marker in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay.config.settings import load_settings
from relay.errors import ImUnavailable, MediumRefused, ModelUnavailable
from relay.ports import Completion, Prompt
from relay.tools import Call, File, tool
from tests.conftest import EXAMPLE
from tests.doubles.model import called
from tests.kit import RelayKit

SETTINGS = load_settings(EXAMPLE)
"""Of the relay that hears it."""

MARK = "marker-4f1c"
URL = f"https://nim-nosdn.netease.im/{MARK}"
FETCHED = {"url": URL, "name": f"{MARK}.txt", "md5": MARK, "size": 10}

Body = dict[str, Any]
"""A message copy, so that it can be recalled."""


@tool
def looks_up(what: str) -> str:
    """Look something up."""
    return f"found {MARK}"


@tool
async def says(call: Call) -> str:
    """Say something on the way."""
    await call.say(f"One moment, {MARK}")
    return "said"


@tool
def sends(what: str) -> File:
    """Send a file."""
    return File(URL, f"{MARK}.pdf")


@tool(confirm="Shall I, {what}?")
def asks_first(what: str) -> str:
    """Ask first."""
    return "done"


@dataclass(frozen=True)
class Kind:
    """Something that is said.

    Attributes:
        name: for people.
        plant: has it said; what is recalled then.
        is_kept: whether it is stored as words at all: else it is nowhere from the beginning.
    """

    name: str
    plant: Callable[[RelayKit], Body]
    is_kept: bool = True


def _post(relay: RelayKit, text: str = "hello", **fields: Any) -> Body:
    body = relay.copy(text, **fields)
    relay.post_body(body)
    return body


def _text(relay: RelayKit) -> Body:
    return _post(relay, f"my {MARK}")


def _long(relay: RelayKit) -> Body:
    return _post(relay, ("x" * 30_000) + f" {MARK}")


def _name(relay: RelayKit) -> Body:
    return _post(relay, fromNick=MARK)


def _context(relay: RelayKit) -> Body:
    return _post(relay, ext=json.dumps({"robotInfo": {"customContent": MARK}}))


def _topic(relay: RelayKit) -> Body:
    return _post(relay, ext=json.dumps({"robotInfo": {"topic": MARK}}))


def _group(relay: RelayKit) -> Body:
    return _post(relay, f"@Helper {MARK}", team="42", fromNick=MARK)


def _heard(relay: RelayKit) -> Body:
    relay.configure_bot(listen=True)
    return _post(relay, f"to nobody, {MARK}", team="42")


def _reply(relay: RelayKit) -> Body:
    relay.model.script = [f"I say {MARK}, **{MARK}**"]
    return _post(relay)


def _parts(relay: RelayKit) -> Body:
    relay.model.script = [f"{MARK} " * 900]
    return _post(relay)


def _edited(relay: RelayKit) -> Body:
    body = _post(relay)
    relay.clock.advance(1)
    relay.edit(body, f"now {MARK}")
    return body


def _medium(name: str, attach: Body, trouble: bool = False) -> Callable[[RelayKit], Body]:
    def plant(relay: RelayKit) -> Body:
        kinds = ["text", "picture", "audio", "video", "file", "location", "custom", "tip"]
        relay.configure_bot(transcribe={"model": "gpt-transcribe"}, kinds=kinds)
        for media in (relay.media.transcripts, relay.media.texts, relay.media.pictures):
            media[URL] = MediumRefused("it is no medium") if trouble else f"data:,{MARK}"
        body = relay.copy(f"caption {MARK}", msgType=name, attach=attach)
        relay.post_body(body)
        relay.settle()
        return body

    return plant


def _tool(name: str, *, script: list[Any]) -> Callable[[RelayKit], Body]:
    def plant(relay: RelayKit) -> Body:
        relay.tools.add(looks_up, says, sends, asks_first)
        relay.configure_bot(tools=[name])
        relay.model.script = script
        return _post(relay)

    return plant


def _confirmed(relay: RelayKit) -> Body:
    body = _tool("asks_first", script=[called("asks_first", what=MARK)])(relay)
    assert any(MARK in text for text in relay.replies)
    return body


def _streamed(relay: RelayKit) -> Body:
    whole = f"It opens at nine in the morning, says {MARK}, and closes at six, on Sundays at four."

    async def say(prompt: Prompt) -> Completion:
        if relay.model.heard is not None:
            relay.model.heard(whole[:60])
        for _ in range(40):
            await asyncio.sleep(0)
        return Completion(whole)

    relay.configure_bot(stream=True)
    relay.model.script = [say]
    return _post(relay)


def _response(relay: RelayKit) -> Body:
    relay.model.script = [f"I say {MARK}"]
    body = relay.copy(f"my {MARK}", to="echo")
    relay.post_body(relay.chatbot(f"my {MARK}", to="echo", client_id=body["msgidClient"]))
    return body


def _unanswered(relay: RelayKit) -> Body:
    """It waits: its conversation is busy, and it lies on the queue."""
    relay.hold_lease(seconds=60)
    return _post(relay, f"my {MARK}", fromNick=MARK)


def _given_up(relay: RelayKit) -> Body:
    relay.model.default = ModelUnavailable("HTTP 503")
    body = _post(relay, f"my {MARK}")
    relay.settle()
    return body


def _unsent(relay: RelayKit) -> Body:
    """The answer is stored, and the IM server takes nothing."""
    relay.im.default = ImUnavailable("no answer")
    relay.model.script = [f"I say {MARK}"]
    return _post(relay, f"my {MARK}")


KINDS = (
    Kind("a text", _text),
    Kind("a long text", _long),
    Kind("a nickname", _name),
    Kind("context of the app", _context),
    Kind("a topic", _topic, is_kept=False),
    Kind("a group message and a nickname", _group),
    Kind("a group message that a bot hears", _heard),
    Kind("an edited text", _edited),
    Kind("a picture and its caption", _medium("PICTURE", FETCHED)),
    Kind("a voice message and its transcript", _medium("AUDIO", FETCHED)),
    Kind("a video", _medium("VIDEO", FETCHED)),
    Kind("a file and its text", _medium("FILE", FETCHED)),
    Kind("a file that cannot be read", _medium("FILE", FETCHED, trouble=True)),
    Kind("a place", _medium("LOCATION", {"lat": 1, "lng": 2, "title": MARK})),
    Kind("a message of the app's own kind", _medium("CUSTOM", {"thing": MARK})),
    Kind("a reply", _reply),
    Kind("a reply in several messages", _parts),
    Kind("a reply that was streamed", _streamed),
    Kind("a request of a response bot and its answer", _response),
    Kind("arguments of a tool", _tool("looks_up", script=[called("looks_up", what=MARK), "It is there."])),
    Kind("a result of a tool", _tool("looks_up", script=[called("looks_up", what="x"), f"It is {MARK}."])),
    Kind("what a tool says on the way", _tool("says", script=[called("says"), "Done."])),
    Kind("a file that a tool sends", _tool("sends", script=[called("sends", what="x"), "There."])),
    Kind("a question before a tool runs", _confirmed),
    Kind("a message that waits", _unanswered),
    Kind("a message that was given up", _given_up),
    Kind("a reply that could not be sent", _unsent),
)
