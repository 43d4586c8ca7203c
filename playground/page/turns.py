"""The turns of one trace as steps that a person understands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from playground.page import steps
from playground.page.calls import request_step
from playground.page.fetches import is_about_sound, media_steps
from playground.page.journal import Journal, parent_in, trace_of
from playground.page.rounds import is_call, told_rounds, untold_rounds
from playground.page.span_steps import attributes_of, is_storage, is_work, step_of
from playground.page.spans import SpanFact
from playground.page.steps import Step
from playground.page.wording import OUTCOMES
from playground.page.words import count, duration, listed, say
from relay import spans
from relay.keys import parts_of_key

_STATUS: Mapping[str, steps.Status] = {"answered": "ok", "done": "ok", "busy": "warn", "retried": "warn"}

COMMAND = "a command: it needs neither the model nor the conversation to itself"


class TurnSteps:
    """Makes steps of the spans of one trace.

    Args:
        journal: what is known.
        trace_id: of the trace.
    """

    def __init__(self, journal: Journal, trace_id: str) -> None:
        self._journal = journal
        self._id = trace_id
        self._trace = trace = journal.spans_of(trace_id)
        self._ids = {span.id for span in trace}
        self._children: defaultdict[str, list[SpanFact]] = defaultdict(list)
        for span in trace:
            self._children[span.parent].append(span)

    def webhooks(self) -> list[SpanFact]:
        """The request of the IM platform that began it."""
        return [span for span in self._trace if span.name == spans.WEBHOOK]

    def turns(self, about: str | None = None) -> list[Step]:
        """The turns that have ended; with ``about``, those that had this message among the ones to answer."""
        ended = (span for span in self._trace if span.name == spans.TURN)
        return [self._turn(span) for span in ended if about is None or about in self._answered_by(span)]

    def unfinished(self) -> list[Step]:
        """Work whose turn has not ended (yet): it is under way, or its process died."""
        tops = [span for span in self._trace if span.parent not in self._ids]
        steps = [*self._steps(filter(is_work, tops)), *self._rounds(tops), *self._asked_but_not_told()]
        return [*steps, *self._untold(tops, steps)]

    def _asked_but_not_told(self) -> Iterator[Step]:
        """Requests to the model whose span has not ended, and in a turn that died never will."""
        for asked in self._journal.requests.values():
            known = parent_in(asked.headers) in self._ids or asked.is_audio
            if not known and trace_of(asked.headers) == self._id:
                yield request_step(asked)

    def delayed(self, span: SpanFact) -> list[SpanFact]:
        """The messages that were put on a queue under a span, to be seen only later."""
        return [child for child in self._children[span.id] if child.attributes.get(spans.QUEUE_DELAY)]

    def _turn(self, span: SpanFact) -> Step:
        outcome = str(span.attributes.get(spans.OUTCOME, ""))
        ending = say(OUTCOMES[outcome]) if outcome in OUTCOMES else say("ended with an error")
        calls = [call for call in self._under(span) if is_storage(call)]
        said = [say("because of {cause}", cause=cause) if (cause := span.attributes.get(spans.CAUSE)) else ""]
        if outcome in ("retried", "busy"):
            delays = (f"{put.attributes[spans.QUEUE_DELAY]:g}" for put in self.delayed(span))
            said += [say("seen again in {seconds} s", seconds=seconds) for seconds in delays]
        inside = self._with_media(span, self.inside(span))
        if any(step.kind == "store" for step in inside):
            inside = steps.in_order([*self._untold(self._children[span.id], inside), *inside])
        if outcome == "answered" and all(step.kind != "lease" for step in inside):
            said.append(say(COMMAND))
        said.append(_spent(calls))
        attempt = int(span.attributes.get(spans.ATTEMPT, 0))
        return Step(
            "turn",
            say("Turn (attempt {number}): {ending}", number=attempt + 1, ending=ending)
            if attempt
            else say("Turn: {ending}", ending=ending),
            span.at,
            span.ms,
            _STATUS.get(outcome, "error"),
            " · ".join(filter(None, said)),
            (attributes_of(span),),
            tuple(inside),
        )

    def _with_media(self, turn: SpanFact, inside: Sequence[Step]) -> Sequence[Step]:
        """What a turn did, with what it did with media."""
        owner = self._journal.messages.get(self._journal.owner_of(self._id) or "")
        if owner is None:
            return inside
        told = [span for span in self._under(turn) if span.name == spans.MEDIUM or is_about_sound(span)]
        media = media_steps(self._journal, owner.chat, turn.at, turn.until, told)
        return steps.in_order([*inside, *media])

    def _step(self, span: SpanFact) -> Step:
        made = step_of(self._journal, span)
        made = replace(made, children=steps.in_order([*made.children, *self.inside(span)]))
        calls = [child for child in self._children[span.id] if is_storage(child)]
        return replace(made, summary=" · ".join(filter(None, [made.summary, _spent(calls)])))

    def _answered_by(self, turn: SpanFact) -> Iterator[str]:
        """The messages that a turn was to answer, or whose stored reply it sent."""
        for span in self._under(turn):
            yield from self._journal.batch_of(span)
            store = self._journal.store_of(str(span.attributes.get(spans.REPLY, "")))
            if store is not None:
                yield from self._journal.covered_by(store)

    def _under(self, span: SpanFact) -> Iterator[SpanFact]:
        for child in self._children[span.id]:
            yield child
            yield from self._under(child)

    def inside(self, span: SpanFact) -> tuple[Step, ...]:
        """The work and the storage calls directly under a span, in order."""
        below = self._children[span.id]
        shown = self._steps(child for child in below if is_work(child) or is_storage(child))
        return _with_what_came_next(steps.in_order([*shown, *self._rounds(below)]))

    def _steps(self, shown: Iterable[SpanFact]) -> Iterator[Step]:
        return map(self._step, shown)

    def _rounds(self, below: Iterable[SpanFact]) -> Iterator[Step]:
        """The rounds of tool calls among these spans."""
        return told_rounds(self._journal, ((span, self.inside(span)) for span in below if is_call(span)))

    def _untold(self, below: Iterable[SpanFact], made: Sequence[Step]) -> list[Step]:
        """The rounds of which only rows tell: before the first question to the model, or behind the last answer."""
        events = (event for span in below for event in span.events if event.name == spans.WINDOW_ROW)
        batch = (event for event in events if event.attributes[spans.FATE] == "batch")
        hashes = {parts_of_key(str(event.attributes[spans.ROW]))[0] for event in batch}
        asked = [step for step in made if step.kind == "model"]
        if not hashes or not asked:
            return []
        return untold_rounds(self._journal, hashes, asked[0].at, asked[-1].at + (asked[-1].ms or 0))


def _spent(calls: Sequence[SpanFact]) -> str:
    if not calls:
        return ""
    return listed([count(len(calls), "storage call"), duration(sum(call.ms for call in calls))])


def _with_what_came_next(inside: Sequence[Step]) -> tuple[Step, ...]:
    """Requests to the model that failed say when the next one was made."""
    asked = [step for step in inside if step.kind == "model"]
    later = {id(first): second.at - first.at - (first.ms or 0) for first, second in pairwise(asked)}
    return tuple(
        replace(
            step,
            summary=say(
                "{said} · asked again {time} later", said=step.summary, time=duration(later[id(step)])
            ),
        )
        if step.status == "error" and id(step) in later
        else step
        for step in inside
    )
