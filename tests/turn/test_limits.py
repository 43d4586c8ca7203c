"""Limits per sender and per bot, and bots that are switched off."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from relay import spans
from relay.app import Relay
from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bot import Bot, Limits, Rate
from relay.config.bots import load_bots
from relay.errors import ConfigError, ModelUnavailable, RowChanged, StorageUnavailable
from relay.keys import LIMITS_PREFIX, conversation_key
from relay.memory.counts import Count
from relay.messages import Turn
from relay.ports import Insert, Row
from relay.texts import RELAYS_OWN
from relay.turn import limits
from relay.turn.limits import Limiter
from tests.doubles import Call, ManualClock, MemoryTables
from tests.kit import BOTS_TOML, RelayKit
from tests.mistakes import GOOD_BOT
from tests.tracing import finished_spans

PROMPT = '"You are Helper."'


def limit(relay: RelayKit, limits_toml: str) -> None:
    """Give every bot these limits."""
    relay.configure(f"[defaults]\nlimits = {limits_toml}\n{BOTS_TOML}")


REFUSAL = RELAYS_OWN.limited.en.format(when="in 1 minute (12:01 UTC)")
WARNING = RELAYS_OWN.last.en.format(when="in 1 minute (12:01 UTC)")


def answered(relay: RelayKit) -> list[str]:
    """The replies that are neither a refusal nor anything else of ours, warnings cut off."""
    return [text.split("\n\n")[0] for text in relay.replies if text.startswith("Hi ")]


def counts(relay: RelayKit) -> dict[str, tuple[int, int]]:
    """Each row of counts: in the minute and in the day."""
    return {
        key: (int(row.values["in_minute"]), int(row.values["in_day"]))
        for table, partitions in relay.tables.tables.items()
        if table.startswith(LIMITS_PREFIX)
        for rows in partitions.values()
        for key, row in rows.items()
    }


@contextmanager
def busy(relay: RelayKit) -> Iterator[None]:
    """Somebody else holds alice's conversation with helper."""
    give_back = relay.hold_lease(seconds=3600)
    yield
    give_back()


# exactly so many


def test_users_who_write_too_much_are_stopped_politely_until_a_stated_time(relay: RelayKit) -> None:
    """What people ask of every bot that costs money: a limit per user that holds, and says so."""
    limit(relay, "{ per_sender = { minute = 3 } }")
    for _ in range(5):
        relay.post("hello")
        relay.clock.advance(1)
    assert answered(relay) == ["Hi alice"] * 3
    assert relay.replies[3:] == [REFUSAL] * 2
    assert len(relay.model.prompts) == 3
    assert relay.failed == []


def test_the_next_minute_is_free_again(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.clock.advance(50)
    for _ in range(4):
        relay.post("hello")
        relay.clock.advance(10)
    assert len(answered(relay)) == 2


def test_a_day_is_a_utc_day(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 10, day = 2 } }")
    for _ in range(3):
        relay.post("hello")
        relay.clock.advance(3600)
    assert relay.replies[2] == RELAYS_OWN.limited.en.format(when="in about 10 hours (00:00 UTC)")
    relay.clock.advance(9 * 3600)
    relay.post("hello")
    assert len(answered(relay)) == 3


def test_the_refusal_is_in_the_language_of_the_message(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("hello")
    relay.post("你好吗")
    assert relay.replies[1] == RELAYS_OWN.limited.zh.format(when="1 分钟后（12:01 UTC）")


def test_the_limit_of_a_bot_is_shared_by_everybody(relay: RelayKit) -> None:
    limit(relay, "{ per_bot = { minute = 2 } }")
    for sender in ("alice", "bob", "carol"):
        relay.post("hello", sender=sender)
    assert answered(relay) == ["Hi alice", "Hi bob"]
    assert relay.replies[2] == REFUSAL


def test_each_sender_and_each_bot_has_a_count_of_its_own(relay: RelayKit) -> None:
    relay.configure(
        f"[defaults]\nlimits = {{ per_sender = {{ day = 1 }} }}\n{BOTS_TOML}"
        '[[bots]]\naccid = "other"\nname = "Other"\nsystem_prompt = "x"\n'
    )
    for sender in ("alice", "bob"):
        for bot in ("helper", "other"):
            relay.post("hello", to=bot, sender=sender)
    assert len(answered(relay)) == 4


def test_a_message_over_one_limit_takes_nothing_of_the_other(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 }, per_bot = { minute = 3 } }")
    for sender in ("alice", "alice", "alice", "bob", "carol"):
        relay.post("hello", sender=sender)
    assert answered(relay) == ["Hi alice", "Hi bob", "Hi carol"]


