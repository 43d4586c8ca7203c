"""The search of the test run finds what it is for, and only that."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr

from relay.errors import ModelUnavailable
from relay.messages import Message
from tests.attacks.leaks import plugin
from tests.attacks.leaks.evidence import Evidence, LogEvidence, SpanEvidence
from tests.attacks.leaks.private import BEGINNING_CHARS, Private

TEXT = "my passport is number 4711"


@pytest.fixture
def private() -> Private:
    noted = Private()
    noted.text(TEXT)
    return noted


@pytest.fixture
def evidence() -> Evidence:
    return Evidence()


@pytest.fixture
def logger(evidence: Evidence) -> logging.Logger:
    """A logger that nobody else hears."""
    made = logging.Logger("some.library", logging.DEBUG)
    made.addHandler(LogEvidence(evidence))
    return made


def found(evidence: Evidence, private: Private) -> bool:
    return any(evidence.leaks(private))


@pytest.mark.parametrize(
    "said",
    [
        f"text={TEXT}",
        f"prompt {[TEXT]}",
        TEXT[:BEGINNING_CHARS] + "…",
    ],
)
def test_a_text_is_found_wherever_it_stands_and_where_it_is_cut_off(
    evidence: Evidence, private: Private, said: str
) -> None:
    evidence.add(said, "log")
    assert found(evidence, private)


@pytest.mark.parametrize("text", ['he said "no"\nand left', "été — ça va", "你好，世界", "🎉🎉🎉🎉"])
@pytest.mark.parametrize("quoted", [str, repr, ascii])
def test_a_text_is_found_as_it_is_and_quoted(evidence: Evidence, text: str, quoted: type) -> None:
    private = Private()
    private.text(text)
    evidence.add(f"refused: {quoted(text)}", "log")
    assert found(evidence, private)


def test_a_word_is_not_found_inside_another_one(evidence: Evidence) -> None:
    private = Private()
    private.text("text")
    evidence.add("conversation context", "log")
    assert not found(evidence, private)
    evidence.add("the text.", "log")
    assert found(evidence, private)


def test_a_bot_may_be_named_although_somebody_writes_just_its_accid(evidence: Evidence) -> None:
    private = Private()
    private.name("support.bot")
    private.text("support.bot")
    private.text("support.bot, are you there?")
    evidence.add("relay.bot='support.bot'", "span")
    assert not found(evidence, private)
    evidence.add("text='support.bot, are you there?'", "span")
    assert found(evidence, private)


def test_the_relays_own_words_are_no_leak(evidence: Evidence, logger: logging.Logger) -> None:
    private = Private()
    private.text("queued")
    logger.debug("queued bot=%s", "helper")
    assert not found(evidence, private)
    logger.debug("queued bot=%s", "queued")
    assert found(evidence, private)


def test_a_message_without_arguments_has_no_words_of_its_own(
    evidence: Evidence, private: Private, logger: logging.Logger
) -> None:
    logger.debug(f"queued {TEXT}")
    assert found(evidence, private)


def test_a_traceback_is_searched(evidence: Evidence, private: Private, logger: logging.Logger) -> None:
    try:
        raise ValueError(TEXT)
    except ValueError:
        logger.exception("it went wrong")
    assert found(evidence, private)


def test_extra_fields_of_a_log_record_are_searched(
    evidence: Evidence, private: Private, logger: logging.Logger
) -> None:
    logger.info("done", extra={"answer": TEXT})
    assert found(evidence, private)


@pytest.mark.parametrize("part", ["name", "attribute", "list", "event"])
def test_every_part_of_a_span_is_searched(evidence: Evidence, private: Private, part: str) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SpanEvidence(evidence))
    with provider.get_tracer("t").start_as_current_span(TEXT if part == "name" else "relay.turn") as span:
        if part == "attribute":
            span.set_attribute("relay.reason", TEXT)
        elif part == "list":
            span.set_attribute("relay.covers", ["a", TEXT])
        elif part == "event":
            span.add_event("relay.window.row", {"relay.row": TEXT})
    provider.shutdown()
    assert found(evidence, private)


@pytest.mark.parametrize(
    "secret",
    ["0123456789abcdef", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=0123456789abcdef;"],
)
def test_a_secret_and_the_key_in_a_connection_string_are_found_anywhere(
    evidence: Evidence, secret: str
) -> None:
    private = Private()
    private.secret(secret)
    evidence.add("AccountName=a DefaultEndpointsProtocol=https", "log")
    assert not found(evidence, private)
    evidence.add("x0123456789abcdefx", "error")
    assert found(evidence, private)


def test_the_next_test_has_other_texts_and_the_same_secrets(evidence: Evidence, private: Private) -> None:
    private.secret("0123456789abcdef")
    private.clear()
    evidence.add(TEXT, "log")
    assert not found(evidence, private)
    evidence.add("0123456789abcdef", "log")
    assert found(evidence, private)


def test_what_comes_into_being_in_a_test_is_noted_and_an_error_is_kept() -> None:
    secret, text = "a secret of this test alone", "a text of this test"
    SecretStr(secret)
    Message(bot="helper", sender="alice", id="1", at=0, text=text)
    assert {secret, text} <= plugin.private.patterns.keys()
    error = ModelUnavailable("a cause of this test alone")
    assert not any(plugin.evidence.leaks(plugin.private))
    plugin.private.text(str(error))
    assert any(plugin.evidence.leaks(plugin.private))
    plugin.evidence.clear()


def test_the_output_of_a_child_is_searched_for_what_its_settings_hold() -> None:
    plugin.child_knows({"IM_APP_SECRET": "0123456789abcdef", "IM_APP_KEY": "no secret"})
    plugin.child_said("app key: no secret\nstarted", "a host")
    assert not any(plugin.evidence.leaks(plugin.private))
    plugin.child_said("signed with 0123456789abcdef", "a host")
    assert any(plugin.evidence.leaks(plugin.private))
    plugin.evidence.clear()


def test_debug_logs_reach_the_search_and_no_test_that_did_not_ask(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("relay.turn").debug("about %s", "a text in a debug log")
    logging.getLogger("some.library").debug("about %s", "a text in a debug log")
    assert caplog.messages == []
    plugin.private.text("a text in a debug log")
    assert any(plugin.evidence.leaks(plugin.private))
    plugin.evidence.clear()
