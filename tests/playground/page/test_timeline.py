"""A message's way, step by step, from what the parts told."""

import pytest

from playground.page.exchanges import READ_ELSEWHERE
from playground.page.journal import Journal, trace_of
from playground.page.kills import KILLED
from playground.page.spans import SpanEvent, SpanFact
from playground.page.steps import Step
from playground.page.timeline import BEFORE_SPANS, Timeline, timeline_of
from playground.page.turns import COMMAND
from playground.page.wording import FATES
from relay import spans
from tests.playground.page.story import BEGAN, HELPER, Story, answered_turn

KEY = f"m|8299999999999|{'a' * 24}|"


def told(story: Story, message: str) -> Timeline:
    story.settle()
    return timeline_of(story.journal, message)


def kinds(timeline: Timeline) -> list[str]:
    return [step.kind for step in timeline.steps]


def step(timeline: Timeline, kind: str) -> Step:
    found: list[Step] = []

    def look(steps: tuple[Step, ...]) -> None:
        for one in steps:
            found.extend([one] if one.kind == kind else [])
            look(one.children)

    look(timeline.steps)
    assert found, f"no step {kind} in {timeline.steps}"
    return found[0]


def batch_row(message_hash: str) -> SpanEvent:
    attributes = {spans.ROW: f"m|8299999999999|{message_hash}|1", spans.ROLE: "user", spans.FATE: "batch"}
    return SpanEvent(spans.WINDOW_ROW, BEGAN, {**attributes, spans.AT: BEGAN})


def answered(story: Story) -> str:
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    answered_turn(story, trace, "aaa", 60, reply="r1", covers=["aaa"])
    story.called("r1", 112)
    story.replies("hi", 115, client_id="r1")
    return message


def test_an_answered_message_shows_the_whole_way_in_order() -> None:
    story = Story()
    timeline = told(story, answered(story))
    assert kinds(timeline) == ["request", "answer", "queue", "turn", "reply"]
    assert [one.kind for one in step(timeline, "turn").children] == ["claim", "lease", "model", "store", "im"]
    assert timeline.complete
    assert timeline.missing == ()


def test_the_wait_in_the_queue_lies_between_the_answer_and_the_turn() -> None:
    story = Story()
    assert step(told(story, answered(story)), "queue").ms == 49


def test_the_im_call_is_joined_by_the_replys_id() -> None:
    story = Story()
    call = step(told(story, answered(story)), "im").children[0]
    assert call.summary == "200 (delivered)"
    assert {detail.label for detail in call.details} >= {"Request", "Answer"}


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        ("449", "449 (asked to try again)"),
        ("107404", "107404 (no such message)"),
        ("closed", "closed (the connection was cut)"),
        ("HTTP 502", "HTTP 502"),
        ("", "not answered yet"),
    ],
)
def test_what_came_of_an_im_call_is_told_in_words(outcome: str, shown: str) -> None:
    story = Story()
    message = answered(story)
    number = max(story.journal.calls)
    story.journal.calls[number].outcome = outcome
    assert step(told(story, message), "im").children[0].summary == shown


def test_a_message_that_has_just_been_sent_waits() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message)
    timeline = told(story, message)
    assert kinds(timeline) == ["request", "answer", "note"]
    assert timeline.steps[-1].status == "waiting"
    assert not timeline.complete


def test_storage_calls_are_summed_up_in_the_step_that_made_them() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 10, 50, parent="0" * 16, OUTCOME="answered")
    claim = story.span(trace, spans.CLAIM, 11, 20, parent=turn)
    for at in (12, 20):
        story.span(trace, f"{spans.TABLES}get", at, 5, parent=claim, DB_TABLE="relayhistory20231114")
    made = step(told(story, message), "claim")
    assert made.summary.endswith("2 storage calls, 10 ms")
    assert [one.kind for one in made.children] == ["storage", "storage"]


