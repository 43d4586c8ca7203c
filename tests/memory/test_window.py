"""What the rows of a conversation call for: whom to answer, what the model gets, and when enough was read."""

from __future__ import annotations

from typing import Any

import pytest

from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bots import Bot
from relay.keys import message_key, reply_key
from relay.memory.rows import Entry
from relay.memory.window import BATCH_MAX_ROWS, UNUSABLE_MAX_ROWS, Plan, fates, plan

NOON = 20_000 * DAY_MS + DAY_MS // 2
BOT = Bot(
    accid="helper",
    name="Helper",
    system_prompt="x",
    rewind_messages=3,
    rewind_minutes=10,
    context_characters=1000,
)


def said(seconds: float, **fields: Any) -> Entry:
    """An answered message of alice, so many seconds after noon."""
    at = NOON + int(seconds * 1000)
    plain: dict[str, Any] = {"kind": "text", "state": "answered", "sender": "alice", "text": f"at {seconds}"}
    return Entry(key=message_key(at, f"{seconds}"), id=f"{seconds}", **plain | fields)


def waits(seconds: float, **fields: Any) -> Entry:
    """A message that waits for its answer."""
    return said(seconds, **{"state": "waiting"} | fields)


def reply(seconds: float, **fields: Any) -> Entry:
    """The reply to the message of this time."""
    of = said(seconds)
    plain: dict[str, Any] = {"kind": "reply", "state": "sent", "sender": "alice", "text": f"re {seconds}"}
    return Entry(key=reply_key(of.key), id=of.id, **plain | fields)


def planned(
    *entries: Entry,
    read_to: Entry | None = None,
    bot: Bot = BOT,
    group: bool = False,
    only: str | None = None,
) -> Plan:
    """The plan for rows of which the last one read is the oldest, unless another is named."""
    oldest = max(entries, key=lambda entry: entry.key)
    return plan(entries, read_to=read_to or oldest, bot=bot, group=group, only=only)


# when enough was read


def test_what_has_read_beyond_the_time_limit_is_complete() -> None:
    own = waits(600)
    assert planned(said(-0.001), own).complete
    assert not planned(said(0), own).complete  # there may be another one of this millisecond


def test_a_full_window_is_complete_and_one_that_lacks_a_message_is_not() -> None:
    own = waits(9)
    assert not planned(said(1), said(2), own).complete
    assert planned(said(1), said(2), said(3), own).complete


def test_what_is_older_than_the_limit_or_unusable_does_not_fill_the_window() -> None:
    own = waits(9)
    assert not planned(said(1), said(2, excluded=True), said(3), own).complete


def test_reading_goes_on_where_the_oldest_row_waits_itself() -> None:
    earlier = [said(n) for n in range(1, 4)]
    assert not planned(waits(0), *earlier, waits(9)).complete


def test_nothing_is_complete_before_anything_was_read() -> None:
    own = waits(9)
    assert not plan([own], read_to=None, bot=BOT, group=False).complete


def test_where_nobody_waits_there_is_nothing_to_read_for() -> None:
    nobody = planned(said(1))
    assert (nobody.complete, nobody.batch, nobody.window, nobody.cutoff) == (True, (), (), 0)


def test_so_many_rows_that_no_model_may_see_are_read_through_and_no_more() -> None:
    own = waits(9)
    refused = [said(n / 1000, excluded=True) for n in range(UNUSABLE_MAX_ROWS)]
    assert planned(*refused, own).complete
    assert not planned(*refused[1:], own).complete
    # Neither those that wait nor those that the model gets are among them.
    assert not planned(*refused[1:], said(8), waits(8.5), own).complete


@pytest.mark.parametrize("command", ["new", "forget"])
def test_alone_with_the_bot_nothing_before_the_own_new_is_read(command: Any) -> None:
    rows = (said(1), said(2, kind=command), waits(9))
    assert planned(*rows).complete
    assert not planned(*rows, group=True).complete
    assert not planned(*rows[1:]).complete


# what the model gets


def test_the_window_reaches_back_to_the_limit_from_the_newest_message_of_the_batch() -> None:
    rows = (said(-0.001), said(0), waits(500), waits(600))
    assert [entry.text for entry in planned(*rows).window] == ["at 0"]
    assert planned(*rows).cutoff == NOON + 600_000 - 10 * MINUTE_MS


def test_the_characters_of_the_window_may_be_used_up() -> None:
    rows = [said(n, text="x" * 500) for n in (1, 2)]
    assert planned(*rows, waits(9)).window == tuple(rows)
    longer = said(0.5, text="y" * 501)
    assert planned(longer, rows[1], waits(9)).window == (rows[1],)


