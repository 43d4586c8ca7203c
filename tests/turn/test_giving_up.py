"""Giving up: nobody unasked, with one last try for what the host gave up on, and a record for people."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from relay.errors import ModelOverflow, ModelUnavailable
from relay.messages import Turn, message_hash
from relay.outbox import FAILED as FAILED_QUEUE
from relay.outbox import POISON, TURNS
from relay.texts import RELAYS_OWN
from relay.turn.step import GAVE_UP
from tests.doubles import Call
from tests.kit import RelayKit

LEASE_SECONDS = 90 + 20 + 30


def abandon(relay: RelayKit) -> None:
    """The host gives up on what is queued, without calling code: it moves the message and its watch away."""
    texts = relay.queues.texts(TURNS)
    relay.queues.queues[TURNS].clear()
    for text in texts:
        asyncio.run(relay.queues.send(POISON, text))


def test_what_the_host_gave_up_on_is_tried_once_more(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandon(relay)
    relay.sweep()
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert relay.failed == []
    assert relay.queues.texts(POISON) == []


def test_a_last_try_that_kills_its_process_is_given_up_when_the_host_brings_it_again(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandon(relay)
    relay.sweep()
    relay.model.script = [lambda prompt: relay.kill_host()]
    relay.settle()
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert len(relay.model.prompts) == 1
    assert [record.cause for record in relay.failed] == [GAVE_UP]


def test_a_last_try_that_comes_back_from_the_poison_queue_is_given_up_unasked(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandon(relay)
    relay.sweep()
    abandon(relay)
    relay.sweep()
    relay.settle()
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert relay.model.prompts == []
    relay.clock.advance(3600)
    relay.sweep()
    assert relay.waiting == []


def test_a_last_try_is_of_its_own_message_alone(relay: RelayKit) -> None:
    relay.post("deadly", run=False)
    abandon(relay)
    relay.clock.advance(1)
    give_back = relay.hold_lease()
    relay.post("older", at=relay.clock.now() - 5000)  # claimed, and waits
    give_back()
    relay.sweep()
    relay.run()
    assert [said.content for said in relay.model.prompts[0].messages][1:] == ["deadly"]


def test_a_last_try_that_fails_is_given_up_at_once(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello", run=False)
    abandon(relay)
    relay.sweep()
    relay.run()
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert [record.cause for record in relay.failed] == ["HTTP 500"]


def test_a_last_try_that_meets_failing_storage_does_not_come_round_again(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandon(relay)
    relay.sweep()
    relay.tables.down = True
    relay.run()
    relay.tables.down = False
    relay.settle()
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert relay.model.prompts == []


def test_a_backlog_that_is_older_than_the_time_to_answer_is_asked_about_first(relay: RelayKit) -> None:
    for text in ("one", "two", "three"):
        relay.post(text, run=False)
        relay.clock.advance(1)
    relay.clock.advance(11 * 60)
    relay.settle()
    assert relay.replies == ["Hi alice"] * 3
    assert relay.failed == []


def test_an_overdue_message_is_given_up_after_its_first_failed_try(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello", run=False)
    relay.clock.advance(11 * 60)
    relay.settle()
    assert 1 <= len(relay.model.prompts) <= 2  # by the message, and by its watch
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_a_death_counts_as_a_failed_try(relay: RelayKit) -> None:
    relay.model.script = [lambda prompt: relay.kill_host()]
    relay.post("hello")
    relay.clock.advance(11 * 60)
    relay.queues.queues[TURNS] = [m for m in relay.queues.queues[TURNS] if m.deliveries]  # not by its watch
    relay.settle()
    assert len(relay.model.prompts) == 1
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_a_message_that_is_too_old_to_be_accepted_is_given_up_without_a_try(relay: RelayKit) -> None:
    relay.configure_bot(max_message_age_minutes=30)
    relay.post("hello", run=False)
    relay.clock.advance(31 * 60)
    relay.settle()
    assert relay.model.prompts == []
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_what_no_shorter_message_would_mend_is_given_up_and_leaves_the_window(relay: RelayKit) -> None:
    """Else what came with it, such as its context, would have the next message refused, too."""
    relay.model.script = [ModelOverflow("HTTP 400", prompt_tokens=1000, excess_tokens=500)]
    for text in ("hello", "again"):
        relay.post(text)
        relay.clock.advance(1)
    assert relay.replies == [RELAYS_OWN.failed.en, "Hi alice"]
    assert relay.model.asked()[-1][1:] == [("user", "again")]


def test_slow_storage_does_not_put_a_message_back_unasked(relay: RelayKit) -> None:
    def slow(call: Call) -> None:
        relay.clock.advance(50 if call.name == "page" else 0)

    relay.configure_bot(rewind_minutes=60)
    relay.tables.before = slow
    relay.post("hello")
    assert relay.replies == ["Hi alice"]


def test_a_message_without_a_watch_gets_one_before_it_is_claimed(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    bare = next(text for text in relay.queues.texts(TURNS) if Turn.from_json(text).watch)
    relay.queues.queues[TURNS].clear()
    asyncio.run(relay.queues.send(TURNS, replace(Turn.from_json(bare), watch=None).to_json()))
    relay.tables.before = lambda call: relay.kill_host()
    relay.run()
    relay.tables.before = None
    relay.wait(LEASE_SECONDS + 1)  # not the platform's ten minutes
    assert relay.replies == ["Hi alice"]


def test_watches_do_not_multiply_while_an_outage_lasts(relay: RelayKit) -> None:
    relay.configure_bot(answer_within_minutes=60)
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.wait(50 * 60)
    assert len(relay.waiting) <= 2


def test_what_cannot_be_read_becomes_a_record_without_words(relay: RelayKit) -> None:
    for text in (
        '{"v":1,"message":"hunter2"}',
        "hunter2",
        '["hunter2"]',
        '{"v":"2","message":{"text":"hunter2"}}',
    ):
        asyncio.run(relay.queues.send(POISON, text))
    relay.sweep()
    assert relay.queues.texts(POISON) == []
    assert len(relay.failed) == 4
    assert "hunter2" not in "".join(relay.queues.texts(FAILED_QUEUE))


def test_what_a_newer_version_wrote_goes_back_for_a_newer_instance(relay: RelayKit) -> None:
    newer = json.dumps({"v": 99, "future": True})
    asyncio.run(relay.queues.send(POISON, newer))
    relay.sweep()
    assert relay.queues.texts(TURNS) == [newer]
    assert relay.queues.texts(POISON) == []


def test_records_of_an_older_version_move_to_the_queue_of_the_records(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    ended = json.loads(relay.queues.texts(TURNS)[0]) | {"cause": "HTTP 400"}
    relay.queues.queues[TURNS].clear()
    asyncio.run(relay.queues.send(POISON, json.dumps(ended)))
    relay.sweep()
    assert [record.cause for record in relay.failed] == ["HTTP 400"]
    assert relay.queues.texts(POISON) == relay.queues.texts(TURNS) == []


def test_a_record_holds_no_words_of_anybody(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    body = relay.copy("hunter2", fromNick="hunter2", team="77") | {"body": "@Helper hunter2"}
    robot = {"account": "helper", "topic": "hunter2", "customContent": "hunter2", "function": "hunter2"}
    relay.post_body(body | {"ext": {"robotInfo": robot}})
    relay.settle()
    (text,) = relay.queues.texts(FAILED_QUEUE)
    assert "hunter2" not in text
    (record,) = relay.failed
    assert (record.bot, record.sender, record.team) == ("helper", "alice", "77")
    assert record.message == message_hash(f"c:alice:{body['msgidClient']}")


def test_the_sweep_finds_an_abandoned_message_behind_any_number_of_others(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandoned = relay.queues.texts(TURNS)[1]
    relay.queues.queues[TURNS].clear()
    ended = json.dumps(json.loads(abandoned) | {"cause": "x"})
    for _ in range(200):
        asyncio.run(relay.queues.send(POISON, ended))
    asyncio.run(relay.queues.send(POISON, abandoned))
    relay.sweep()
    assert [turn.last_try for turn in relay.waiting] == [True]


def test_a_record_stays_for_a_week(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.wait(11 * 60)
    for _ in range(7 * 24):
        relay.sweep()
        assert len(relay.failed) == 1
        relay.clock.advance(3600)
    assert relay.failed == []
