"""One span of the relay as a step that a person understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from playground.page import steps
from playground.page.calls import im_step, model_step
from playground.page.fetches import is_about_sound, medium_step, sound_span_step
from playground.page.journal import Journal
from playground.page.spans import SpanFact
from playground.page.steps import Detail, Step
from playground.page.window import window_detail
from playground.page.words import count, listed, say
from relay import spans

COUNTED: Mapping[str, str] = {
    spans.SENDER_MINUTE: "{number} of the sender this minute",
    spans.SENDER_DAY: "{number} of the sender today",
    spans.BOT_MINUTE: "{number} to the bot this minute",
    spans.BOT_DAY: "{number} to the bot today",
}
"""What the limits count."""


def step_of(journal: Journal, span: SpanFact) -> Step:
    """The step, without the spans inside it; for a span that :func:`is_shown`."""
    if is_storage(span):
        return _storage(span)
    usual = sound_span_step if is_about_sound(span) else model_step
    made = _MAKERS.get(span.name, usual)(journal, span)
    if span.error and made.status == "ok":
        why = say("failed: {why}", why=span.attributes.get(spans.ERROR_TYPE, "error"))
        return replace(made, status="error", summary=" · ".join(filter(None, [made.summary, why])))
    return made


def is_storage(span: SpanFact) -> bool:
    """True for a call of Table or Queue Storage."""
    return span.name.startswith((spans.TABLES, spans.QUEUES))


def is_work(span: SpanFact) -> bool:
    """True for a part of a turn's work."""
    return span.name in _MAKERS or span.name.startswith(spans.CHAT) or is_about_sound(span)


def _storage(span: SpanFact) -> Step:
    """One call of Table or Queue Storage."""
    said = span.attributes
    operation = span.name.partition(".")[2]
    if span.name.startswith(spans.TABLES):
        title = f"Table Storage: {operation} {said.get(spans.DB_TABLE, '')}"
        changes = count(int(said[spans.DB_CHANGES]), "change") if spans.DB_CHANGES in said else ""
        rows = count(int(said[spans.DB_ROWS]), "row") if spans.DB_ROWS in said else ""
        summary = listed([changes, rows])
    else:
        title = f"Queue Storage: {operation} {said.get(spans.QUEUE_NAME, '')}"
        delay = said.get(spans.QUEUE_DELAY)
        summary = say("visible in {seconds} s", seconds=f"{delay:g}") if delay else ""
    # A refusal can be the answer that was asked for: "is this row there already?"
    error = str(said.get(spans.ERROR_TYPE, ""))
    summary = listed([summary, error])
    return Step("storage", title, span.at, span.ms, "warn" if span.error else "ok", summary)


def attributes_of(span: SpanFact) -> Detail:
    """What the span itself says."""
    return steps.table(
        say("What the span says"), (say("Attribute"), say("Value")), sorted(span.attributes.items())
    )


def clock_time(at: float) -> str:
    """A time of day with seconds, in the zone of this machine."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%H:%M:%S")


def _claim(journal: Journal, span: SpanFact) -> Step:
    fresh = span.attributes.get(spans.FRESH)
    said = "" if fresh is None else say("for the first time") if fresh else say("it was claimed before")
    return Step("claim", say("Message claimed, once for all deliveries"), span.at, span.ms, "ok", said)


def _limits(journal: Journal, span: SpanFact) -> Step:
    said = span.attributes
    counts = [say(COUNTED[name], number=said[name]) for name in COUNTED if name in said]
    title, parts = say("Counted against the limits"), counts
    if until := said.get(spans.LIMITED_UNTIL):
        over = said.get(spans.OUTCOME) == "limited"
        title = say("Over the limit") if over else say("The last message within the limit")
        what = say("answered in plain words, without the model") if over else say("the reply says so")
        parts = [what, say("may write again at {time}", time=clock_time(until)), *counts]
    status: steps.Status = "warn" if until else "ok"
    return Step("limits", title, span.at, span.ms, status, listed(parts), (attributes_of(span),))


def _lease(journal: Journal, span: SpanFact) -> Step:
    if span.attributes.get(spans.TAKEN) is False:
        busy = say("another turn holds its lease")
        return Step("lease", say("Conversation is busy"), span.at, span.ms, "warn", busy)
    until = span.attributes.get(spans.LEASE_UNTIL)
    said = [say("nobody else answers here until {time}", time=clock_time(until)) if until else ""]
    crashes = int(span.attributes.get(spans.CRASHES, 0))
    if crashes:
        said.append(say("taken over from {turns} that died", turns=count(crashes, "turn")))
    status: steps.Status = "warn" if crashes else "ok"
    return Step(
        "lease", say("Conversation leased"), span.at, span.ms, status, say("; ").join(filter(None, said))
    )


def _window(journal: Journal, span: SpanFact) -> Step:
    said = span.attributes
    summary = say(
        "{rows} read, {earlier} for the model, {batch} to answer",
        rows=count(int(said.get(spans.ROWS_READ, 0)), "row"),
        earlier=count(int(said.get(spans.WINDOW_SENT, 0)), "earlier message"),
        batch=count(int(said.get(spans.BATCH, 0)), "message"),
    )
    return Step(
        "window", say("Memory read"), span.at, span.ms, "ok", summary, (window_detail(journal, span),)
    )


def _store(journal: Journal, span: SpanFact) -> Step:
    covered = len(span.attributes.get(spans.COVERS, ()))
    said = say("{messages} marked as answered, in the same transaction", messages=count(covered, "message"))
    return Step("store", say("Reply stored, before it is sent"), span.at, span.ms, "ok", said)


def _deliver(journal: Journal, span: SpanFact) -> Step:
    parts = int(span.attributes.get(spans.PARTS, 1))
    said = "" if parts == 1 else say("in {parts} messages", parts=parts)
    return Step("im", say("Stored reply sent, then marked as sent"), span.at, span.ms, "ok", said)


_MAKERS: Mapping[str, Callable[[Journal, SpanFact], Step]] = {
    spans.CLAIM: _claim,
    spans.LIMITS: _limits,
    spans.LEASE: _lease,
    spans.WINDOW: _window,
    spans.STORE: _store,
    spans.DELIVER: _deliver,
    spans.IM_SEND: im_step,
    spans.MEDIUM: medium_step,
}