def test_no_message_is_taken_from_behind_one_that_does_not_fit() -> None:
    newest = said(3, text="z")
    assert planned(said(1, text="x"), said(2, text="y" * 1000), newest, waits(9)).window == (newest,)


@pytest.mark.parametrize(
    "fields", [{"excluded": True}, {"forgotten": "k"}, {"state": "closed"}, {"kind": "help"}]
)
def test_no_model_sees_what_was_refused_forgotten_closed_or_a_command(fields: dict[str, Any]) -> None:
    assert planned(said(1, **fields), waits(9)).window == ()


def test_the_model_sees_replies_that_were_stored_and_none_that_could_not_be_delivered() -> None:
    rows = (reply(1), reply(2, state="stored"), reply(3, state="undelivered"), reply(4, state="closed"))
    assert [entry.text for entry in planned(*rows, waits(9)).window] == ["re 1", "re 2"]


def test_the_function_of_the_oldest_message_says_how_far_back() -> None:
    short = BOT.model_copy(update={"rewind_messages": 1})
    rows = [said(1), said(2), waits(3, function="short"), waits(4)]
    found = plan(
        rows,
        read_to=rows[0],
        bot=BOT.model_copy(update={"functions": {"short": short}}),
        group=False,
    )
    assert [entry.text for entry in found.batch] == ["at 3"]
    assert [entry.text for entry in found.window] == ["at 2"]


# whom to answer


def test_replies_that_were_stored_and_not_sent_come_oldest_first() -> None:
    rows = (reply(2, state="stored"), reply(1, state="stored"), reply(3), said(4, state="stored"), waits(9))
    assert [entry.text for entry in planned(*rows).unsent] == ["re 1", "re 2"]


def test_messages_that_wait_are_answered_together_up_to_what_one_transaction_takes() -> None:
    many = [waits(n / 10) for n in range(BATCH_MAX_ROWS + 1)]
    found = planned(*reversed(many))
    assert found.batch == tuple(many[:-1])
    assert found.waiting == tuple(many)


@pytest.mark.parametrize(
    "other",
    [waits(2, function="f"), waits(2, limited="5"), waits(DAY_MS / 2000)],
    ids=["another function", "over a limit", "another day"],
)
def test_what_is_not_answered_together_ends_the_batch(other: Entry) -> None:
    first, later = waits(1), waits(DAY_MS / 2000 + 1)
    assert planned(first, other, later).batch == (first,)


def test_messages_over_limits_are_refused_together_whenever_those_end() -> None:
    both = (waits(1, limited="5"), waits(2, limited="7"))
    assert planned(*both).batch == both


def test_a_new_between_two_messages_parts_them() -> None:
    first, second = waits(1), waits(3)
    assert planned(first, said(2, kind="new"), second).batch == (first,)
    assert planned(first, said(2, kind="new", sender="bob"), second).batch == (first, second)
    assert planned(first, second, said(4, kind="new")).batch == (first, second)


def test_in_a_group_the_messages_of_others_are_left_for_later_and_do_not_end_the_batch() -> None:
    first, bobs, second = waits(1), waits(2, sender="bob", function="f"), waits(3)
    assert planned(first, bobs, second, group=True).batch == (first, second)


def test_one_message_alone_is_the_one_that_is_asked_for_or_the_oldest() -> None:
    first, second = waits(1), waits(2)
    assert planned(first, second, only=second.key).batch == (second,)
    assert planned(first, second, only="").batch == (first,)


def test_what_waits_from_before_its_senders_forget_is_closed() -> None:
    hers, his, later = waits(1), waits(2, sender="bob"), waits(4)
    found = planned(hers, his, said(3, kind="forget"), later, group=True)
    assert (found.closing, found.waiting) == ((hers,), (his, later))


def test_a_new_closes_nothing() -> None:
    first = waits(1)
    found = planned(first, said(2, kind="new"))
    assert (found.closing, found.batch) == ((), (first,))


# what is told of it


def test_every_row_has_its_fate_newest_first() -> None:
    rows = [
        said(-1),
        said(0, kind="new"),
        said(1),
        said(2),
        said(3, text="y" * 1001),
        said(4, excluded=True),
        reply(4),
        waits(9),
    ]
    assert [fate for _, fate in fates(planned(*rows))] == [
        "batch",
        "sent",
        "not_usable",
        "left",
        "left",
        "left",
        "not_usable",
        "before_new",
    ]
    old = planned(said(-0.001), said(0), waits(600))
    assert [fate for _, fate in fates(old)] == ["batch", "sent", "left"]


def test_where_nobody_waits_no_row_is_of_use() -> None:
    assert [fate for _, fate in fates(planned(said(1)))] == ["not_usable"]
