"""The small worlds that are explored, and what must hold wherever they end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from unittest import mock

from opentelemetry.trace import NoOpTracer

from relay import app, spans
from relay.config.bots import Bot
from relay.config.settings import load_settings
from relay.keys import client_id, conversation_key
from relay.memory.rows import is_earlier
from relay.messages import Change, Message, message_hash
from relay.outbox import FAILED, TURNS
from relay.texts import RELAYS_OWN
from relay.turn import respond, running, ways
from relay.turn.growing_messages import Edits
from relay.turn.notes import Note
from relay.turn.streaming import Stream
from tests.conftest import EXAMPLE
from tests.exploration.explorer import Explored, explore
from tests.exploration.world import Budget, World, run_call

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
BOT = Bot(
    accid="helper",
    name="Helper",
    system_prompt="You are Helper.",
    turn_seconds=1,
    rewind_minutes=60,
    rewind_messages=5,
)
NOTHING = Budget()
LEASE = {"send_seconds": 1.0, "lease_margin_seconds": 3.0}
"""With the bot's one second: a lease of five."""
REQUEST_LEASE = {"send_seconds": 1.0, "lease_margin_seconds": 38.0}
"""Of ``response`` bots: longer than a request, as it is by default."""


def message(
    n: int, text: str = "", *, at: int = NOON, sender: str = "alice", team: str | None = None
) -> Message:
    """A message; equal numbers are the same message."""
    return Message(
        bot="helper", sender=sender, id=f"c:{sender}:{n}", at=at + n, text=text or f"m{n}", team=team
    )


@dataclass(frozen=True)
class Space:
    """One world and what may go wrong in it.

    Attributes:
        name: for people.
        messages: what users send, in the order of its arrival.
        budget: what may go wrong.
        quick: explored on every run of the tests.
        parts: replies are three messages long.
        streamed: replies are shown while they grow, by stream messages or by edits.
        acts: the bot has a tool, and uses it for every answer.
        response: the bot answers in the HTTP response; the messages are requests, equal ones are copies.
        changes: what becomes of these messages; the queue may deliver it before them.
        states_max: where to stop; the space is then not finished.
    """

    name: str
    messages: tuple[Message, ...]
    budget: Budget = NOTHING
    quick: bool = False
    parts: bool = False
    streamed: bool | Literal["edit"] = False
    response: bool = False
    acts: bool = False
    changes: tuple[tuple[Message, Change], ...] = ()
    states_max: int = 1_000_000

    def run(self) -> Explored:
        """Explore it.

        Raises:
            Broken: an invariant does not hold.
        """
        settings = load_settings(EXAMPLE).model_copy(update=REQUEST_LEASE if self.response else LEASE)

        changes: dict[str, object] = {"reply": "response"} if self.response else {"stream": self.streamed}
        if self.acts:
            changes |= {"tools": ("act",), "tool_seconds": 0.1}
        bot = BOT.model_copy(update=changes)

        def make() -> World:
            return World(
                settings,
                bot,
                list(self.messages),
                self.budget,
                changes=self.changes,
                parts=self.parts,
                acts=self.acts,
            )

        check = all_changed if self.changes else all_responded if self.response else all_answered_once
        with without_an_event_loop():
            return explore(make, check, self.states_max)


