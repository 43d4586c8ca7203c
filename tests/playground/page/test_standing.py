"""How things stand with a message, from the webhook's answers and the relay's spans."""

import pytest

from playground.page.standing import LIMITED, UNREAD_REPLY, standing_of
from playground.page.wording import REFUSED
from relay import spans
from relay.texts import RELAYS_OWN
from tests.playground.page.story import BEGAN, Story


def standing(story: Story, message: str) -> tuple[str, str]:
    found = standing_of(story.journal, message, story.journal.replies_to(message))
    return found.status, str(found.reason)


def test_a_message_is_being_sent_until_the_webhook_answers() -> None:
    story = Story()
    message = story.says("hello")
    assert standing(story, message) == ("sending", "")
    story.posted(message, ended=False)
    assert standing(story, message) == ("sending", "")


def test_a_queued_message_waits_and_then_is_answered() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message)
    assert standing(story, message) == ("waiting", "")
    story.replies("hi", 50)
    story.settle()
    assert standing(story, message) == ("answered", "")


def test_what_the_limits_answered_is_not_called_answered() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.replies("You have asked a lot today.", 50)
    story.settle()
    story.span(trace, spans.LIMITS, 5, OUTCOME="admitted", LIMITED_UNTIL=BEGAN)
    assert standing(story, message) == ("answered", "")
    story.span(trace, spans.LIMITS, 5, OUTCOME="limited", LIMITED_UNTIL=BEGAN)
    assert standing(story, message) == ("limited", LIMITED)


def test_one_accepted_copy_is_enough() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message, status=None, failure="no answer in time")
    story.posted(message)
    assert standing(story, message) == ("waiting", "")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"status": "ignored", "reason": "not_addressed"}, ("ignored", "no bot is mentioned in it")),
        (200, {"status": "ignored", "reason": "new_reason"}, ("ignored", "new_reason")),
        (401, {"error": "unauthorized"}, ("refused", REFUSED[401])),
        (400, {"error": "bad_request", "detail": "to: is missing"}, ("refused", "to: is missing")),
        (
            503,
            {"detail": "storage is away"},
            ("failed", "the webhook answered 503: storage is away"),
        ),
    ],
)
def test_every_other_answer_has_its_reason(status: int, body: object, expected: tuple[str, str]) -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message, status=status, body=body)
    assert standing(story, message) == expected


def test_a_reply_in_the_answer_to_a_message_copy_reaches_nobody() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message, body={"errCode": 0, "reply": {"type": 0, "text": "hi"}})
    assert standing(story, message) == ("failed", UNREAD_REPLY)


def test_no_answer_of_the_webhook_is_a_failure() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message, status=None, failure="ClientConnectorError")
    assert standing(story, message) == (
        "failed",
        "the webhook gave no answer: nothing listens at its address",
    )


def test_the_failure_text_is_no_answer() -> None:
    story = Story()
    message = story.says("hello")
    story.posted(message)
    story.replies(RELAYS_OWN.failed.en, 50)
    story.settle()
    assert standing(story, message) == ("failed", "the relay gave up and told the user so")


def test_a_turn_that_gave_up_silently_is_a_failure() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.TURN, 10, parent="0" * 16, OUTCOME="expired")
    assert standing(story, message) == ("failed", "the message is too old to be answered")


def test_a_reply_that_the_im_server_refuses_is_a_failure() -> None:
    story = Story()
    message = story.says("hello")
    trace = story.posted(message)
    story.span(trace, spans.IM_SEND, 10, IM_CLIENT_ID="r1", ERROR_TYPE="ImRejected", error=True)
    assert standing(story, message) == ("failed", "the IM server refused the reply")