def test_the_window_shows_who_said_what_and_what_was_cut() -> None:
    story = Story()
    earlier = story.says("old", 0)
    trace = story.posted(earlier)
    story.span(trace, spans.WEBHOOK, 1, MESSAGE="a" * 24)
    story.replies("reply to old", 3)
    message = story.says("new", 10)
    trace = story.posted(message, 10)
    turn = story.span(trace, spans.TURN, 20, 50, parent="0" * 16, OUTCOME="answered")
    rows = [(f"{KEY}0", "assistant", "sent"), (f"{KEY}1", "user", "not_usable")]
    events = tuple(
        SpanEvent(spans.WINDOW_ROW, 0, {spans.ROW: key, spans.ROLE: role, spans.AT: BEGAN, spans.FATE: fate})
        for key, role, fate in rows
    )
    story.span(trace, spans.WINDOW, 21, parent=turn, events=events, ROWS_READ=2, WINDOW_SENT=1, BATCH=1)
    chat = story.span(trace, f"{spans.CHAT}scripted", 30, parent=turn)
    story.asked(chat, 31)
    window = step(told(story, message), "window")
    assert window.summary == "2 rows read, 1 earlier message for the model, 1 message to answer"
    (detail,) = window.details
    assert [(row["role"], row["text"], row["fate"], row["why"]) for row in detail.value] == [
        ("system", "You are Helper.", "sent", ""),
        ("user", "old", "cut", FATES["not_usable"]),
        ("assistant", "reply to old", "sent", ""),
    ]


def test_a_row_of_which_the_page_knows_nothing_says_so() -> None:
    story = Story()
    message = story.says("new")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 20, parent="0" * 16, OUTCOME="answered")
    row = {spans.ROW: f"{KEY}1", spans.ROLE: "user", spans.AT: BEGAN, spans.FATE: "sent"}
    story.span(trace, spans.WINDOW, 21, parent=turn, events=(SpanEvent(spans.WINDOW_ROW, 0, row),))
    (detail,) = step(told(story, message), "window").details
    assert detail.value[0]["text"] == "(said before this page was opened)"


def test_a_refusal_of_the_model_says_when_it_was_asked_again() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 10, 3000, parent="0" * 16, OUTCOME="answered")
    refused = story.span(trace, f"{spans.CHAT}scripted", 20, 5, parent=turn, error=True, ERROR_TYPE="429")
    story.asked(refused, 21, status=429)
    again = story.span(
        trace, f"{spans.CHAT}scripted", 2030, 5, parent=turn, GEN_AI_INPUT_TOKENS=7, GEN_AI_OUTPUT_TOKENS=3
    )
    story.asked(again, 2031)
    first, second = step(told(story, message), "turn").children
    assert (first.status, first.summary) == (
        "error",
        "429: the model is throttled, retry-after 2 · asked again 2.0 s later",
    )
    assert (second.status, second.summary) == ("ok", "7 + 3 tokens")


def test_a_filtered_prompt_is_called_that() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 10, parent="0" * 16, OUTCOME="answered")
    refused = story.span(trace, f"{spans.CHAT}scripted", 20, 5, parent=turn, error=True)
    story.asked(refused, 21, status=400, answer={"error": {"code": "content_filter"}})
    assert step(told(story, message), "model").summary == "400: the content filter refused the prompt"


def test_a_turn_that_failed_says_why_and_when_it_is_seen_again() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(
        trace, spans.TURN, 10, parent="0" * 16, error=True, OUTCOME="retried", CAUSE="ModelUnavailable: 503"
    )
    story.span(trace, f"{spans.QUEUES}send", 15, parent=turn, QUEUE_DELAY=4.0)
    made = step(told(story, message), "turn")
    assert made.status == "warn"
    assert made.summary.startswith("because of ModelUnavailable: 503 · seen again in 4 s")


def test_ten_deliveries_are_one_step_and_the_idle_turns_another() -> None:
    story = Story()
    message = story.says("hello")
    traces = [story.posted(message) for _ in range(10)]
    for trace in traces:
        story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    answered_turn(story, traces[0], "aaa", 20, reply="r1", covers=["aaa"])
    for trace in traces[1:]:
        story.span(trace, spans.TURN, 30, parent="0" * 16, OUTCOME="busy")
    story.replies("hi", 100, client_id="r1")
    timeline = told(story, message)
    assert kinds(timeline) == ["request", "answer", "request", "queue", "turn", "turn", "reply"]
    assert timeline.steps[2].title == "The same message again, 9 times"
    assert len(timeline.steps[2].children) == 18
    assert timeline.steps[5].title == "9 turns of the other deliveries"


def test_a_message_answered_with_another_one_shows_that_turn() -> None:
    story = Story()
    first, second = story.says("one"), story.says("two", 5)
    traces = [story.posted(message) for message in (first, second)]
    for trace, message_hash in zip(traces, ("aaa", "bbb"), strict=True):
        story.span(trace, spans.WEBHOOK, 6, MESSAGE=message_hash)
    answered_turn(story, traces[0], "aaa", 20, reply="r1", covers=["aaa", "bbb"])
    story.replies("hi", 90, client_id="r1")
    timeline = told(story, second)
    assert step(timeline, "turn").title == "Turn: answered, with another message"
    assert timeline.complete


