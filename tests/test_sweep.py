"""The timer: expiry is one call per day of history, and nothing of a newer or foreign kind is touched."""

from __future__ import annotations

import asyncio

import pytest

from relay.clock import DAY_MS
from relay.errors import StorageUnavailable
from relay.keys import LIMITS_PREFIX, day_of, history_table, limits_table
from relay.messages import Message, Turn
from relay.outbox import POISON, TURNS
from relay.sweep import bring_back_abandoned
from tests.doubles import Call
from tests.kit import RelayKit


def tables(relay: RelayKit) -> list[str]:
    return sorted(name for name in relay.tables.tables if name.startswith("relayhistory"))


def test_what_was_brought_back_is_counted(relay: RelayKit) -> None:
    turn = Turn(Message("helper", "alice", "c:alice:1", relay.clock.now(), "hello"), relay.clock.now())
    for text in (turn.to_json(), turn.to_json(), "unreadable"):
        asyncio.run(relay.queues.send(POISON, text))
    assert asyncio.run(bring_back_abandoned(relay.queues)) == 2
    assert asyncio.run(bring_back_abandoned(relay.queues)) == 0


def make_days(relay: RelayKit, *ages: int) -> None:
    for age in ages:
        asyncio.run(relay.tables.create_table(history_table(day_of(relay.clock.now()) - age)))


def test_a_day_is_kept_until_its_youngest_message_is_older_than_the_longest_limit_plus_a_day(
    relay: RelayKit,
) -> None:
    make_days(relay, 1, 2, 3, 40)
    relay.sweep()
    today = day_of(relay.clock.now())
    assert tables(relay) == [history_table(today - age) for age in (2, 1, 0, -1)]


def test_counts_are_kept_until_the_day_after_theirs_is_over(relay: RelayKit) -> None:
    today = day_of(relay.clock.now())
    for age in (-1, 0, 1, 2, 40):
        asyncio.run(relay.tables.create_table(limits_table(today - age)))
    relay.sweep()
    left = sorted(name for name in relay.tables.tables if name.startswith(LIMITS_PREFIX))
    assert left == [limits_table(today - age) for age in (1, 0, -1)]


def test_a_message_is_gone_two_days_after_the_longest_limit_at_the_latest(relay: RelayKit) -> None:
    relay.post("hello")
    sent = relay.clock.now()
    while history_table(day_of(sent)) in relay.tables.tables:
        relay.clock.advance(300)
        relay.sweep()
    assert relay.clock.now() - sent <= DAY_MS + 2 * DAY_MS


def test_expiry_is_one_call_per_day_whatever_the_number_of_rows(relay: RelayKit) -> None:
    for n in range(30):
        relay.post(f"m{n}")
        relay.clock.advance(1)
    relay.clock.advance(3 * 86_400)
    relay.tables.calls.clear()
    relay.sweep()
    assert [call for call in relay.tables.calls if call.startswith("drop")] == [
        "drop_table relayhistory20261123 1"
    ]
    assert not any(call.startswith(("write", "delete", "page")) for call in relay.tables.calls)


def test_tomorrows_table_is_made_today(relay: RelayKit) -> None:
    relay.sweep()
    assert tables(relay) == ["relayhistory20261123", "relayhistory20261124"]


def test_tables_of_others_are_left_alone(relay: RelayKit) -> None:
    for name in ("relayhistoryarchive", "relayleases", "other"):
        asyncio.run(relay.tables.create_table(name))
    relay.clock.advance(400 * 86_400)
    relay.sweep()
    assert {"relayhistoryarchive", "relayleases", "other"} <= set(relay.tables.tables)


def test_sweeps_that_were_missed_for_a_month_are_made_up_for(relay: RelayKit) -> None:
    make_days(relay, *range(30, 60))
    relay.sweep()
    assert len(tables(relay)) == 2


def test_a_table_that_is_still_being_deleted_does_not_stop_the_sweep(relay: RelayKit) -> None:
    relay.tables.busy.add("relayhistory20261124")
    relay.sweep()
    assert tables(relay) == ["relayhistory20261123"]


def test_a_redelivery_after_its_table_is_gone_creates_nothing(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    queued = relay.queues.texts("relay-turns")[1]
    relay.queues.queues["relay-turns"].clear()
    relay.clock.advance(5 * 86_400)
    relay.sweep()
    asyncio.run(relay.app.answer(queued))
    assert "relayhistory20261123" not in relay.tables.tables
    assert relay.replies == []
    assert relay.waiting == []


def test_a_poison_message_that_could_not_be_brought_back_is_brought_back_later(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    abandoned = relay.queues.texts(TURNS)[1]
    relay.queues.queues[TURNS].clear()
    asyncio.run(relay.queues.send(POISON, abandoned))

    def failing(call: Call) -> None:
        if call.name == "send":
            raise StorageUnavailable("for a moment")

    relay.queues.before = failing
    with pytest.raises(StorageUnavailable):
        relay.sweep()
    relay.queues.before = None
    relay.clock.advance(300)
    relay.sweep()
    assert [turn.last_try for turn in relay.waiting] == [True]
