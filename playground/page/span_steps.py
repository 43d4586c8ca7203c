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
from playground.page.wording import count
from relay import spans


def step_of(journal: Journal, span: SpanFact) -> Step:
    """The step, without the spans inside it; for a span that :func:`is_shown`."""
    if is_storage(span):
        return _storage(span)
    usual = sound_span_step if is_about_sound(span) else model_step
    made = _MAKERS.get(span.name, usual)(journal, span)
    if span.error and made.status == "ok":
        why = f"failed: {span.attributes.get(spans.ERROR_TYPE, 'error')}"
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
        counts = [(spans.DB_CHANGES, "change"), (spans.DB_ROWS, "row")]
        summary = ", ".join(count(int(said[name]), word) for name, word in counts if name in said)
    else:
        title = f"Queue Storage: {operation} {said.get(spans.QUEUE_NAME, '')}"
        delay = said.get(spans.QUEUE_DELAY)
        summary = f"visible in {delay:g} s" if delay else ""
    # A refusal can be the answer that was asked for: "is this row there already?"
    error = str(said.get(spans.ERROR_TYPE, ""))
    summary = ", ".join(filter(None, [summary, error]))
    return Step("storage", title, span.at, span.ms, "warn" if span.error else "ok", summary)


def attributes_of(span: SpanFact) -> Detail:
    """What the span itself says."""
    return steps.table("What the span says", ("Attribute", "Value"), sorted(span.attributes.items()))


def clock_time(at: float) -> str:
    """A time of day with seconds, in the zone of this machine."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%H:%M:%S")


def _claim(journal: Journal, span: SpanFact) -> Step:
    fresh = span.attributes.get(spans.FRESH)
    said = "" if fresh is None else "for the first time" if fresh else "it was claimed before"
    return Step("claim", "Message claimed, once for all deliveries", span.at, span.ms, "ok", said)


def _limits(journal: Journal, span: SpanFact) -> Step:
    said = span.attributes
    names = {
        spans.SENDER_MINUTE: "of the sender this minute",
        spans.SENDER_DAY: "of the sender today",
        spans.BOT_MINUTE: "to the bot this minute",
        spans.BOT_DAY: "to the bot today",
    }
    counts = [f"{said[name]} {words}" for name, words in names.items() if name in said]
    title, parts = "Counted against the limits", counts
    if until := said.get(spans.LIMITED_UNTIL):
        over = said.get(spans.OUTCOME) == "limited"
        title = "Over the limit" if over else "The last message within the limit"
        what = "answered in plain words, without the model" if over else "the reply says so"
        parts = [what, f"may write again at {clock_time(until)}", *counts]
    status: steps.Status = "warn" if until else "ok"
    return Step("limits", title, span.at, span.ms, status, ", ".join(parts), (attributes_of(span),))


def _lease(journal: Journal, span: SpanFact) -> Step:
    if span.attributes.get(spans.TAKEN) is False:
        return Step("lease", "Conversation is busy", span.at, span.ms, "warn", "another turn holds its lease")
    until = span.attributes.get(spans.LEASE_UNTIL)
    said = f"nobody else answers here until {clock_time(until)}" if until else ""
    crashes = int(span.attributes.get(spans.CRASHES, 0))
    if crashes:
        said += f"; taken over from {count(crashes, 'turn')} that died"
    return Step("lease", "Conversation leased", span.at, span.ms, "warn" if crashes else "ok", said)


def _window(journal: Journal, span: SpanFact) -> Step:
    said = span.attributes
    summary = (
        f"{count(int(said.get(spans.ROWS_READ, 0)), 'row')} read, "
        f"{count(int(said.get(spans.WINDOW_SENT, 0)), 'earlier message')} for the model, "
        f"{count(int(said.get(spans.BATCH, 0)), 'message')} to answer"
    )
    return Step("window", "Memory read", span.at, span.ms, "ok", summary, (window_detail(journal, span),))


def _store(journal: Journal, span: SpanFact) -> Step:
    covered = len(span.attributes.get(spans.COVERS, ()))
    said = f"{count(covered, 'message')} marked as answered, in the same transaction"
    return Step("store", "Reply stored, before it is sent", span.at, span.ms, "ok", said)


def _deliver(journal: Journal, span: SpanFact) -> Step:
    parts = int(span.attributes.get(spans.PARTS, 1))
    said = "" if parts == 1 else f"in {parts} messages"
    return Step("im", "Stored reply sent, then marked as sent", span.at, span.ms, "ok", said)


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
