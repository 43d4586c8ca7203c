"""The whole way of one message, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playground.im.attach import attachment_of
from playground.page import steps
from playground.page.calls import call_step, request_step
from playground.page.exchanges import requests
from playground.page.fetches import media_steps
from playground.page.journal import Journal, client_id_of
from playground.page.kills import is_broken_off, kills_during, unfinished_turns, waits_after_kills
from playground.page.posts import as_curl
from playground.page.span_steps import clock_time
from playground.page.spans import SpanFact
from playground.page.standing import standing_of
from playground.page.steps import Step
from playground.page.turns import TurnSteps
from playground.page.watches import watch_visible_at
from playground.page.words import count, listed, say
from relay import spans

BEFORE_SPANS = "What the relay did inside is not visible: its spans came here only later."


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is known of a message's way.

    Attributes:
        message: its id.
        complete: True when nothing more will come.
        curl: the first request to the webhook as a command.
        missing: what cannot be seen of it, though it can of others.
        steps: in order.
    """

    message: str
    complete: bool
    curl: str | None
    missing: tuple[str, ...]
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """The timeline for the page."""
        return {
            "message": self.message,
            "complete": self.complete,
            "curl": self.curl,
            "missing": list(self.missing),
            "steps": [step.as_json() for step in self.steps],
        }


def timeline_of(journal: Journal, message: str) -> Timeline:
    """The timeline of a user's message."""
    posts = journal.posts_of(message)
    replies = journal.replies_to(message)
    standing = standing_of(journal, message, replies)
    seen = journal.sees_into(message)
    inside = list(_inside(journal, message) if seen else _outside(journal, message))
    later = [*kills_during(journal, message), *inside, *_replies(journal, replies)]
    waiting = _waiting(journal, message, later) if standing.status == "waiting" else []
    return Timeline(
        message,
        complete=standing.final and _all_told(journal, message, replies),
        curl=as_curl(posts[0]) if posts else None,
        missing=(say(BEFORE_SPANS),) if journal.spans_visible and not seen else (),
        steps=(*requests(journal, message), *steps.in_order(later), *waiting),
    )


def _inside(journal: Journal, message: str) -> Iterator[Step]:
    """What the relay did, from its spans: the message's own traces, and the turn of another that answered it too."""
    own: list[Step] = []
    others: list[Step] = []
    taken: list[SpanFact] = []
    written = journal.messages[message].at
    for trace_id in journal.traces_of(message):
        made = TurnSteps(journal, trace_id)
        unfinished = list(unfinished_turns(journal, made.unfinished()))
        if journal.owner_of(trace_id) == message:
            own += [*made.turns(), *unfinished]
            taken += made.webhooks()
        else:
            later = (turn for turn in unfinished if turn.ms is None or turn.at + turn.ms > written)
            others += [
                replace(turn, title=say("{turn}, with another message", turn=turn.title))
                for turn in (*made.turns(about=message), *later)
            ]
    if own and taken:
        yield _queue_wait(taken[0], steps.in_order(own)[0])
    yield from others
    yield from _folded(own) if len(taken) > 1 else own
    yield from waits_after_kills(steps.in_order([*own, *others]))


def _queue_wait(taken: SpanFact, turn: Step) -> Step:
    """Between the end of the request and the first turn."""
    ms = max(0.0, turn.at - taken.until)
    return Step(
        "queue", say("Waited in the queue"), taken.until, ms, summary=say("until the function host took it")
    )


def _folded(turns: Sequence[Step]) -> Iterator[Step]:
    """The turns, those of further copies that had nothing to do in one step."""
    idle = [turn for turn in turns if turn.status != "error" and not _works(turn)]
    yield from (turn for turn in turns if turn not in idle)
    if idle:
        said = say("these found the conversation busy, or the message answered: nothing was said twice")
        title = say("{turns} of the other deliveries", turns=count(len(idle), "turn"))
        yield Step("turn", title, idle[0].at, None, "ok", said, (), steps.in_order(idle))


def _works(turn: Step) -> bool:
    return any(step.kind in ("model", "store", "im") for step in turn.children)


def _outside(journal: Journal, message: str) -> Iterator[Step]:
    """Without spans: what the other sides saw, matched by time and chat."""
    began = journal.messages[message].at
    replies = [journal.messages[reply] for reply in journal.replies_to(message)]
    if not replies:
        return
    own = journal.messages[message]
    for asked in journal.requests.values():
        said = str(asked.messages[-1].get("content", "")) if asked.messages else ""
        if began <= asked.at <= replies[-1].at and said and own.text in said:
            yield request_step(asked)
    if own.attach:
        yield from media_steps(journal, own.chat, began, replies[-1].at)
    sent = {reply.server_id for reply in replies}
    ids = {reply.client_id for reply in replies}
    for call in journal.calls.values():
        if call.server_id in sent or client_id_of(call) in ids:
            yield call_step(call)


def _replies(journal: Journal, replies: Sequence[str]) -> Iterator[Step]:
    for reply in map(journal.messages.__getitem__, replies):
        attachment = attachment_of(reply)
        what = attachment.described() if attachment else count(len(reply.text), "character")
        details = (steps.text(say("Text"), reply.text),)
        yield Step(
            "reply",
            say("Reply in the chat"),
            reply.at,
            summary=listed([_name(journal, reply.sender), what]),
            details=details,
        )


def _name(journal: Journal, accid: str) -> str:
    """What the bots file calls a bot."""
    return next((bot.name for bot in journal.bots if bot.accid == accid), accid)


def _waiting(journal: Journal, message: str, so_far: Sequence[Step]) -> list[Step]:
    """What it waits for, after everything that has happened."""
    visible = watch_visible_at(journal, message)
    latest = max((step.at for step in so_far), default=journal.messages[message].at)
    if visible and any(map(is_broken_off, so_far)) and latest <= journal.kills[-1]:
        said = say(
            "its watch, a copy on the queue, becomes visible at {time} and takes it up again",
            time=clock_time(visible),
        )
        return [Step("note", say("Waiting for the watch"), latest, None, "waiting", said)]
    if so_far and so_far[-1].status == "waiting":
        return []
    said = say("the turn is queued or under way")
    return [Step("note", say("Waiting for the reply"), latest, None, "waiting", said)]


def _all_told(journal: Journal, message: str, replies: Sequence[str]) -> bool:
    """Whether the spans of the turn that sent the replies have come; they come a moment after it.

    Spans that a host had not sent yet when it was killed never come.
    """
    sent = [journal.messages[reply] for reply in replies]
    if not journal.sees_into(message) or all(reply.origin == "response" for reply in sent):
        return True
    if any(kill >= sent[-1].at for kill in journal.kills):
        return True
    traces = (journal.spans_of(trace) for trace in journal.traces_of(message))
    turns = (span for trace in traces for span in trace if span.name == spans.TURN)
    return any(turn.until >= sent[-1].at for turn in turns)