def test_in_a_group_each_member_has_a_count(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    for sender in ("alice", "bob", "alice"):
        relay.post("@Helper hello", sender=sender, team="42")
        relay.clock.advance(1)
    assert answered(relay) == ["Hi alice", "Hi bob"]
    assert relay.im.shown[2].mention == "alice"


def test_commands_are_free(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    for text in ("/help", "/new", "hello", "/forget"):
        relay.post(text)
        relay.clock.advance(1)
    assert len(answered(relay)) == 1
    assert relay.replies[3] == "Erased: 1 of your messages and 1 of my replies."


# once per message


def test_a_message_that_is_delivered_again_counts_once(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 2 } }")
    body = relay.copy("hello")
    relay.model.script = [ModelUnavailable("HTTP 500")]  # its second delivery finds it waiting
    relay.post_body(body)
    relay.post_body(body)
    relay.settle()  # and so do its retry and its watch
    assert list(counts(relay).values()) == [(1, 1)]
    assert answered(relay) == ["Hi alice"]


def test_a_process_that_dies_between_claim_and_count_lets_its_message_pass(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("first", run=False)
    turn = relay.waiting[-1]
    asyncio.run(relay.app.answering.claims.claim(turn.message, "text"))
    relay.run()
    assert counts(relay) == {}
    relay.post("second")
    relay.post("third")
    assert len(answered(relay)) == 2
    assert relay.replies[2] == REFUSAL


def test_a_write_whose_answer_is_lost_counts_once(relay: RelayKit) -> None:
    """Its retry meets the row that it has written itself."""
    limit(relay, "{ per_sender = { minute = 5 }, per_bot = { minute = 5 } }")
    lost: list[Call] = []

    def written_but_lost(call: Call) -> None:
        if call.name == "write" and call.where.startswith(LIMITS_PREFIX) and not lost:
            lost.append(call)
            raise RowChanged("the retry of a write that happened")

    relay.tables.after = written_but_lost
    relay.post("hello")
    assert lost
    assert list(counts(relay).values()) == [(1, 1), (1, 1)]
    relay.post("hello")
    assert list(counts(relay).values()) == [(2, 2), (2, 2)]


# several instances


def second_instance(relay: RelayKit) -> Relay:
    return Relay(
        relay.settings,
        relay.app.bots,
        clock=relay.clock,
        tables=relay.tables,
        queues=relay.queues,
        model=relay.model,
        im=relay.im,
    )


def test_two_instances_count_together(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 3 }, per_bot = { minute = 4 } }")
    apps = [relay.app, second_instance(relay)]
    for n, sender in enumerate(["alice"] * 5 + ["bob"] * 3):
        relay.post("hello", sender=sender, run=False)
        taken = [turn for turn in relay.waiting if turn.watch]
        asyncio.run(apps[n % 2].answer(taken[-1].to_json()))
        relay.clock.advance(1)
    shown = [sent.to for sent in relay.im.shown if sent.text.startswith("Hi ")]
    assert shown == ["alice", "alice", "alice", "bob"]


def pausing_tables() -> MemoryTables:
    """Table Storage in memory that lets others run inside every call."""
    return MemoryTables(before=lambda call: asyncio.sleep(0))


BOT = Bot(
    accid="helper",
    name="Helper",
    system_prompt="x",
    limits=Limits(per_sender=Rate(minute=30), per_bot=Rate(minute=50)),
)


async def test_instances_that_count_at_the_same_time_admit_exactly_as_many_as_allowed() -> None:
    clock, tables = ManualClock(), pausing_tables()
    instances = [Limiter(tables, clock) for _ in range(3)]
    admissions = await asyncio.gather(
        *(
            limiter.admit(BOT, sender)
            for _ in range(15)
            for limiter in instances
            for sender in ("alice", "bob")
        )
    )
    assert sum(admission.admitted for admission in admissions) == 50
    assert {admission.until for admission in admissions if not admission.admitted} == {
        clock.now() + MINUTE_MS
    }


async def test_many_instances_at_once_leave_no_message_uncounted() -> None:
    clock, tables = ManualClock(), pausing_tables()
    admissions = await asyncio.gather(*(Limiter(tables, clock).admit(BOT, "alice") for _ in range(25)))
    assert sorted(admission.sender.in_day for admission in admissions if admission.sender) == list(
        range(1, 26)
    )


async def test_messages_that_one_instance_counts_at_the_same_time_share_a_write() -> None:
    tables = pausing_tables()
    limiter = Limiter(tables, ManualClock())
    await limiter.admit(BOT, "alice")
    tables.calls.clear()
    await asyncio.gather(*(limiter.admit(BOT, f"user {n}") for n in range(40)))
    assert [call.split()[0] for call in tables.calls] == ["write", "write"]


async def test_a_burst_of_more_senders_than_fit_a_transaction_is_counted_whole() -> None:
    tables = pausing_tables()
    limiter = Limiter(tables, ManualClock())
    bot = BOT.model_copy(update={"limits": Limits(per_sender=Rate(day=1), per_bot=Rate(day=240))})
    admissions = await asyncio.gather(*(limiter.admit(bot, f"user {n}") for n in range(250)))
    assert sum(admission.admitted for admission in admissions) == 240


async def test_what_is_over_a_limit_costs_no_call_where_that_is_known() -> None:
    clock, tables = ManualClock(), MemoryTables()
    limiter = Limiter(tables, clock)
    for _ in range(30):
        await limiter.admit(BOT, "alice")
    tables.calls.clear()
    assert not (await limiter.admit(BOT, "alice")).admitted
    assert tables.calls == []


async def test_a_clock_that_lags_does_not_reopen_a_minute() -> None:
    tables, ahead, behind = MemoryTables(), ManualClock(), ManualClock()
    ahead.advance(60)
    bot = BOT.model_copy(update={"limits": Limits(per_sender=Rate(minute=2))})
    one, other = Limiter(tables, ahead), Limiter(tables, behind)
    admitted = [
        (await limiter.admit(bot, "alice")).admitted for limiter in (one, other, one, other, one, other)
    ]
    assert sum(admitted) == 2


async def test_counts_are_forgotten_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED_MAX", 3)
    limiter = Limiter(MemoryTables(), ManualClock())
    bot = BOT.model_copy(update={"limits": Limits(per_sender=Rate(minute=2))})
    admitted = [(await limiter.admit(bot, f"user {n}")).admitted for _ in range(3) for n in range(6)]
    assert admitted == [True] * 12 + [False] * 6


async def test_a_process_remembers_ten_thousand_senders_of_a_bot() -> None:
    tables = pausing_tables()
    limiter = Limiter(tables, ManualClock())
    bot = BOT.model_copy(update={"limits": Limits(per_sender=Rate(minute=9))})

    async def calls_for(*numbers: int) -> list[str]:
        tables.calls.clear()
        await asyncio.gather(*(limiter.admit(bot, f"user {number}") for number in numbers))
        return [call.split()[0] for call in tables.calls]

    for first in range(0, 10_000, 100):
        await calls_for(*range(first, first + 100))
    assert await calls_for(1) == ["write"]
    assert await calls_for(10_000) == ["write"]
    assert await calls_for(1) == ["write", "get", "write"], "of more, all are read again"


async def test_a_turn_that_is_stopped_while_it_waits_is_not_counted() -> None:
    clock, tables = ManualClock(), pausing_tables()
    limiter = Limiter(tables, clock)
    first, second, third = (asyncio.create_task(limiter.admit(BOT, "alice")) for _ in range(3))
    await asyncio.sleep(0)
    second.cancel()
    first_verdict, third_verdict = await first, await third
    assert first_verdict.sender is not None
    assert third_verdict.sender is not None
    assert (first_verdict.sender.in_minute, third_verdict.sender.in_minute) == (1, 2)


async def test_a_turn_that_is_stopped_while_it_counts_for_others_leaves_that_to_the_next() -> None:
    limiter = Limiter(pausing_tables(), ManualClock())
    first, second, third = (asyncio.create_task(limiter.admit(BOT, name)) for name in ("a", "b", "c"))
    await asyncio.sleep(0)
    first.cancel()
    admissions = await asyncio.gather(second, third)
    assert [admission.sender.in_minute for admission in admissions if admission.sender] == [1, 1]


def test_a_burst_is_over_its_limit_by_no_more_than_the_turns_in_flight(
    relay: RelayKit,
) -> None:
    """A turn may read a message of another turn that is being counted right then."""
    relay.tables = pausing_tables()
    limit(relay, "{ per_sender = { minute = 3 } }")
    in_flight = 4
    for n in range(12):
        relay.post(f"message {n}", run=False)
        relay.clock.advance(0.001)
    turns = [turn for turn in relay.waiting if turn.watch]

    async def answer_some(queue: list[Turn]) -> None:
        while queue:
            await relay.app.answer(queue.pop(0).to_json())

    async def answer_all() -> None:
        await asyncio.gather(*(answer_some(turns) for _ in range(in_flight)))

    asyncio.run(answer_all())
    relay.settle()
    rows = relay.tables.rows("text")
    assert all(row["state"] == "answered" for row in rows)
    remembered = [row for row in rows if not row.get("excluded")]
    assert 3 <= len(remembered) <= 3 + in_flight
    assert len(relay.tables.rows("reply")) == len(relay.im.shown)


# what is refused


def test_waiting_messages_over_the_limit_are_refused_in_one_reply(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 2 } }")
    with busy(relay):
        for n in range(1, 6):
            relay.post(f"message {n}")
            relay.clock.advance(0.001)
    relay.settle()
    assert relay.replies == [f"Hi alice\n\n{WARNING}", REFUSAL]
    refused = [row for row in relay.tables.rows("text") if row.get("limited")]
    assert [row["text"] for row in refused] == ["message 5", "message 4", "message 3"]
    assert len({row["reply"] for row in refused}) == 1