def spaces() -> list[Space]:
    """All of them, the small ones first."""
    one, two, three = message(1), message(2), message(3)
    forget, new = message(2, "/forget"), message(2, "/new")
    late = (message(2, at=MIDNIGHT), message(1, at=MIDNIGHT - 2))
    group = (message(1, sender="alice", team="77"), message(2, sender="bob", team="77"))
    recall = ((replace(one, text=""), Change("recall", (one.id,))),)
    edit = ((replace(one, text="edited", at=0, dated=False), Change("edit", (one.id,), at=NOON + 5)),)
    kill, loss, tick = Budget(kills=1), Budget(losses=1), Budget(ticks=1)
    return [
        Space("one message", (one,), quick=True),
        Space("one message, a kill", (one,), kill, quick=True),
        Space("one message, a lost answer", (one,), loss, quick=True),
        Space("one message, its lease expires under it", (one,), tick, quick=True),
        Space("one message, a kill and a lost answer", (one,), Budget(kills=1, losses=1), quick=True),
        Space("one message, two kills", (one,), Budget(kills=2)),
        Space("one message, two lost answers", (one,), Budget(losses=2)),
        Space("one message, expiry and a lost answer", (one,), Budget(ticks=1, losses=1)),
        Space("one message, expiry and a kill", (one,), Budget(ticks=1, kills=1)),
        Space("one message delivered twice", (one, one), quick=True),
        Space("one message delivered twice, a kill", (one, one), kill),
        Space("one message delivered twice, a lost answer", (one, one), loss),
        Space("a reply in three parts, a kill", (one,), kill, quick=True, parts=True),
        Space("a reply in three parts, a lost answer", (one,), loss, quick=True, parts=True),
        Space(
            "a reply in three parts, a kill and a lost answer", (one,), Budget(kills=1, losses=1), parts=True
        ),
        Space("a reply in three parts and /forget, a kill", (one, forget), kill, parts=True),
        Space("two messages", (one, two), quick=True),
        Space("two messages in the wrong order", (two, one), quick=True),
        Space("two messages, a kill", (one, two), kill),
        Space("two messages, a lost answer", (one, two), loss),
        Space("two messages, a lease expires", (one, two), tick),
        Space("two messages, a kill and a lost answer", (one, two), Budget(kills=1, losses=1)),
        Space("two messages around midnight", late, quick=True),
        Space("two messages around midnight, a kill", late, kill),
        Space("two messages around midnight, a lost answer", late, loss),
        Space("two people in a group", group, quick=True),
        Space("two people in a group, a kill", group, kill),
        Space("a message and /forget", (one, forget), quick=True),
        Space("a message and /forget, a kill", (one, forget), kill),
        Space("a message and /forget, a lost answer", (one, forget), loss),
        Space("a message and /forget, a lease expires", (one, forget), tick),
        Space("a message and /new", (one, new), quick=True),
        Space("a message and /new, a kill", (one, new), kill),
        Space("a message and /new, a lost answer", (one, new), loss),
        Space("a message and its recall", (one,), changes=recall, quick=True),
        Space("a message and its recall, a kill", (one,), kill, changes=recall, quick=True),
        Space("a message and its recall, a lost answer", (one,), loss, changes=recall),
        Space("a message and its recall, a lease expires", (one,), tick, changes=recall),
        Space("a message and its edit", (one,), changes=edit, quick=True),
        Space("a message and its edit, a kill", (one,), kill, changes=edit),
        Space("a message and its edit, a lost answer", (one,), loss, changes=edit),
        Space("two messages and a recall", (one, two), changes=recall),
        Space("a reply in three parts and an edit", (one,), changes=edit, parts=True),
        Space("one message, streamed", (one,), quick=True, streamed=True),
        Space("one message, streamed, a kill", (one,), kill, quick=True, streamed=True),
        Space("one message, streamed, a lost answer", (one,), loss, quick=True, streamed=True),
        Space("one message, streamed, its lease expires under it", (one,), tick, streamed=True),
        Space("one message, streamed, two kills", (one,), Budget(kills=2), streamed=True),
        Space("two messages, streamed, a kill", (one, two), kill, streamed=True),
        Space("a message and /forget, streamed", (one, forget), streamed=True),
        Space("a message and /forget, streamed, a kill", (one, forget), kill, streamed=True),
        Space("one message, edited", (one,), quick=True, streamed="edit"),
        Space("one message, edited, a kill", (one,), kill, quick=True, streamed="edit"),
        Space("one message, edited, a lost answer", (one,), loss, quick=True, streamed="edit"),
        Space("one message, edited, its lease expires under it", (one,), tick, streamed="edit"),
        Space("one message, edited, two kills", (one,), Budget(kills=2), streamed="edit"),
        Space("a message and /forget, edited", (one, forget), streamed="edit"),
        Space("a message and /forget, edited, a kill", (one, forget), kill, streamed="edit"),
        Space("one message, a tool", (one,), quick=True, acts=True),
        Space("one message, a tool, a kill", (one,), kill, quick=True, acts=True),
        Space("one message, a tool, a lost answer", (one,), loss, quick=True, acts=True),
        Space("one message, a tool, its lease expires under it", (one,), tick, acts=True),
        Space("one message, a tool, two kills", (one,), Budget(kills=2), acts=True),
        Space("one message, a tool, a kill and a lost answer", (one,), Budget(kills=1, losses=1), acts=True),
        Space("one message, a tool and a stream, a kill", (one,), kill, acts=True, streamed=True),
        Space("two messages, a tool, a kill", (one, two), kill, acts=True),
        Space("a message, a tool and /forget", (one, forget), acts=True),
        Space("a message, a tool and /forget, a kill", (one, forget), kill, acts=True),
        Space("a request, a tool, a kill", (one,), kill, acts=True, response=True),
        Space("a request, a kill", (one,), kill, quick=True, response=True),
        Space("a request, a lost answer", (one,), loss, quick=True, response=True),
        Space("a request and its copy", (one, one), response=True),
        Space("a request and its copy, a kill", (one, one), kill, response=True),
        Space("a request and its copy, a lost answer", (one, one), loss, response=True),
        Space("a request and its copy, a lease expires", (one, one), tick, response=True),
        Space("two requests", (one, two), response=True),
        Space("two requests, a kill", (one, two), kill, response=True),
        Space("two requests, a lost answer", (one, two), loss, response=True),
        Space("a request and /forget", (one, forget), response=True),
        Space("a request and /forget, a kill", (one, forget), kill, response=True),
        Space("a message, /forget and a message", (one, forget, three)),
        Space("a message, /new and a message", (one, new, three)),
        Space("three messages", (one, two, three)),
        Space("three messages, a kill", (one, two, three), kill),
    ]


