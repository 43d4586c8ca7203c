"""Which message a reply answers."""

from playground.page.journal import Journal
from relay import spans
from relay.texts import RELAYS_OWN
from tests.playground.page.story import Story, answered_turn


def test_a_reply_answers_the_oldest_waiting_message_until_the_spans_tell() -> None:
    story = Story()
    first, second = story.says("one"), story.says("two", 5)
    for message in (first, second):
        story.posted(message)
    reply = story.replies("hi", 100)
    story.settle()
    assert story.journal.answers[reply] == [first]


def test_the_spans_tell_that_a_reply_answers_several() -> None:
    story = Story()
    first, second = story.says("one"), story.says("two", 5)
    traces = [story.posted(message) for message in (first, second)]
    for trace, message_hash in zip(traces, ("aaa", "bbb"), strict=True):
        story.span(trace, spans.WEBHOOK, 1, MESSAGE=message_hash)
    answered_turn(story, traces[1], "bbb", 20, reply="r1", covers=["aaa", "bbb"])
    reply = story.replies("hi", 100, client_id="r1")
    story.settle()
    assert story.journal.answers[reply] == [first, second]
    assert story.journal.replies_to(second) == [reply]


def test_a_confirmation_answers_the_message_of_its_trace() -> None:
    story = Story()
    waiting, command = story.says("one"), story.says("/help", 5)
    story.posted(waiting)
    trace = story.posted(command)
    turn = story.span(trace, spans.TURN, 10, parent="0" * 16, OUTCOME="answered")
    story.span(trace, spans.IM_SEND, 11, parent=turn, IM_CLIENT_ID="c1")
    reply = story.replies("I am Helper.", 12, client_id="c1")
    story.settle()
    assert story.journal.answers[reply] == [command]


def test_a_text_in_the_place_of_a_withheld_reply_answers_the_same_message() -> None:
    story = Story()
    other, asked = story.says("one"), story.says("two", 5)
    story.posted(other)
    trace = story.posted(asked)
    story.span(trace, spans.WEBHOOK, 6, MESSAGE="bbb")
    story.span(trace, spans.STORE, 20, parent="0" * 16, REPLY="r1", COVERS=["bbb"])
    outer = story.span(trace, spans.DELIVER, 25, parent="0" * 16, REPLY="r1")
    inner = story.span(trace, spans.DELIVER, 26, parent=outer, REPLY="withheld")
    story.span(trace, spans.IM_SEND, 27, parent=inner, IM_CLIENT_ID="withheld")
    reply = story.replies("withheld", 28, client_id="withheld")
    story.settle()
    assert story.journal.answers[reply] == [asked]


def test_without_spans_a_reply_answers_all_that_wait() -> None:
    story = Story(Journal(spans_visible=False))
    asked = [story.says(text) for text in ("one", "two")]
    for message in asked:
        story.posted(message)
    reply = story.replies("hi", 100)
    story.settle()
    assert story.journal.answers[reply] == asked


def test_an_ignored_message_is_answered_by_nothing() -> None:
    story = Story()
    ignored, asked = story.says("one"), story.says("two", 5)
    story.posted(ignored, body={"status": "ignored", "reason": "kind"})
    story.posted(asked)
    reply = story.replies("hi", 100)
    story.settle()
    assert story.journal.answers[reply] == [asked]


def test_a_reply_in_the_response_answers_the_request_that_carried_it() -> None:
    story = Story()
    first, second = story.says("one"), story.says("two", 5)
    story.posted(first, ended=False, input="chatbot")
    story.posted(second, body={"errCode": 0, "reply": {"type": 0, "text": "hi"}}, input="chatbot")
    reply = story.replies("hi", 100, origin="response")
    story.settle()
    assert story.journal.answers[reply] == [second]


def test_still_thinking_is_no_answer() -> None:
    story = Story()
    asked = story.says("one")
    story.posted(asked, body={"reply": {"text": RELAYS_OWN.thinking.en}}, input="chatbot")
    story.replies(RELAYS_OWN.thinking.en, 100, origin="response")
    story.settle()
    assert story.journal.replies_to(asked) == []


def test_a_reply_in_the_answer_to_a_message_copy_was_read_by_nobody() -> None:
    story = Story()
    first, second = story.says("one"), story.says("one", 5)
    for message, input in ((first, "copy"), (second, "chatbot")):
        story.posted(message, body={"errCode": 0, "reply": {"type": 0, "text": "hi"}}, input=input)
    reply = story.replies("hi", 100, origin="response")
    story.settle()
    assert story.journal.answers[reply] == [second]