def test_a_turn_that_failed_before_the_message_was_there_is_not_its_own() -> None:
    story = Story()
    first = story.says("one")
    trace = story.posted(first)
    story.span(trace, spans.WEBHOOK, 6, MESSAGE="aaa")
    failed = story.span(trace, spans.TURN, 20, 900, parent="0" * 16, OUTCOME="retried")
    story.span(trace, spans.WINDOW, 30, parent=failed, events=(batch_row("aaa"),))
    second = story.says("two", 500)
    story.span(story.posted(second, 500), spans.WEBHOOK, 501, MESSAGE="bbb")
    answered_turn(story, trace, "aaa", 1000, reply="r1", covers=["aaa", "bbb"])
    story.replies("hi", 1090, client_id="r1")
    assert [one.title for one in told(story, second).steps if one.kind == "turn"] == [
        "Turn: answered, with another message"
    ]
    assert len([one for one in told(story, first).steps if one.kind == "turn"]) == 2


def test_a_failed_turn_that_was_to_answer_a_message_with_others_is_shown() -> None:
    story = Story()
    first, second = story.says("one"), story.says("two", 5)
    traces = [story.posted(message) for message in (first, second)]
    for trace, message_hash in zip(traces, ("aaa", "bbb"), strict=True):
        story.span(trace, spans.WEBHOOK, 6, MESSAGE=message_hash)
    failed = story.span(traces[0], spans.TURN, 20, 900, parent="0" * 16, OUTCOME="retried")
    rows = (batch_row("aaa"), batch_row("bbb"))
    story.span(traces[0], spans.WINDOW, 30, parent=failed, events=rows)
    answered_turn(story, traces[0], "aaa", 1000, reply="r1", covers=["aaa", "bbb"])
    story.replies("hi", 1090, client_id="r1")
    assert len([one for one in told(story, second).steps if one.kind == "turn"]) == 2


def test_a_turn_under_way_shows_what_it_has_done_so_far() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.CLAIM, 20, parent="e" * 16)
    unended = SpanFact(trace, "f" * 16, "", f"{spans.CHAT}scripted", 0, 0)  # it is told of when it ends
    story.asked(unended, 30, status=None, ended=False)
    timeline = told(story, message)
    turn = step(timeline, "turn")
    assert (turn.title, turn.status) == ("Turn under way", "waiting")
    assert [one.kind for one in turn.children] == ["claim", "model"]
    assert turn.children[1].summary == "not answered yet"
    assert kinds(timeline)[-1] == "turn"


def test_a_kill_breaks_the_turn_off_and_the_watch_is_waited_for() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    webhook = story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    story.span(trace, f"{spans.QUEUES}send", 2, parent=webhook, QUEUE_DELAY=140)
    story.span(trace, spans.CLAIM, 20, parent="e" * 16)
    story.journal.kills.append(BEGAN + 500)
    timeline = told(story, message)
    assert kinds(timeline) == ["request", "answer", "queue", "turn", "note", "note"]
    turn, killed, waiting = timeline.steps[3:]
    assert (turn.title, turn.status, turn.ms) == ("Turn: broken off", "error", 480)
    assert killed.title == KILLED
    assert (waiting.title, waiting.status) == ("Waiting for the watch", "waiting")


def test_what_the_model_answers_after_the_kill_is_heard_by_nobody_and_the_wait_is_told() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    story.span(trace, spans.CLAIM, 20, parent="e" * 16)
    story.asked(SpanFact(trace, "f" * 16, "", "", 0, 0), 497)  # for 5 ms
    story.journal.kills.append(BEGAN + 500)
    answered_turn(story, trace, "aaa", 60_500, reply="r1", covers=["aaa"])
    story.replies("hi", 60_590, client_id="r1")
    timeline = told(story, message)
    asked = step(timeline, "turn").children[1]
    assert (asked.kind, asked.ms, asked.status) == ("model", 3, "error")
    again = [one for one in timeline.steps if one.title == "Waited to be taken up again"]
    assert [(one.at, one.ms) for one in again] == [(BEGAN + 500, 60_000)]
    assert timeline.steps.index(again[0]) == 1 + [one.title for one in timeline.steps].index(KILLED)


def test_spans_that_died_with_the_host_are_not_waited_for() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    story.replies("hi", 100, client_id="r1")
    assert not told(story, message).complete
    story.journal.kills.append(BEGAN + 150)
    assert told(story, message).complete


