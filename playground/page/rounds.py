"""Rounds of tool calls as steps: the spans say how long a call took and how it ended, the stored rows what it was."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from playground.page import steps
from playground.page.journal import Journal
from playground.page.spans import SpanFact
from playground.page.steps import Detail, Step
from playground.page.wording import TOOL_OUTCOMES
from playground.page.words import count, say
from relay import spans
from relay.keys import NUMBER_MAX, parts_of_key
from relay.memory.rows import Entry
from relay.outgoing import Medium, line_of
from relay.turn.round_rows import Round

SHOWN_CHARACTERS = 80
"""Of what goes into a call, and of what comes out, so much stands on one line."""

RESUMED = "an earlier turn has stored it, and this one goes on from it"
APPROVED = "the user said yes"
NOT_AGAIN = "run before, and not again"
AGAIN = "begun again, under the same key"
NO_RESULT = "no result yet: it is under way, or was cut off"
_WORST_FIRST: tuple[steps.Status, ...] = ("error", "warn", "waiting")


def is_call(span: SpanFact) -> bool:
    """True for one call of a tool."""
    return span.name.startswith(spans.TOOL)


def told_rounds(journal: Journal, calls: Iterable[tuple[SpanFact, Sequence[Step]]]) -> Iterator[Step]:
    """A step for each round that has spans: the span of each call, and the work inside it."""
    by_row: defaultdict[str, dict[int, tuple[SpanFact, Sequence[Step]]]] = defaultdict(dict)
    for span, inside in calls:
        by_row[str(span.attributes.get(spans.ROW, ""))][int(span.attributes.get(spans.PLACE, 0))] = (
            span,
            inside,
        )
    for key, ran in by_row.items():
        began = min(span.at for span, _ in ran.values())
        ended = max(span.until for span, _ in ran.values())
        stored = _stored(journal, key)
        places = range(len(stored.asked)) if stored else sorted(ran)
        made = [
            _ran(journal, key, place, *ran[place]) if place in ran else _stood(journal, key, place, began)
            for place in places
        ]
        is_resumed = any(span.attributes.get(spans.RESUMED) for span, _ in ran.values())
        yield _round(journal, key, began, ended - began, made, is_resumed=is_resumed)


def untold_rounds(journal: Journal, messages: Iterable[str], went_on: float, ended: float) -> list[Step]:
    """A step for each stored round of which there are no spans.

    Args:
        journal: what is known.
        messages: hashes of those that it was for.
        went_on: where a round stands that has every result: the turn went on from it.
        ended: where one stands that lacks some.
    """
    wanted = set(messages)
    made = []
    for key in sorted(journal.rows, reverse=True):
        stored = _stored(journal, key)
        if stored is None or key in journal.rounds_told or parts_of_key(key)[0] not in wanted:
            continue
        is_whole = None not in stored.results
        at = went_on if is_whole else ended
        calls = [_stood(journal, key, place, at) for place in range(len(stored.asked))]
        made.append(_round(journal, key, at, None, calls, is_resumed=is_whole))
    return made


def _stored(journal: Journal, key: str) -> Round | None:
    row = journal.rows.get(key)
    return Round.of(row) if row is not None and row.kind == "round" and not row.forgotten else None


def _round(
    journal: Journal, key: str, at: float, ms: float | None, calls: Sequence[Step], *, is_resumed: bool
) -> Step:
    row = journal.rows.get(key)
    what = calls[0].title if len(calls) == 1 else count(len(calls), "call")
    said = [say("beside it, the model said “{text}”", text=_short(row.text))] if row and row.text else []
    said += [say(RESUMED)] if is_resumed else []
    status: steps.Status = next(
        (worst for worst in _WORST_FIRST if worst in {call.status for call in calls}), "ok"
    )
    number = NUMBER_MAX - int(key.rpartition("r")[2])
    title = (
        say("Round {number}: {what}", number=number, what=what) if row else say("Round: {what}", what=what)
    )
    return Step("round", title, at, ms, status, " · ".join(said), (), tuple(calls))


def _ran(journal: Journal, key: str, place: int, span: SpanFact, inside: Sequence[Step]) -> Step:
    """A call that ran in this turn."""
    name = span.name.removeprefix(spans.TOOL)
    outcome = str(span.attributes.get(spans.OUTCOME, ""))
    said = [say(TOOL_OUTCOMES[outcome]) if outcome in TOOL_OUTCOMES else say("it did not come to its end")]
    stored = _stored(journal, key)
    if span.attributes.get(spans.RESUMED):
        said += [say(APPROVED if stored and stored.asked[place].is_approved else AGAIN)]
    status: steps.Status = "ok" if outcome == "ok" else "warn"
    return _call(journal, stored, place, Step("tool", name, span.at, span.ms, status), said, inside)


def _stood(journal: Journal, key: str, place: int, at: float) -> Step:
    """A call that did not run in this turn."""
    stored = _stored(journal, key)
    assert stored is not None
    result = stored.results[place]
    made = Step("tool", stored.asked[place].call.name, at)
    if result is not None:
        never_ran = result.outcome in ("refused", "declined")
        said = [say(TOOL_OUTCOMES[result.outcome]), "" if never_ran else say(NOT_AGAIN)]
        return _call(journal, stored, place, made, said)
    question = journal.rows.get(key.rpartition("r")[0])
    if question is None or not question.pending or json.loads(question.pending)["place"] != place:
        return _call(journal, stored, place, replace(made, status="waiting"), [say(NO_RESULT)])
    status, words = _asked_first(journal, question)
    return _call(journal, stored, place, replace(made, status=status), [words])


def _asked_first(journal: Journal, question: Entry) -> tuple[steps.Status, str]:
    """What the user said to a question, as far as it is known."""
    if question.taken_by:
        answer = journal.message_of(question.taken_by)
        word = say("“{text}”", text=_short(journal.messages[answer].text)) if answer else say("yes or no")
        return "ok", say("asked first; the user said {word}, and it goes on there", word=word)
    if _has_gone_on(journal, question):
        return "ok", say("asked first; the user said something else: it does not run")
    return "waiting", say("asked first: it runs only if the user's next message is a yes")


def _has_gone_on(journal: Journal, question: Entry) -> bool:
    """Whether something that the user said after a question has been answered."""
    asked = journal.messages.get(journal.message_of(parts_of_key(question.key)[0]) or "")
    return asked is not None and any(
        (said.origin, said.chat, said.sender) == ("user", asked.chat, asked.sender)
        and said.at > asked.at
        and bool(journal.replies_to(said.server_id))
        for said in journal.messages.values()
    )


def _call(
    journal: Journal,
    stored: Round | None,
    place: int,
    made: Step,
    said: Sequence[str],
    inside: Sequence[Step] = (),
) -> Step:
    """A call with what its row says of it."""
    title, line, details = made.title, "", []
    if stored is not None:
        asked, result = stored.asked[place], stored.results[place]
        title = asked.call.name
        line = _short(asked.call.arguments) + (f" → {_short(result.text)}" if result else "")
        details = [steps.body(say("Arguments"), asked.call.arguments)]
        details += [_told(result.text)] if result else []
        details += [_media(result.media)] if result and result.media else []
        details += _said_on_the_way(journal, stored.entry.key, place)
        details += [steps.code(say("Idempotency key"), asked.key)]
    summary = " · ".join(filter(None, [line, *said]))
    return Step("tool", title, made.at, made.ms, made.status, summary, tuple(details), tuple(inside))


def _told(text: str) -> Detail:
    """A result: JSON when it is an object or a list."""
    label = say("Result, as the model reads it")
    return steps.body(label, text) if text[:1] in ("{", "[") else steps.text(label, text)


def _media(media: Sequence[Medium]) -> Detail:
    columns = (say("Kind"), say("What"))
    return steps.table(say("Goes out with the reply"), columns, [(m.kind, line_of(m)) for m in media])


def _said_on_the_way(journal: Journal, round_key: str, place: int) -> list[Detail]:
    """What a call has told the user before there was a reply, in order."""
    prefix = f"{round_key}.{NUMBER_MAX - place:02d}."
    rows = (journal.rows[key] for key in sorted(journal.rows, reverse=True) if key.startswith(prefix))
    said = "\n".join(row.text for row in rows)
    return [steps.text(say("Said on the way"), said)] if said else []


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
