"""The timeline tells each round of tool calls: what was asked, what came of it, and what an earlier turn has done."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from playground.page.round_rows import calls_of, read_rounds
from playground.page.rounds import AGAIN, NO_RESULT, NOT_AGAIN, RESUMED
from playground.page.spans import SpanEvent, SpanFact
from playground.page.steps import Step
from playground.page.timeline import timeline_of
from playground.page.wording import TOOL_OUTCOMES
from relay import spans
from relay.keys import history_table, interim_key, message_key, reply_key, round_key
from relay.memory.rows import Entry
from relay.messages import message_hash
from relay.outgoing import Place, to_fields
from relay.ports import Insert
from tests.doubles.tables import MemoryTables
from tests.playground.page.story import BEGAN, Story, answered_turn

HASH = message_hash("question")
KEY = message_key(BEGAN, "question")
ROME = json.dumps({"city": "Rome"})


def asked(*names: str, **fields: Any) -> str:
    """The calls of a round, as its row has them."""
    return json.dumps(
        [
            {"id": f"c{n}", "name": name, "arguments": ROME, "key": f"k{n}", **fields}
            for n, name in enumerate(names)
        ]
    )


def came(*results: str | None, outcome: str = "ok", **fields: Any) -> str:
    """What came of them."""
    return json.dumps([result and {"text": result, "outcome": outcome, **fields} for result in results])


def round_row(calls: str, results: str = "", *, number: int = 1, text: str = "") -> Entry:
    return Entry(
        round_key(KEY, number), "round", "stored", "alice", text, "question", calls=calls, results=results
    )


def question_row(place: int = 0, taken_by: str = "") -> Entry:
    pending = json.dumps({"calls": json.loads(asked("cancel")), "results": [None], "place": place})
    return Entry(
        reply_key(KEY), "reply", "sent", "alice", "Cancel?", "question", pending=pending, taken_by=taken_by
    )


class Turn:
    """A turn about a message, in which the model is asked at 30 ms; without an outcome it is under way."""

    def __init__(self, *rows: Entry, outcome: str = "answered") -> None:
        self.story = story = Story()
        story.journal.rows |= {row.key: row for row in rows}
        self.message = story.says("where?")
        self.trace = story.posted(self.message)
        story.span(self.trace, spans.WEBHOOK, 1, 10, MESSAGE=HASH, parent="1" * 16)
        self.turn: SpanFact | str = "e" * 16  # of a turn that has not ended there is no span
        if outcome:
            self.turn = story.span(self.trace, spans.TURN, 20, 900, parent="0" * 16, OUTCOME=outcome)
        row = {spans.ROW: KEY, spans.ROLE: "user", spans.FATE: "batch", spans.AT: BEGAN}
        event = SpanEvent(spans.WINDOW_ROW, BEGAN + 25, row)
        story.span(self.trace, spans.WINDOW, 25, parent=self.turn, events=(event,))
        story.span(self.trace, f"{spans.CHAT}scripted", 30, 5, parent=self.turn)
        if outcome == "answered":
            story.span(self.trace, spans.STORE, 800, parent=self.turn, REPLY="r1", COVERS=[HASH])

    def called(
        self,
        name: str,
        at: int,
        *,
        row: Entry | None = None,
        place: int = 0,
        resumed: bool = False,
        outcome: str = "ok",
    ) -> SpanFact:
        key = row.key if row else round_key(KEY, 1)
        return self.story.span(
            self.trace, f"{spans.TOOL}{name}", at, 40, parent=self.turn,
            ROW=key, PLACE=place, RESUMED=resumed, OUTCOME=outcome,
        )  # fmt: skip

    def rounds(self) -> list[Step]:
        self.story.settle()
        (turn,) = (one for one in timeline_of(self.story.journal, self.message).steps if one.kind == "turn")
        return [one for one in turn.children if one.kind == "round"]

    def kinds(self) -> list[str]:
        self.story.settle()
        (turn,) = (one for one in timeline_of(self.story.journal, self.message).steps if one.kind == "turn")
        return [one.kind for one in turn.children]


def detail(step: Step, label: str) -> Any:
    return {one.label: one.value for one in step.details}[label]


def test_a_round_shows_what_was_asked_and_what_came_of_it() -> None:
    turn = Turn(round_row(asked("nearest_shop"), came("Via Appia 1"), text="Let me look."))
    turn.called("nearest_shop", 100)
    (found,) = turn.rounds()
    assert (found.title, found.status, found.ms) == ("Round 1: nearest_shop", "ok", 40)
    assert found.summary == "beside it, the model said “Let me look.”"
    (call,) = found.children
    assert call.summary == '{"city": "Rome"} → Via Appia 1'
    assert detail(call, "Arguments") == {"city": "Rome"}
    assert detail(call, "Result, as the model reads it") == "Via Appia 1"
    assert detail(call, "Idempotency key") == "k0"


def test_a_result_that_is_json_is_shown_as_json_and_another_as_text() -> None:
    turn = Turn(round_row(asked("order", "order"), came('{"state": "shipped"}', "[sic] shipped")))
    turn.called("order", 100)
    formats = [step.details[1].format for step in turn.rounds()[0].children]
    assert formats == ["json", "code"]


def test_rounds_are_numbered_and_stand_between_the_requests_to_the_model() -> None:
    first, second = (round_row(asked("order"), came("shipped"), number=number) for number in (1, 2))
    turn = Turn(first, second)
    turn.called("order", 100, row=first)
    turn.story.span(turn.trace, f"{spans.CHAT}scripted", 150, 5, parent=turn.turn)
    turn.called("order", 200, row=second)
    assert [found.title for found in turn.rounds()] == ["Round 1: order", "Round 2: order"]
    assert turn.kinds() == ["window", "model", "round", "model", "round", "store"]


def test_calls_of_one_round_stand_side_by_side_under_their_own_names() -> None:
    turn = Turn(round_row(asked("order", "order"), came("shipped", "sold out")))
    turn.called("order", 101, place=1)
    turn.called("order", 100, place=0)
    (found,) = turn.rounds()
    assert found.title == "Round 1: 2 calls"
    assert [call.summary.partition(" → ")[2] for call in found.children] == ["shipped", "sold out"]


@pytest.mark.parametrize("outcome", [outcome for outcome in TOOL_OUTCOMES if outcome != "ok"])
def test_a_call_that_came_to_nothing_says_why(outcome: str) -> None:
    turn = Turn(round_row(asked("order"), came("No.", outcome=outcome)))
    turn.called("order", 100, outcome=outcome)
    (found,) = turn.rounds()
    assert found.status == "warn"
    assert TOOL_OUTCOMES[outcome] in found.children[0].summary


def test_of_a_round_that_is_taken_up_again_one_sees_which_call_ran_again_and_which_did_not() -> None:
    turn = Turn(round_row(asked("order", "book"), came("shipped", "booked")))
    turn.called("book", 100, place=1, resumed=True)
    (found,) = turn.rounds()
    assert RESUMED in found.summary
    done, again = found.children
    assert NOT_AGAIN in done.summary
    assert AGAIN in again.summary


def test_a_round_with_every_result_that_a_turn_went_on_from_stands_before_the_model() -> None:
    turn = Turn(round_row(asked("order"), came("shipped")))
    (found,) = turn.rounds()
    assert RESUMED in found.summary
    assert found.children[0].summary == f'{{"city": "Rome"}} → shipped · {NOT_AGAIN}'
    assert turn.kinds() == ["window", "round", "model", "store"]


def test_a_call_that_has_just_begun_waits() -> None:
    turn = Turn(round_row(asked("order")), outcome="")
    (found,) = turn.rounds()
    assert (found.status, found.children[0].status) == ("waiting", "waiting")
    assert NO_RESULT in found.children[0].summary


def test_what_the_user_is_asked_first_waits_for_a_yes_and_then_says_what_they_said() -> None:
    turn = Turn(round_row(asked("cancel")), question_row())
    (found,) = turn.rounds()
    assert found.status == "waiting"
    assert "asked first: it runs only" in found.children[0].summary
    assert turn.kinds() == ["window", "model", "round", "store"]

    answer = turn.story.says("Yes!", 2000)
    turn.story.span(turn.story.posted(answer, 2000), spans.WEBHOOK, 2001, MESSAGE=message_hash("answer"))
    turn.story.journal.rows[reply_key(KEY)] = question_row(taken_by=message_hash("answer"))
    (found,) = turn.rounds()
    assert (found.status, "the user said “Yes!”" in found.children[0].summary) == ("ok", True)


def test_a_question_that_was_followed_by_something_else_waits_no_longer() -> None:
    turn = Turn(round_row(asked("cancel")), question_row())
    turn.story.replies("Cancel?", 850, client_id="r1")
    other = turn.story.says("What does it cost?", 2000)
    assert turn.rounds()[0].status == "waiting"
    trace = turn.story.posted(other, 2000)
    turn.story.span(trace, spans.WEBHOOK, 2001, MESSAGE="bbb", parent="1" * 16)
    answered_turn(turn.story, trace, "bbb", 2010, reply="r2", covers=["bbb"])
    turn.story.replies("Nothing.", 2100, client_id="r2")
    (found,) = turn.rounds()
    assert (found.status, "something else" in found.children[0].summary) == ("ok", True)


def test_a_call_that_the_user_has_allowed_says_so_and_is_not_called_begun_again() -> None:
    turn = Turn(round_row(asked("cancel", approved=True), came("cancelled")))
    turn.called("cancel", 100, resumed=True)
    (found,) = turn.rounds()
    assert "the user said yes" in found.children[0].summary
    assert AGAIN not in found.children[0].summary


def test_a_call_that_the_user_refused_did_not_run() -> None:
    turn = Turn(round_row(asked("cancel"), came("The user said no.", outcome="declined")))
    (found,) = turn.rounds()
    assert found.children[0].summary.endswith(TOOL_OUTCOMES["declined"])


def test_what_a_tool_says_on_the_way_and_sends_with_the_reply_is_told() -> None:
    row = round_row(asked("order"), came("on the map", media=[to_fields(Place(41.9, 12.5, "Shop"))]))
    said = [
        Entry(interim_key(row.key, 0, n), "reply", "sent", "alice", text, "question")
        for n, text in enumerate(["One moment.", "Nearly there."])
    ]
    turn = Turn(row, *said)
    turn.called("order", 100)
    (found,) = turn.rounds()
    assert detail(found.children[0], "Said on the way") == "One moment.\nNearly there."
    assert detail(found.children[0], "Goes out with the reply")["rows"][0][0] == "location"


def test_without_rows_the_spans_alone_say_which_tool_and_how_long() -> None:
    turn = Turn()
    turn.called("order", 100, outcome="late")
    (found,) = turn.rounds()
    assert (found.title, found.children[0].ms) == ("Round: order", 40)


def test_a_forgotten_round_says_nothing() -> None:
    row = round_row(asked("order"), came("shipped"))
    turn = Turn(replace(row, forgotten="f", calls="", results=""))
    assert turn.rounds() == []
    turn.called("order", 100)
    assert [detail.label for detail in turn.rounds()[0].children[0].details] == []


async def test_the_rows_between_a_message_and_its_reply_are_read() -> None:
    turn = Turn()
    tables = MemoryTables()
    table = history_table(BEGAN // 86_400_000)
    await tables.create_table(table)
    rows = [round_row(asked("order"), came("shipped")), question_row()]
    for row in [*rows, Entry(KEY, "text", "answered", "alice", "where?", "question")]:
        await tables.write(table, "p", Insert(row.key, row.values()))
    await read_rounds(turn.story.journal, turn.message, "p", tables)
    assert set(turn.story.journal.rows) == {row.key for row in rows}


def test_the_tab_of_the_rows_has_the_calls_of_a_round_and_the_one_that_is_asked_about() -> None:
    shown = {"name": "order", "arguments": ROME, "result": "shipped", "outcome": "ok"}
    assert calls_of(round_row(asked("order"), came("shipped"))) == [shown]
    assert calls_of(question_row()) == [{"name": "cancel", "arguments": ROME, "result": None, "outcome": ""}]
