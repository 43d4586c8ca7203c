"""What the log of a turn says, and what it may not say."""

from __future__ import annotations

import logging

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
