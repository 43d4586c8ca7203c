"""Nothing is lost: outages, crashes and lost answers end in a reply, or in a failure text and a record."""

from __future__ import annotations

import asyncio
import json

import pytest

from relay.errors import (
    ImBlocked,
    ImRejected,
    ImUnavailable,
    ModelRejected,
    ModelUnavailable,
    StorageUnavailable,
)
from relay.keys import LEASE_TABLE
from relay.messages import Turn
from relay.outbox import FAILED as FAILED_QUEUE
from relay.outbox import TURNS
from relay.ports import Merge
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit

LEASE_SECONDS = 90 + 20 + 30


def test_the_watch_is_queued_first_and_becomes_visible_after_the_lease_time(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    watch, message = relay.queues.queues[TURNS]
    assert watch.visible_at == relay.clock.now() + LEASE_SECONDS * 1000
    named = Turn.from_json(message.text).watch
    assert named is not None
    assert (named.id, named.pop) == (watch.id, watch.pop)


def test_a_message_whose_process_died_is_answered_by_its_watch(relay: RelayKit) -> None:
    relay.model.script = [lambda prompt: relay.kill_host()]
    relay.post("hello")
    assert relay.replies == []
    relay.wait(LEASE_SECONDS)
    assert relay.replies == ["Hi alice"]


def test_a_model_failure_is_tried_again_with_a_growing_delay(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("HTTP 500")] * 3
    sent = relay.clock.now()
    relay.post("hello")
    delays = []
    while not relay.replies:
        at = relay.queues.next_visible_at(TURNS)
        assert at is not None
        delays.append((at - relay.clock.now()) / 1000)
        relay.clock.set(at)
        relay.run()
    assert delays == [2, 4, 8]
    assert relay.clock.now() - sent == 14_000


def test_what_cannot_be_answered_in_time_gets_one_failure_text_and_a_record(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.settle()
    assert relay.replies == [RELAYS_OWN.failed.en]
    (record,) = relay.failed
    assert record.cause == "ModelUnavailable: HTTP 500"
    assert relay.waiting == []


def test_the_failure_text_comes_at_the_configured_time(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.wait(599)
    assert relay.replies == []
    relay.wait(2)
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_the_failure_text_is_in_the_language_of_the_message(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("你好吗")
    relay.wait(11 * 60)
    assert relay.replies == [RELAYS_OWN.failed.zh]


def test_a_message_that_the_model_refuses_is_told_so_at_once_and_leaves_the_memory(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400 odd")]
    relay.post("odd")
    assert relay.replies == [RELAYS_OWN.refused.en]
    assert relay.failed == []
    relay.post("hello")
    assert relay.model.asked()[-1][1:] == [("user", "hello")]


def test_a_place_that_refuses_everything_is_an_outage(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400 odd")]
    relay.model.takes_all = False
    relay.post("hello")
    assert relay.replies == []
    relay.wait(60)
    assert relay.replies == ["Hi alice"]


def test_where_it_cannot_be_told_whose_fault_it_is_the_message_waits(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400 odd")]
    relay.model.takes_all = ModelUnavailable("HTTP 429")
    relay.post("hello")
    assert relay.replies == []
    relay.wait(60)
    assert relay.replies == ["Hi alice"]


def test_a_message_that_the_model_rejects_does_not_take_its_batch_along(relay: RelayKit) -> None:
    def refuse_bad(prompt: object) -> str:
        if "bad" in [said.content for said in relay.model.prompts[-1].messages]:
            raise ModelRejected("HTTP 400")
        return "fine"

    relay.model.default = refuse_bad
    relay.hold_lease(seconds=5)
    for text in ("good", "bad", "better"):
        relay.post(text)
        relay.clock.advance(0.01)
    relay.configure_bot(rewind_messages=0)
    relay.settle()
    assert sorted(relay.replies) == sorted(["fine", RELAYS_OWN.refused.en, "fine"])


def test_an_outage_of_storage_loses_nothing(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    relay.tables.down = True
    relay.wait(180)
    relay.tables.down = False
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_an_outage_of_the_im_server_loses_nothing_and_asks_the_model_once(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("no answer")] * 5
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
    assert len({sent.client_id for sent in relay.im.attempts}) == 1


def test_an_outage_of_the_im_server_beyond_the_time_to_answer_still_delivers_the_answer(
    relay: RelayKit,
) -> None:
    relay.im.script = [ImUnavailable("no answer")] * 30
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_reply_that_the_im_server_never_takes_ends_on_record_at_the_age_limit(relay: RelayKit) -> None:
    relay.configure_bot(max_message_age_minutes=30)
    relay.im.script = [ImUnavailable("no answer")] * 100
    relay.post("hello")
    relay.settle()
    assert relay.waiting == []
    assert "no answer" in relay.failed[0].cause


def test_a_refused_reply_ends_on_record_with_its_cause(relay: RelayKit) -> None:
    relay.im.script = [ImRejected("code 102404")]
    relay.post("hello")
    assert relay.replies == []
    assert "102404" in relay.failed[0].cause
    assert relay.waiting == []


def test_a_stored_reply_that_was_not_sent_is_sent_by_the_next_turn(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("killed here")]
    relay.post("first")
    relay.queues.queues[TURNS].clear()
    relay.clock.advance(1)
    relay.post("second")
    assert relay.replies == ["Hi alice", "Hi alice"]
    assert [said.content for said in relay.model.prompts[-1].messages][1:] == ["first", "Hi alice", "second"]


def test_a_message_of_a_newer_version_is_put_back(relay: RelayKit) -> None:
    newer = json.dumps({"v": 99, "future": True})
    asyncio.run(relay.app.answer(newer))
    assert relay.queues.texts(TURNS) == [newer]


def test_something_that_is_no_turn_is_an_error_for_the_host(relay: RelayKit) -> None:
    with pytest.raises(ValueError, match="not a turn"):
        asyncio.run(relay.app.answer('{"v":1}'))


def test_a_message_for_a_bot_that_was_taken_out_ends_on_record(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    relay.configure_bot("helper", accid="other")
    relay.settle()
    assert "not in the bots file" in relay.failed[0].cause


def test_a_failure_text_is_marked_sent_only_when_its_cause_is_on_record(relay: RelayKit) -> None:
    def failing(call: Call) -> None:
        if call.where == FAILED_QUEUE:
            relay.queues.before = None
            raise StorageUnavailable("for a moment")

    relay.queues.before = failing
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.settle()
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert len(relay.failed) == 1


def test_a_text_in_the_place_of_a_withheld_reply_is_sent_although_the_answer_of_storing_it_was_lost(
    relay: RelayKit,
) -> None:
    async def repeated(call: Call) -> None:
        if any(change.values.get("text") == RELAYS_OWN.withheld.en for change in call.changes):
            # The real part repeats a call whose answer was lost.
            await relay.tables.write(call.where, call.partition, *call.changes)

    relay.tables.after = repeated
    relay.im.script = [ImBlocked("code 107451")]
    relay.post("hello")
    relay.settle()
    assert relay.replies == [RELAYS_OWN.withheld.en]


def test_a_withheld_reply_that_somebody_else_changed_is_not_sent_as_it_was(relay: RelayKit) -> None:
    """Under the lease that can only be a ``/forget``."""

    async def changed_meanwhile(call: Call) -> None:
        if any(change.values.get("text") == RELAYS_OWN.withheld.en for change in call.changes):
            relay.tables.before = None
            other = Merge(call.changes[0].key, {"note": "another"}, etag_of(relay, call))
            await relay.tables.write(call.where, call.partition, other)

    relay.tables.before = changed_meanwhile
    relay.im.script = [ImBlocked("code 107451"), ImBlocked("code 107451")]
    relay.post("hello")
    relay.settle()
    assert len(relay.im.attempts) == 1
    assert relay.replies == []


def etag_of(relay: RelayKit, call: Call) -> str:
    """Of the row that a call is about to change."""
    return relay.tables.tables[call.where][call.partition][call.changes[0].key].etag


def test_a_lease_whose_note_was_written_although_its_answer_was_lost_is_given_back(relay: RelayKit) -> None:
    relay.hold_lease(seconds=-1, crashes=1)
    merges: list[Call] = []

    def losing(call: Call) -> None:
        if call.where == LEASE_TABLE and isinstance(next(iter(call.changes), None), Merge):
            merges.append(call)
            if len(merges) == 2:  # taking over is the first, noting the second
                raise StorageUnavailable("the answer was lost")

    relay.tables.after = losing
    started = relay.clock.now()
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert relay.clock.now() - started < 10_000
