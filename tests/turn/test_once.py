"""Once: however a message is delivered, it is one message with one answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from relay.errors import ImUnavailable
from relay.outbox import TURNS
from tests.kit import RelayKit

MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)


def test_two_copies_in_the_queue_at_once_are_answered_once(relay: RelayKit) -> None:
    body = relay.copy("hello")
    relay.post_body(body, run=False)
    relay.post_body(body, run=False)
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
    assert len(relay.tables.rows("reply")) == 1


def test_a_copy_from_the_chatbot_input_is_the_same_message(relay: RelayKit) -> None:
    body = relay.copy("hello", client_id="c1")
    relay.post_body(body)
    relay.post_body({**{k: v for k, v in body.items() if k != "eventType"}, "robotInfo": {}})
    assert relay.replies == ["Hi alice"]


def test_a_message_without_a_time_is_found_across_midnight(relay: RelayKit) -> None:
    body = relay.copy("hello")
    del body["msgTimestamp"]
    relay.post_body(body)
    relay.clock.advance(12 * 3600)
    relay.post_body(body)
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1


def test_a_watch_that_fires_after_all_finds_the_message_done(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    watch = relay.waiting[0]
    relay.run()
    asyncio.run(relay.app.answer(watch.to_json()))
    assert relay.replies == ["Hi alice"]
    assert relay.waiting == []


def test_a_copy_with_a_time_is_the_message_that_came_without_one_after_midnight(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 200)
    copy = relay.copy("hello", client_id="c1")
    relay.clock.advance(0.4)
    undated = {key: value for key, value in copy.items() if key not in ("eventType", "msgTimestamp")}
    relay.post_body({**undated, "robotInfo": {}})
    relay.post_body(copy)
    assert relay.replies == ["Hi alice"]


def test_an_undated_message_with_a_topic_is_its_dated_copy_from_before_midnight(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 2000)
    copy = relay.copy("hello", client_id="c1")
    relay.post_body(copy)
    relay.clock.advance(4)
    undated = {key: value for key, value in copy.items() if key not in ("eventType", "msgTimestamp")}
    relay.post_body({**undated, "robotInfo": {"topic": "work"}})
    assert relay.replies == ["Hi alice"]


def test_an_unsent_reply_is_sent_as_its_own_function_says(relay: RelayKit) -> None:
    function = {"moderate_replies": False}
    relay.configure_bot("t", name="T", system_prompt="base", moderate_replies=True, functions={"f": function})
    relay.im.script = [ImUnavailable("no answer")]
    relay.post_chatbot("one", to="t")
    relay.queues.queues[TURNS].clear()
    relay.clock.advance(1)
    relay.post_chatbot("two", to="t", function="f")
    assert [sent.moderate for sent in relay.im.shown] == [True, False]
