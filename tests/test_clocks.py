"""Day boundaries, late messages and clocks that disagree."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from relay.app import Relay
from relay.keys import history_table
from relay.ports import Prompt
from tests.doubles import ManualClock
from tests.kit import RelayKit

MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


def window(relay: RelayKit) -> list[str]:
    return [said.content for said in relay.model.prompts[-1].messages[1:-1]]


def test_a_sender_whose_clock_is_ahead_over_midnight_is_remembered(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 120_000)
    relay.post("from tomorrow", at=MIDNIGHT + 60_000)
    assert history_table(MIDNIGHT // 86_400_000) in relay.tables.tables
    relay.clock.advance(5)
    relay.post("second", at=MIDNIGHT + 61_000)
    assert window(relay) == ["from tomorrow", "Hi alice"]


def test_a_sender_whose_clock_is_too_far_ahead_is_told(relay: RelayKit) -> None:
    response = relay.post("hello", at=relay.clock.now() + 6 * 60_000)
    assert json.loads(response.get_body()) == {"status": "ignored", "reason": "bad_time"}


def test_a_message_that_is_hours_late_is_answered_in_its_own_day(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT + 10 * HOUR_MS)
    relay.post("late", at=MIDNIGHT - 2 * HOUR_MS)
    assert relay.replies == ["Hi alice"]
    assert history_table(MIDNIGHT // 86_400_000 - 1) in relay.tables.tables


def test_a_message_that_is_older_than_the_bot_allows_is_ignored(relay: RelayKit) -> None:
    response = relay.post("hello", at=relay.clock.now() - 25 * HOUR_MS)
    assert json.loads(response.get_body())["reason"] == "too_old"


def test_a_redelivery_after_midnight_is_the_same_message(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 1000)
    body = relay.copy("hello")
    relay.post_body(body)
    relay.clock.advance(7200)
    relay.post_body(body)
    assert relay.replies == ["Hi alice"]


def test_a_turn_that_runs_over_midnight_answers_once(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 1000)

    def slow(prompt: object) -> str:
        relay.clock.advance(30)
        return "good morning"

    relay.model.script = [slow]
    relay.post("good night")
    relay.clock.advance(1)
    relay.post("and now?")
    assert relay.replies == ["good morning", "Hi alice"]
    assert window(relay) == ["good night", "good morning"]


def test_messages_on_both_sides_of_midnight_are_answered_one_after_the_other(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT + 1000)
    relay.post("today", at=MIDNIGHT + 500, run=False)
    relay.post("yesterday", at=MIDNIGHT - 500, run=False)
    relay.settle()
    assert relay.replies == ["Hi alice", "Hi alice"]
    states = {row["state"] for row in relay.tables.rows("text")}
    assert states == {"answered"}


def test_an_instance_whose_clock_is_ahead_takes_a_lease_early_and_still_one_reply_is_stored(
    relay: RelayKit,
) -> None:
    """Its holder is alive, and finds at storing that the message has its answer."""
    ahead = ManualClock(relay.clock.now() + 3 * 60_000)
    other = Relay(
        relay.settings,
        relay.app.bots,
        clock=ahead,
        tables=relay.tables,
        queues=relay.queues,
        model=relay.model,
        im=relay.im,
    )
    relay.post("hello", run=False)
    turn = relay.waiting[1].to_json()

    async def overtaken(prompt: Prompt) -> str:
        await other.answer(turn)
        return "Hi alice"

    relay.model.script = [overtaken]
    relay.run()
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.tables.rows("reply")) == 1


def test_two_sweeps_at_once_do_no_harm(relay: RelayKit) -> None:
    relay.post("hello")
    relay.clock.advance(5 * 86_400)

    async def twice() -> None:
        await asyncio.gather(relay.app.sweep(), relay.app.sweep())

    asyncio.run(twice())
    assert relay.tables.rows() == []
    relay.post("hello again")
    assert len(relay.replies) == 2


def test_a_message_of_today_waits_while_its_table_is_still_being_deleted(relay: RelayKit) -> None:
    """Somebody deleted today's table by hand; Azure keeps its name for a while."""
    relay.tables.busy.add("relayhistory20261123")
    relay.post("hello")
    relay.wait(20)
    assert relay.replies == []
    relay.tables.busy.clear()
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_messages_of_one_millisecond_keep_the_order_of_their_server_ids(relay: RelayKit) -> None:
    for run in range(20):
        sender, at = f"user{run}", relay.clock.now()
        give_back = relay.hold_lease(sender=sender)
        for number in (3, 1, 2):  # they come in any order, and wait
            relay.post(f"m{number}", sender=sender, at=at, msgidServer=f"{9_000 + number}")
        give_back()
        relay.wait(3)
        assert [said.content for said in relay.model.prompts[-1].messages][1:] == ["m1", "m2", "m3"]


def test_a_message_is_found_whichever_of_its_deliveries_names_a_server_id(relay: RelayKit) -> None:
    body = relay.copy("hello") | {"msgidServer": "0"}
    relay.post_body(body)
    relay.post_body(body | {"msgidServer": "77"})
    assert relay.replies == ["Hi alice"]
