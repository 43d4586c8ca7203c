"""Promises 1 to 3 as invariants, in every state of small worlds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.bots import Bot
from relay.keys import client_id, conversation_key
from relay.messages import Message
from relay.outbox import POISON, TURNS
from relay.settings import Settings
from tests.exploration.explorer import explore
from tests.exploration.world import Budget, World

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
BOT = Bot(
    accid="helper",
    name="Helper",
    system_prompt="You are Helper.",
    turn_seconds=1,
    rewind_minutes=60,
    rewind_messages=5,
)


async def one_after_the_other(*reads: Coroutine[Any, Any, Any]) -> list[Any]:
    """In the place of asyncio.gather, which needs an event loop."""
    try:
        return [await read for read in reads]
    finally:
        for read in reads:
            read.close()


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(asyncio, "gather", one_after_the_other)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def message(n: int, text: str = "", at: int = NOON) -> Message:
    """A message of alice's; equal numbers are the same message."""
    return Message(bot="helper", sender="alice", id=f"c:alice:{n}", at=at + n, text=text or f"m{n}")


def worlds(
    settings: Settings, messages: list[Message], budget: Budget, bot: Bot = BOT
) -> Callable[[], World]:
    short = settings.model_copy(update={"send_seconds": 1.0, "lease_margin_seconds": 3.0})
    return lambda: World(short, bot, messages, budget)


def all_answered_once(world: World) -> None:
    """Every message has one stored reply, which was shown once; nothing waits anywhere."""
    assert world.queues.texts(TURNS) == [], "the queue is not empty"
    entries = {entry.id: entry for entry in world.entries() if entry.kind != "reply"}
    replies = {reply.key: reply for reply in world.reply_rows()}
    ids = {said.id for said in world.messages}
    assert entries.keys() == ids, "a message has no row"
    for entry in entries.values():
        if entry.state == "closed":
            assert any(said.text == "/forget" for said in world.messages), "a message was closed"
            continue
        assert entry.state == "answered", f"{entry.text} is {entry.state}"
        if entry.kind == "text":
            assert entry.reply in replies, f"{entry.text} has no reply"
    covered = {entry.reply for entry in entries.values() if entry.reply}
    assert covered == replies.keys(), "a reply covers nothing"
    for reply in replies.values():
        assert reply.state in ("sent", "closed"), f"a reply is {reply.state}"
    shown = [sent.client_id for sent in world.im.shown]
    assert len(shown) == len(set(shown)), "something was shown twice"
    sent = {reply.client_id for reply in replies.values() if reply.state == "sent"}
    closed = {
        reply.client_id for reply in replies.values() if reply.state == "closed"
    }  # shown before /forget or not
    confirmed = {
        client_id(conversation_key(world.messages[0]), e.id) for e in entries.values() if e.kind != "text"
    }
    assert sent | confirmed <= set(shown), "a reply that is marked sent was not shown"
    assert set(shown) <= sent | confirmed | closed, "something was shown that is no stored reply"
    assert world.queues.texts(POISON) == [], "something ended as poison"


@pytest.mark.parametrize(
    "budget",
    [Budget(), Budget(kills=1), Budget(losses=1), Budget(ticks=1), Budget(kills=1, losses=1)],
    ids=lambda budget: f"kills={budget.kills},losses={budget.losses},ticks={budget.ticks}",
)
def test_one_message_is_answered_once_whatever_happens(settings: Settings, budget: Budget) -> None:
    explored = explore(worlds(settings, [message(1)], budget), all_answered_once)
    assert explored.finished
    assert explored.ends > 0
    print(explored)


def test_a_message_that_is_delivered_twice(settings: Settings) -> None:
    explored = explore(worlds(settings, [message(1), message(1)], Budget()), all_answered_once)
    print(explored)
    assert explored.finished


@pytest.mark.parametrize(
    ("name", "texts", "budget"),
    [
        ("two", ["a", "b"], Budget()),
        ("two, a kill", ["a", "b"], Budget(kills=1)),
        ("two, a lost answer", ["a", "b"], Budget(losses=1)),
        ("a message and /forget", ["a", "/forget"], Budget()),
        ("a message and /forget, a kill", ["a", "/forget"], Budget(kills=1)),
        ("a message and /new", ["a", "/new"], Budget()),
        ("a message and /new, a lost answer", ["a", "/new"], Budget(losses=1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_two_messages(settings: Settings, name: str, texts: list[str], budget: Budget) -> None:
    messages = [message(n, text) for n, text in enumerate(texts, start=1)]
    explored = explore(worlds(settings, messages, budget), all_answered_once, states_max=30_000)
    print(name, explored)
