"""What users read: the answer, or a plain text in its place, and how it is sent."""

from __future__ import annotations

from relay.errors import ImBlocked, ModelBlocked, ModelRejected, ModelUnavailable
from relay.ports import Completion
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit


def test_a_blocked_message_gets_a_plain_text_and_stays_out_of_the_window(relay: RelayKit) -> None:
    relay.model.script = [ModelBlocked("content filter on the prompt")]
    relay.post("something bad")
    relay.clock.advance(1)
    relay.post("hello")
    assert relay.replies == [RELAYS_OWN.blocked.en, "Hi alice"]
    assert relay.model.asked()[-1][1:] == [("user", "hello")]


def test_an_empty_answer_gets_a_plain_text_that_stays_out_of_the_window(relay: RelayKit) -> None:
    relay.model.script = ["   "]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two")
    assert relay.replies == [RELAYS_OWN.empty.en, "Hi alice"]
    assert relay.model.asked()[-1][1:] == [("user", "one"), ("user", "two")]


def test_a_reply_that_moderation_refuses_is_replaced_by_a_plain_text(relay: RelayKit) -> None:
    relay.im.script = [ImBlocked("code 107451")]
    relay.post("hello")
    assert relay.replies == [RELAYS_OWN.withheld.en]
    relay.clock.advance(1)
    relay.post("again")
    assert relay.model.asked()[-1][1:] == [("user", "hello"), ("user", "again")]


def test_a_message_that_the_model_rejects_leaves_the_window_with_its_failure_text(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400")]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two")
    assert relay.model.asked()[-1][1:] == [("user", "two")]


def test_a_message_that_was_not_answered_in_time_stays_in_the_window_without_the_failure_text(
    relay: RelayKit,
) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("one")
    relay.settle()
    relay.model.default = "hi"
    relay.post("two")
    assert relay.model.asked()[-1][1:] == [("user", "one"), ("user", "two")]


def test_usage_is_stored_with_the_reply(relay: RelayKit) -> None:
    relay.model.script = [
        Completion(
            "Hi", model="gpt", prompt_tokens=12, completion_tokens=3, cached_tokens=8, reasoning_tokens=2
        )
    ]
    relay.post("hello")
    (reply,) = relay.tables.rows("reply")
    assert (reply["model"], reply["prompt_tokens"], reply["completion_tokens"]) == ("gpt", 12, 3)
    assert (reply["cached_tokens"], reply["reasoning_tokens"]) == (8, 2)


def test_replies_are_sent_from_the_bot_unmoderated_by_default(relay: RelayKit) -> None:
    relay.post("hello")
    (sent,) = relay.im.attempts
    assert (sent.bot, sent.to, sent.moderate, sent.mention) == ("helper", "alice", False, None)
