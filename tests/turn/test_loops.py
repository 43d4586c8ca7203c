"""Two bots in a group do not answer each other for ever; a person is never taken for one."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from relay.errors import StorageUnavailable
from tests.doubles import Call
from tests.kit import RelayKit

ASK = "@Helper and you?"


def machine(relay: RelayKit, count: int, pause: float = 0.5, **fields: Any) -> None:
    """A bot that is a logged-in client answers each of our replies."""
    for _ in range(count):
        relay.clock.advance(pause)
        relay.post(ASK, **{"sender": "other.bot", "team": "42", **fields})


def test_the_ninth_message_of_a_machine_is_not_answered(relay: RelayKit) -> None:
    machine(relay, 20)
    assert len(relay.replies) == len(relay.model.prompts) == 8
    assert relay.waiting == []
    assert relay.failed == []


def test_it_is_logged_once(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        machine(relay, 12)
    assert [record.message for record in caplog.records if "answer each other" in record.message] != []
    assert sum("answer each other" in record.message for record in caplog.records) == 1


def test_a_minute_of_silence_ends_it(relay: RelayKit) -> None:
    machine(relay, 10)
    relay.clock.advance(61)
    machine(relay, 1)
    assert len(relay.replies) == 9


def test_somebody_else_ends_it(relay: RelayKit) -> None:
    machine(relay, 10)
    relay.clock.advance(0.1)
    relay.post("@Helper stop", sender="bob", team="42")
    machine(relay, 1)
    assert len(relay.replies) == 8 + 2


def test_a_person_in_a_group_who_takes_a_breath_once_is_answered(relay: RelayKit) -> None:
    for _ in range(5):
        machine(relay, 7, sender="alice")
        machine(relay, 1, pause=3.5, sender="alice")
    assert len(relay.replies) == 40


def test_a_person_alone_with_the_bot_is_never_cut_off(relay: RelayKit) -> None:
    for _ in range(30):
        relay.post("next")
        relay.clock.advance(0.1)
    assert len(relay.replies) == 30


def test_somebody_who_writes_before_the_answer_is_there_is_answered(relay: RelayKit) -> None:
    """It has not waited for our reply, as a machine does."""

    def hurried(prompt: object) -> str:
        if len(relay.model.prompts) % 5 == 0:
            relay.post("@Helper are you there?", team="42", run=False)
            relay.clock.advance(0.5)
        return "Hi"

    relay.model.default = hurried
    machine(relay, 20, sender="alice")
    assert len(relay.replies) == 20 + 4


def test_without_a_memory_a_machine_is_known_as_well(relay: RelayKit) -> None:
    relay.configure_bot(rewind_messages=0)
    machine(relay, 20)
    assert len(relay.replies) == 8


def test_what_was_not_answered_stays_so_when_it_is_delivered_again(relay: RelayKit) -> None:
    machine(relay, 8)
    relay.clock.advance(0.5)
    copy = relay.copy(ASK, sender="other.bot", team="42")
    relay.post_body(copy)
    relay.clock.advance(300)
    relay.post_body(copy)
    assert len(relay.replies) == 8


def test_what_was_not_answered_is_not_remembered(relay: RelayKit) -> None:
    machine(relay, 9)
    relay.post("@Helper what did it say?", sender="bob", team="42")
    assert len(relay.model.asked()[-1]) == 1 + 16 + 1


def closes(call: Call) -> bool:
    return call.name == "write" and any(change.values.get("looping") for change in call.changes)


def test_a_process_that_dies_over_it_answers_nothing_either(relay: RelayKit) -> None:
    machine(relay, 8)

    def dies(call: Call) -> None:
        if closes(call):
            relay.tables.before = None
            relay.kill_host()

    relay.tables.before = dies
    machine(relay, 1)
    relay.settle()
    assert len(relay.replies) == 8
    assert relay.failed == []
    assert relay.waiting == []


def test_a_machine_that_is_over_a_limit_is_not_told_so_for_ever(relay: RelayKit) -> None:
    relay.configure_bot(limits={"per_sender": {"day": 2}})
    machine(relay, 20)
    assert len(relay.replies) == 8


def test_a_response_bot_returns_nothing(relay: RelayKit) -> None:
    bodies = []
    for _ in range(10):
        relay.clock.advance(0.5)
        body = relay.chatbot(
            "hi", to="42", sender="other.bot", convType="TEAM", robotInfo={"account": "echo"}
        )
        bodies.append(relay.post_body(body).get_body())
    assert bodies[7] != b"{}"
    assert bodies[8:] == [b"{}", b"{}"]
    assert relay.post_body(body).get_body() == b"{}"


def test_storage_that_fails_over_it_is_tried_again(relay: RelayKit) -> None:
    machine(relay, 8)
    failures = [StorageUnavailable("down")]

    def fails(call: Call) -> None:
        if closes(call) and failures:
            raise failures.pop()

    relay.tables.before = fails
    machine(relay, 1)
    relay.settle()
    assert failures == []
    assert len(relay.replies) == 8
    assert relay.failed == []


def test_a_machine_is_known_by_a_reply_that_was_streamed_as_well(relay: RelayKit) -> None:
    relay.configure_bot(stream=True)
    machine(relay, 20)
    assert len(relay.model.prompts) == 8