def test_what_was_said_before_the_first_span_came_is_told_without_spans() -> None:
    story = Story(Journal(spans_visible=False))
    before, after = story.says("one"), story.says("two", 60_000)
    for message in (before, after):
        story.posted(message)
    story.span(trace_of(story.journal.posts_of(after)[0].headers), spans.WEBHOOK, 60_001)
    assert told(story, before).missing == (BEFORE_SPANS,)
    assert told(story, after).missing == ()


def test_a_command_says_that_it_is_one() -> None:
    story = Story()
    message = story.says("/new")
    trace = story.posted(message)
    story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    turn = story.span(trace, spans.TURN, 20, parent="0" * 16, OUTCOME="answered")
    story.span(trace, spans.IM_SEND, 20, parent=turn, IM_CLIENT_ID="r1")
    assert COMMAND in step(told(story, message), "turn").summary


@pytest.mark.parametrize(
    ("outcome", "title"), [("limited", "Over the limit"), ("admitted", "The last message within the limit")]
)
def test_the_last_message_within_a_limit_is_told_from_one_beyond(outcome: str, title: str) -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 20, parent="0" * 16, OUTCOME="answered")
    story.span(trace, spans.LIMITS, 20, parent=turn, OUTCOME=outcome, LIMITED_UNTIL=BEGAN + 60_000)
    assert step(told(story, message), "limits").title == title


def test_an_empty_answer_of_the_model_is_called_that() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    turn = story.span(trace, spans.TURN, 20, parent="0" * 16, OUTCOME="answered")
    chat = story.span(trace, f"{spans.CHAT}scripted", 20, parent=turn)
    story.asked(chat, 21, answer={"choices": [{"message": {"content": ""}}]})
    assert step(told(story, message), "model").summary.startswith("an empty answer")
    assert step(told(story, message), "model").status == "warn"


def test_a_message_by_both_inputs_is_read_where_the_platform_reads() -> None:
    story = Story()
    message = story.says("hello")
    for input in ("copy", "chatbot"):
        story.posted(message, body={"reply": {"text": "hi"}}, input=input)
    story.replies("hi", 50, origin="response")
    copy, *_ = (one for one in told(story, message).steps if one.kind == "answer")
    assert (copy.status, copy.summary) == ("warn", READ_ELSEWHERE)


def test_a_kill_before_the_message_is_none_of_its_business() -> None:
    story = Story()
    story.journal.kills.append(BEGAN - 500)
    assert "note" not in kinds(told(story, answered(story)))


def test_a_reply_in_the_response_lies_in_the_webhooks_answer() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message, body={"reply": {"text": "hi"}}, input="chatbot")
    webhook = story.span(trace, spans.WEBHOOK, 1, 40, MESSAGE="aaa", parent="1" * 16)
    story.span(trace, spans.CLAIM, 2, parent=webhook)
    story.replies("hi", 50, origin="response")
    timeline = told(story, message)
    assert kinds(timeline) == ["request", "answer", "reply"]
    assert timeline.steps[1].summary == "The reply is in this answer."
    assert [one.kind for one in timeline.steps[1].children] == ["claim"]
    assert timeline.complete


def test_a_message_that_was_posted_late_says_so() -> None:
    story = Story()
    message = story.says("hello", 0)
    story.posted(message, 8000)
    first = told(story, message).steps[0]
    assert (first.title, first.ms) == ("Posted late", 8000)


def test_without_spans_the_other_sides_tell_what_they_saw() -> None:
    story = Story(Journal(spans_visible=False))
    message = story.says("hello")
    story.posted(message)
    story.asked(SpanFact("", "", "", "", 0, 0), 30)
    story.called("r1", 40)
    story.called("another reply", 41)
    story.replies("hi", 45, client_id="r1")
    timeline = told(story, message)
    assert kinds(timeline) == ["request", "answer", "model", "im", "reply"]
    assert timeline.missing == ()  # the page says so once for all messages
    assert timeline.complete


def test_a_reply_is_told_by_the_name_that_the_bots_file_gives() -> None:
    story = Story(Journal([HELPER.model_copy(update={"name": "客服小云"})]))
    message = answered(story)
    assert told(story, message).steps[-1].summary.startswith("客服小云, ")


def test_the_form_for_the_page_holds_every_child() -> None:
    story = Story()
    message = answered(story)
    shown = told(story, message).as_json()
    assert shown["message"] == message
    turn = next(one for one in shown["steps"] if one["kind"] == "turn")
    assert turn["at"] == BEGAN + 60
    assert turn["children"][0]["kind"] == "claim"
    assert turn["details"][0]["format"] == "table"