def all_answered_once(world: World) -> None:
    """Every message has one stored reply, which was shown once; nothing waits anywhere."""
    assert world.queues.texts(TURNS) == [], "the queue is not empty"
    assert world.may_give_up or world.queues.texts(FAILED) == [], "something was given up"
    entries = {entry.id: entry for entry in world.entries() if entry.kind not in ("reply", "round")}
    replies = {reply.key: reply for reply in world.entries() if reply.kind == "reply"}
    assert entries.keys() == {said.id for said in world.messages}, "a message has no row"
    all_done_once(world)
    for entry in entries.values():
        if entry.state == "closed":
            assert any(said.text == "/forget" for said in world.messages), "a message was closed"
            continue
        assert entry.state == "answered", f"{entry.text} is {entry.state}"
        assert entry.kind != "text" or entry.reply in replies, f"{entry.text} has no reply"
    for mark in entries.values():
        if mark.kind == "forget":
            before = [entry for entry in world.entries() if is_earlier(entry, mark)]
            left = [entry for entry in before if entry.text or entry.calls or entry.results]
            assert left == [], "something is left after /forget"
    assert {entry.reply for entry in entries.values() if entry.reply} == replies.keys(), (
        "a reply covers nothing"
    )
    assert all(reply.state in ("sent", "closed") for reply in replies.values()), "a reply was not sent"
    partition = conversation_key(world.messages[0])
    confirmed = {client_id(partition, entry.id) for entry in entries.values() if entry.kind != "text"}
    shown = [sent.client_id for sent in world.im.shown]
    assert len(shown) == len(set(shown)), "something was shown twice"
    sent = {part for reply in replies.values() if reply.state == "sent" for part in world.parts_of(reply)}
    closed = {part for reply in replies.values() if reply.state == "closed" for part in world.parts_of(reply)}
    # What /forget closed may have been shown by then: whole, or by the last words of what grew.
    closed |= {Note.read(reply.stream).client_id for reply in replies.values() if reply.state == "closed"}
    assert sent | confirmed <= set(shown), "a reply that is marked sent was not shown"
    # A kill inside the first call of a stream, or its lost answer, leaves nobody who knows what to take back.
    started = set() if world.all_goes_well else world.started_lines()
    assert len(started) <= world.troubles, "more than one started line stays"
    assert set(shown) <= sent | confirmed | closed | started, "something was shown that is no stored reply"
    bot = next(iter(world.app.bots))
    if bot.stream and world.all_goes_well and len(world.messages) == 1:
        assert world.im._streams or world.im.edits, "nothing was streamed"


def all_done_once(world: World) -> None:
    """Every call that was asked for was done, under one key, and nothing else was."""
    if world.tool is None:
        return
    asked = {asked.key for each in world.rounds() for asked in each.asked}
    done = {asked.key for each in world.rounds() for asked, result in each.pairs if result}
    assert done <= set(world.acted), "a call has a result, and was never made"
    answers = [reply for reply in world.entries() if reply.kind == "reply" and not reply.excluded]
    answered = {message_hash(reply.id) for reply in answers}
    missing = [
        each for each in world.rounds() if answered.intersection(each.entry.covered) and None in each.results
    ]
    assert missing == [], "a message was answered, and a call for it has no result"
    blanked = [entry for entry in world.entries() if entry.kind == "round" and not entry.calls]
    assert len(set(world.acted)) <= len(asked) + len(blanked), "something was done twice"