def test_a_refused_message_is_not_remembered(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("first")
    relay.clock.advance(1)
    relay.post("too much")
    relay.clock.advance(60)
    relay.post("next")
    contents = [content for _, content in relay.model.asked()[-1]]
    assert contents[1:] == ["first", "Hi alice", "next"]


def test_a_refused_message_that_waited_too_long_is_refused_all_the_same(relay: RelayKit) -> None:
    """Not given up: nothing has failed, and the poison queue stays empty."""
    limit(relay, "{ per_sender = { day = 1 } }")
    relay.post("first")
    relay.clock.advance(1)
    with busy(relay):
        relay.post("second")
        relay.wait(700)
    relay.settle()
    assert RELAYS_OWN.failed.en not in relay.replies
    assert relay.replies[1].startswith("Sorry, I cannot answer any more messages")
    assert relay.failed == []


def test_what_is_refused_may_be_forgotten(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    for text in ("first", "second", "/forget"):
        relay.post(text)
        relay.clock.advance(1)
    assert relay.replies[2] == "Erased: 2 of your messages and 2 of my replies."
    assert not any(row.get("text") for row in relay.tables.rows())


# the warning


def test_the_reply_to_the_last_message_within_a_limit_says_so(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 2 } }")
    relay.post("first")
    relay.post("second")
    assert relay.replies == ["Hi alice", f"Hi alice\n\n{WARNING}"]


def test_the_warning_is_not_remembered(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("first")
    relay.clock.advance(60)
    relay.post("second")
    assert [content for _, content in relay.model.asked()[-1]][1:] == ["first", "Hi alice", "second"]


def test_the_warning_stands_below_the_last_part_of_a_long_reply(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.model.script = ["word " * 1500]
    relay.post("tell me")
    assert len(relay.replies) == 2
    assert WARNING not in relay.replies[0]
    assert relay.replies[1].endswith(WARNING)


def test_a_warning_that_comes_too_late_is_left_out(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.clock.advance(59)
    relay.model.script = [ModelUnavailable("HTTP 500")]
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_forget_erases_the_warning_too(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("first")
    relay.clock.advance(1)
    relay.post("/forget")
    assert not any(row.get("note") for row in relay.tables.rows())


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "now", "现在"),
        (-5, "now", "现在"),
        (1, "in 1 minute (12:00 UTC)", "1 分钟后（12:00 UTC）"),
        (61, "in 2 minutes (12:01 UTC)", "2 分钟后（12:01 UTC）"),
        (119 * 60, "in 119 minutes (13:59 UTC)", "119 分钟后（13:59 UTC）"),
        (12 * 3600, "in about 12 hours (00:00 UTC)", "约 12 小时后（00:00 UTC）"),
    ],
)
def test_a_time_is_told_for_every_time_zone(seconds: int, english: str, chinese: str) -> None:
    now = ManualClock().now()
    until = now + seconds * 1000
    assert (RELAYS_OWN.when(until, now, "en"), RELAYS_OWN.when(until, now, "你好")) == (english, chinese)


# where counts cannot be kept


def test_messages_pass_while_counts_cannot_be_kept(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")

    def no_counts(call: Call) -> None:
        if call.name == "write" and call.where.startswith(LIMITS_PREFIX):
            raise StorageUnavailable("Table Storage: ServerBusy")

    relay.tables.before = no_counts
    with caplog.at_level(logging.WARNING):
        relay.post("hello")
        relay.post("hello")
    assert answered(relay) == ["Hi alice"] * 2
    assert "messages not counted bot=helper count=1 cause=Table Storage: ServerBusy" in caplog.messages


def test_messages_pass_when_other_instances_are_faster_each_time(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")

    tries: list[Call] = []

    def always_later(call: Call) -> None:
        if call.name == "write" and call.where.startswith(LIMITS_PREFIX):
            tries.append(call)
            raise RowChanged("UpdateConditionNotSatisfied")

    relay.tables.before = always_later
    relay.post("hello")
    assert len(tries) == 30, "it waits for each of them"
    assert answered(relay) == ["Hi alice"]
    (warned,) = [said for said in caplog.messages if said.startswith("messages not counted")]
    assert warned.endswith("cause=other instances were faster each time")


def test_a_limit_that_cannot_be_noted_lets_its_message_pass(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")

    def no_marks(call: Call) -> None:
        if any("limited" in change.values for change in call.changes):
            raise StorageUnavailable("Table Storage: ServerBusy")

    relay.post("first")
    relay.tables.before = no_marks
    relay.post("second")
    assert answered(relay) == ["Hi alice"] * 2


def test_a_message_that_is_forgotten_while_it_is_counted_stays_forgotten(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.post("first")
    relay.clock.advance(1)

    def forgotten_meanwhile(call: Call) -> None:
        if any("limited" in change.values for change in call.changes):
            relay.tables.before = None
            relay.post("/forget", at=relay.clock.now() + 1)

    relay.tables.before = forgotten_meanwhile
    relay.post("second")
    relay.settle()
    assert relay.replies[1:] == ["Erased: 2 of your messages and 1 of my replies."]


def test_counts_hold_no_names_and_are_dropped_after_a_day(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 }, per_bot = { day = 9 } }")
    relay.post("hello", sender="alice.in.wonderland")
    (table,) = [name for name in relay.tables.tables if name.startswith(LIMITS_PREFIX)]
    assert table == "relaylimits20261123"
    assert "alice" not in str(relay.tables.tables[table])
    assert "helper" not in str(relay.tables.tables[table])
    relay.clock.set(relay.clock.now() // DAY_MS * DAY_MS + 2 * DAY_MS - 1)
    relay.sweep()
    assert table in relay.tables.tables
    relay.clock.advance(1)
    relay.sweep()
    assert table not in relay.tables.tables


# response bots


def ask(relay: RelayKit, body: dict[str, Any]) -> str:
    response = relay.post_body(body)
    assert response.status_code == 200
    return str(json.loads(response.get_body())["reply"]["text"])


def request(relay: RelayKit, number: int) -> dict[str, Any]:
    return relay.chatbot("hello", "echo", client_id=f"request-{number}")


def test_a_response_bot_warns_and_refuses_in_its_responses_and_copies_get_the_same(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 2 } }")
    bodies = [request(relay, n) for n in range(3)]
    texts = [ask(relay, body) for body in bodies]
    assert texts == ["Hi alice", f"Hi alice\n\n{WARNING}", REFUSAL]
    relay.clock.advance(30)
    assert [ask(relay, body) for body in bodies] == texts
    assert len(relay.model.prompts) == 2
    assert relay.im.attempts == []
    assert relay.failed == []


# enabled


def disable(relay: RelayKit) -> None:
    relay.configure_bot(enabled=False)


@pytest.mark.parametrize("fields", [{}, {"team": "42"}], ids=["private", "group"])
def test_a_bot_that_is_switched_off_is_no_bot(relay: RelayKit, fields: dict[str, Any]) -> None:
    disable(relay)
    response = relay.post("@Helper hello", **fields)
    assert json.loads(response.get_body()) == {"status": "ignored", "reason": "unknown_bot"}
    assert relay.waiting == []
    assert relay.tables.calls == []


def test_what_a_bot_that_is_switched_off_has_sent_is_still_its_own(relay: RelayKit) -> None:
    disable(relay)
    response = relay.post("hello", to="echo", sender="helper")
    assert json.loads(response.get_body())["reason"] == "own_message"


def test_messages_that_wait_when_their_bot_is_switched_off_get_one_plain_text(relay: RelayKit) -> None:
    with busy(relay):
        relay.post("one")
        relay.clock.advance(1)
        relay.post("two")
    disable(relay)
    relay.settle()
    assert relay.replies == [RELAYS_OWN.disabled.en]
    assert relay.model.prompts == []
    assert relay.failed == []
    assert all(row.get("excluded") for row in relay.tables.rows())


# the bots file


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "bots.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_bots(path)
    return refused.value.problems


def test_limits_can_be_a_table_and_replace_those_of_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "bots.toml"
    path.write_text(
        "[defaults.limits]\nper_bot = { day = 5 }\n"
        f"{GOOD_BOT}[bots.limits]\nper_sender = {{ minute = 10, day = 200 }}\n",
        encoding="utf-8",
    )
    (bot,) = load_bots(path)
    assert bot.limits == Limits(per_sender=Rate(minute=10, day=200))
    assert str(bot.limits) == "per_sender 10/minute 200/day, per_bot any"


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            "limits = { per_sender = { minute = 0 } }",
            'key "limits", key "per_sender", key "minute": is 0; accepted: a whole number, 1 to 1000000000',
        ),
        (
            "limits = { per_sender = 10 }",
            'key "limits", key "per_sender": is 10; accepted: a table with minute, day, tokens_per_day',
        ),
        (
            "limits = { per_senders = {} }",
            'key "limits", key "per_senders": unknown; did you mean "per_sender"?',
        ),
        (
            "limits = { per_bot = { hour = 1 } }",
            'key "limits", key "per_bot", key "hour": unknown; accepted: minute, day',
        ),
        (
            "[bots.functions.french]\nenabled = false",
            'function "french", key "enabled": belongs to the whole bot',
        ),
        ("[bots.functions.french.limits]", 'function "french", key "limits": belongs to the whole bot'),
    ],
)
def test_a_mistake_in_limits_is_named_with_its_place(tmp_path: Path, keys: str, problem: str) -> None:
    (said,) = problems(tmp_path, f"{GOOD_BOT}{keys}\n")
    assert problem in said


# spans


def limit_spans(relay: RelayKit, count: int) -> list[Mapping[str, Any]]:
    finished = finished_spans()
    finished.clear()
    for _ in range(count):
        relay.post("hello")
    return [dict(span.attributes or {}) for span in finished.named(spans.LIMITS)]


def test_a_span_tells_the_counts(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 }, per_bot = { day = 9 } }")
    until = relay.clock.now() + MINUTE_MS
    counted = {spans.SENDER_MINUTE: 1, spans.SENDER_DAY: 1, spans.BOT_MINUTE: 1, spans.BOT_DAY: 1}
    assert limit_spans(relay, 2) == [
        {spans.OUTCOME: "admitted", spans.LIMITED_UNTIL: until, **counted},
        {spans.OUTCOME: "limited", spans.LIMITED_UNTIL: until, **counted},
    ]


def test_a_span_says_when_nothing_could_be_counted(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { minute = 1 } }")
    relay.tables.busy.add("relaylimits20261123")
    assert limit_spans(relay, 1) == [{spans.OUTCOME: "uncounted"}]


def test_without_limits_there_is_no_span(relay: RelayKit) -> None:
    assert limit_spans(relay, 1) == []


def test_a_row_that_is_read_again_is_not_fresh(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    message = relay.waiting[-1].message
    first = asyncio.run(relay.app.answering.claims.claim(message, "text"))[1]
    again = asyncio.run(relay.app.answering.claims.claim(message, "text"))[1]
    row = asyncio.run(relay.app.answering.history.get(conversation_key(message), first))
    assert (first.fresh, again.fresh, row is not None and row.fresh) == (True, False, False)


def test_a_row_of_counts_is_read_as_it_was_written() -> None:
    count = Count(minute=7, in_minute=2, in_day=9)
    change = count.change("bot", "writer")
    assert isinstance(change, Insert)
    assert Count.from_row(Row("bot", change.values, "etag")) == dataclasses.replace(count, etag="etag")


# tokens


def tokens_of(relay: RelayKit) -> dict[str, int]:
    """The tokens of each row of counts."""
    return {
        key: int(row.values["tokens"])
        for table, partitions in relay.tables.tables.items()
        if table.startswith(LIMITS_PREFIX)
        for rows in partitions.values()
        for key, row in rows.items()
    }


def test_who_has_used_up_the_tokens_of_a_day_is_told_so_until_it_is_over(relay: RelayKit) -> None:
    """Each answer of the double takes 11 and 7."""
    limit(relay, "{ per_sender = { tokens_per_day = 30 } }")
    for _ in range(3):
        relay.post("hello")
        relay.clock.advance(1)
    assert relay.replies[:2] == ["Hi alice"] * 2
    assert relay.replies[2].startswith(RELAYS_OWN.limited.en.partition("{when}")[0])
    relay.post("hello", sender="bob")
    assert relay.replies[3] == "Hi bob"
    relay.clock.set(relay.clock.now() // DAY_MS * DAY_MS + DAY_MS)
    relay.post("hello")
    assert relay.replies[4] == "Hi alice"
    assert len(relay.model.prompts) == 4


def test_the_tokens_of_a_bot_are_those_of_all_its_senders(relay: RelayKit) -> None:
    limit(relay, "{ per_bot = { tokens_per_day = 30 } }")
    for sender in ("alice", "bob", "carol"):
        relay.post("hello", sender=sender)
    assert answered(relay) == ["Hi alice", "Hi bob"]
    assert list(tokens_of(relay).values()) == [36]


def test_without_a_limit_of_tokens_none_are_counted_and_no_call_is_made(relay: RelayKit) -> None:
    limit(relay, "{ per_sender = { day = 30 } }")
    relay.post("hello")
    assert set(tokens_of(relay).values()) == {0}
    writes = [call for call in relay.tables.calls if call.startswith(f"write {LIMITS_PREFIX}")]
    assert len(writes) <= 2  # the first finds no table


async def test_instances_add_their_tokens_up() -> None:
    clock, tables = ManualClock(), pausing_tables()
    bot = BOT.model_copy(update={"limits": Limits(per_sender=Rate(tokens_per_day=1000))})
    instances = [Limiter(tables, clock) for _ in range(3)]
    await asyncio.gather(*(limiter.spend(bot, ["alice"], 100) for _ in range(3) for limiter in instances))
    assert (await Limiter(tables, clock).admit(bot, "alice")).admitted
    await instances[0].spend(bot, ["alice", "bob"], 199)
    admission = await Limiter(tables, clock).admit(bot, "alice")
    assert (admission.admitted, admission.until) == (False, (clock.now() // DAY_MS + 1) * DAY_MS)
    assert (await Limiter(tables, clock).admit(bot, "bob")).admitted


async def test_tokens_that_cannot_be_counted_hold_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    tables = MemoryTables(down=True)
    bot = BOT.model_copy(update={"limits": Limits(per_bot=Rate(tokens_per_day=1000))})
    await Limiter(tables, ManualClock()).spend(bot, ["alice"], 100)
    assert "tokens not counted bot=helper tokens=100" in caplog.text


def test_a_row_of_an_older_version_has_spent_no_tokens() -> None:
    row = Row("b", {"minute": 1, "in_minute": 2, "in_day": 3, "writer": "w"}, "etag")
    assert Count.from_row(row) == Count(1, 2, 3, 0, "etag")
