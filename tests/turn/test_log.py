"""What the log of a turn says, and what it may not say."""

from __future__ import annotations

import json
import logging
import re

import pytest

from relay.errors import ImBlocked, ImRejected, ModelBlocked, ModelRejected, ModelUnavailable
from relay.ports import Completion
from tests.kit import RelayKit


def test_no_log_of_a_turn_holds_what_was_said(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    private = "hunter2"
    relay.model.default = f"you said {private}"
    relay.im.script = [None, ImBlocked("code 107451"), None, ImRejected("code 404"), None]
    rejected = ModelRejected("HTTP 400")  # with history and without
    relay.model.script = [*[relay.model.default] * 3, rejected, rejected, ModelUnavailable("HTTP 500")]
    for text in ("answered", "withheld", "undelivered", "given up", "tried again"):
        relay.post(f"{text} {private}", fromNick=private)
        relay.settle()
    relay.post("/forget")
    relay.sweep()
    for what in ("turn done", "withheld", "undeliverable", "refuses a message", "tried again"):
        assert what in caplog.text
    assert private not in caplog.text
    assert relay.settings.im_app_secret.get_secret_value() not in caplog.text


def told_of(caplog: pytest.LogCaptureFixture, begin: str) -> str:
    """What the one line that begins so says after ``message=``."""
    (line,) = {line for line in (r.getMessage() for r in caplog.records) if line.startswith(begin)}
    return line.partition("message=")[2].split()[0]


def test_a_message_is_called_the_same_by_the_webhook_the_queue_and_the_turn(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay.model.script = [ModelUnavailable("HTTP 500")]
    relay.post("hello", run=False)
    called = told_of(caplog, "queued bot=helper")
    assert re.fullmatch("[0-9a-f]{24}", called)
    assert {json.loads(turn.to_json())["log_id"] for turn in relay.waiting} == {called}
    relay.settle()
    assert told_of(caplog, "turn failed") == told_of(caplog, "turn done") == called
    (partition,) = {
        part.partition("conversation=")[2].split()[0]
        for part in (record.getMessage() for record in caplog.records)
        if "conversation=" in part
    }
    assert re.fullmatch("[0-9a-f]{40}", partition)


def test_a_reply_that_is_not_taken_is_told_with_its_message(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay.im.script = [ImRejected("code 404")]
    relay.post("hello")
    assert told_of(caplog, "reply undeliverable") == told_of(caplog, "queued bot=helper")


def test_each_of_several_messages_is_found_in_the_line_of_their_answer(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    release = relay.hold_lease()
    for text in ("one", "two", "three"):
        relay.post(text)
        relay.clock.advance(1)
    release()
    queued = [
        line.partition("message=")[2].split()[0]
        for line in (record.getMessage() for record in caplog.records)
        if line.startswith("queued ")
    ]
    relay.settle()
    assert told_of(caplog, "turn done") == ",".join(queued)


def test_a_recall_is_noted_under_the_name_of_its_message(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.recall(hello)
    assert told_of(caplog, "noted recall") == told_of(caplog, "queued bot=helper")


def test_a_plain_text_is_logged_as_given_without_a_window(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for text in ("one", "two"):
        relay.post(text)
    relay.model.script = [ModelBlocked("content filter on the prompt")] * 2
    relay.post("three")
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("turn done")]
    assert ["outcome=answered batch=1 window=2" in line for line in lines] == [False, True, False]
    assert "outcome=blocked batch=1 window=0" in lines[-1]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Completion("Hi"), "answered"),
        (Completion("I can't help with that.", ended="declined"), "declined"),
        (Completion("", ended="cut"), "unfinished"),
        (Completion(""), "empty"),
    ],
)
def test_what_the_model_says_once_the_window_was_left_out_is_logged_as_said_without_it(
    relay: RelayKit, caplog: pytest.LogCaptureFixture, said: Completion, outcome: str
) -> None:
    caplog.set_level(logging.INFO)
    relay.post("one")
    relay.clock.advance(1)
    relay.model.script = [ModelBlocked("content filter on the prompt"), said]
    relay.post("two")
    assert f"outcome={outcome} batch=1 window=0" in caplog.text