def all_changed(world: World) -> None:
    """What was recalled is nowhere, and not answered if it waited; what was edited says so, and is answered once."""
    assert world.queues.texts(TURNS) == [], "the queue is not empty"
    assert world.queues.texts(FAILED) == [], "something was given up"
    entries = {entry.id: entry for entry in world.entries() if entry.kind != "reply"}
    replies = {reply.key: reply for reply in world.entries() if reply.kind == "reply"}
    assert entries.keys() == {said.id for said in world.messages}, "a message has no row"
    shown = [sent.client_id for sent in world.im.shown]
    assert len(shown) == len(set(shown)), "something was shown twice"
    assert not {reply.state for reply in replies.values()} - {"sent", "closed"}, "a reply was not sent"
    sent = {part for reply in replies.values() if reply.state == "sent" for part in world.parts_of(reply)}
    assert sent <= set(shown), "a reply that is marked sent was not shown"
    for said in world.messages:
        entry = entries[said.id]
        reply = replies.get(entry.reply)
        change = next((change for message, change in world.changes if message.id == said.id), None)
        if change is not None and change.kind == "recall":
            assert not entry.text, "something is left of a recalled message"
            assert reply is None or not reply.text, "something is left of the reply to it"
            assert entry.state == ("closed" if reply is None else "answered"), f"it is {entry.state}"
            continue
        assert entry.state == "answered", f"{entry.text} is {entry.state}"
        assert reply is not None, f"{entry.text} has no reply"
        assert reply.state == "sent", f"the reply to {entry.text} is {reply.state}"
        if change is not None:
            assert entry.text == "edited", "an edit was lost"
            assert reply.excluded or "edited" in reply.text, "the reply to other words is remembered"


def all_responded(world: World) -> None:
    """A request that was answered with 200 has its reply in a response or by the API, never in both."""
    assert world.queues.texts(TURNS) == [], "the queue is not empty"
    entries = {entry.id: entry for entry in world.entries() if entry.kind not in ("reply", "round")}
    replies = {entry.key: entry for entry in world.entries() if entry.kind == "reply"}
    all_done_once(world)
    shown = [sent.client_id for sent in world.im.shown]
    assert len(shown) == len(set(shown)), "something was shown twice"
    for message_id, responses in world.responses.items():
        entry = entries.get(message_id)
        reply = replies.get(entry.reply) if entry else None
        by_api = reply is not None and reply.client_id in shown
        in_response = reply is not None and reply.text in responses
        assert not (by_api and in_response), "the user saw the reply twice"
        if responses and entry is not None and entry.kind == "text" and entry.state != "closed":
            assert reply is not None, "a 200, and there is no reply"
            assert by_api or in_response or not reply.text, "a 200, and the user saw no reply"
        if entry is not None and entry.promised and entry.state != "closed":
            assert by_api or (reply is not None and reply.state == "closed"), "a promise was not kept"
            assert set(responses) <= {RELAYS_OWN.thinking.en, RELAYS_OWN.forgotten.en}, (
                "a promise, and another answer"
            )


async def _one_after_the_other(
    *reads: Coroutine[Any, Any, Any], return_exceptions: bool = False
) -> list[Any]:
    """In the place of asyncio.gather, which needs an event loop."""
    done: list[Any] = []
    try:
        for read in reads:
            try:
                done.append(await read)
            except Exception as failure:
                if not return_exceptions:
                    raise
                done.append(failure)
        return done
    finally:
        for read in reads:
            read.close()


async def _all_at_once(work: Coroutine[Any, Any, None]) -> None:
    """What is shown in the background is shown once the model is done: the calls are the same, in the same order."""
    await work


async def _hear_nothing_more(stream: Stream) -> bool:
    stream._is_stopped = True
    return True


async def _wait_for_it(stream: Stream) -> None:
    pump, stream._pump = stream._pump, None
    if pump is not None:
        await pump


@contextmanager
def without_an_event_loop() -> Iterator[None]:
    """The explorer drives coroutines itself, and the relay's log and spans would drown everything."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            mock.patch.object(asyncio, "gather", _one_after_the_other),
            mock.patch.object(asyncio, "timeout", return_value=nullcontext()),
            mock.patch.object(time, "monotonic", return_value=0.0),
            mock.patch.object(app, "perf_counter", return_value=0.0),
            mock.patch.object(Stream, "_in_background", lambda _, work: _all_at_once(work)),
            mock.patch.object(Stream, "_hear_more", _hear_nothing_more),
            mock.patch.object(Stream, "stop", _wait_for_it),
            mock.patch.object(Edits, "begins_with", 1),
            mock.patch.object(running, "run_call", run_call),
            mock.patch.object(respond, "POLL_SECONDS", float(ways.REQUEST_SECONDS)),
            mock.patch.object(spans, "_tracer", NoOpTracer()),
        ):
            yield
    finally:
        logging.disable(disabled)


def quick_spaces() -> list[Space]:
    """Those that every run of the tests explores."""
    return [space for space in spaces() if space.quick]
