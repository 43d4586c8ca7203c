"""A process that dies at any call of a turn with two rounds: one reply, and no finished call runs again."""

from __future__ import annotations

from collections import Counter

import pytest

from relay.ports import Completion, Prompt
from relay.tools import tool
from tests.doubles.model import called, called_all
from tests.kit import RelayKit
from tests.turn.test_media_kills import CALLS_MAX, Side, let_die


@tool
def book(table: int) -> str:
    """Book a table."""
    return f"booked {table}"


def scripted(prompt: Prompt) -> Completion | str:
    """Two calls, one more, and an answer: whoever asks gets what comes next."""
    match sum(said.role == "tool" for said in prompt.messages):
        case 0:
            return called_all(("book", {"table": 1}), ("book", {"table": 2}))
        case 2:
            return called("book", table=3)
        case _:
            return "All three are booked."


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_death_at_any_call_ends_in_one_reply_and_three_bookings(relay: RelayKit, side: Side) -> None:
    relay.tools.add(book)
    relay.configure_bot(tools=["book"])
    relay.model.default = scripted
    for number in range(CALLS_MAX):
        relay.im.shown.clear()
        relay.tools.calls.clear()
        relay.tools.keys.clear()
        relay.post("book three tables", sender=f"alice{number}", run=False)
        calls = let_die(relay, side, number)
        relay.settle()
        assert relay.replies == ["All three are booked."], number
        runs = Counter(relay.tools.keys)
        assert len(runs) == 3, number
        assert sum(runs.values()) <= 3 + 2, number  # calls of one round were cut off from its row, at most
        if len(calls) <= number:
            return
    raise AssertionError("the turn makes ever more calls")


def test_a_death_inside_any_call_runs_that_call_again_and_no_other(relay: RelayKit) -> None:
    deaths: list[int] = []

    @tool
    async def fragile(number: int) -> str:
        """Die the first time."""
        if number not in deaths:
            deaths.append(number)
            relay.kill_host()
        return f"number {number} worked"

    relay.tools.add(fragile)
    relay.configure_bot(tools=["fragile"], answer_within_minutes=60)
    relay.model.script = [called("fragile", number=1), called("fragile", number=2), "Both worked."]
    relay.post("do both")
    relay.settle()
    assert relay.replies == ["Both worked."]
    assert [arguments["number"] for _, arguments in relay.tools.calls] == [1, 1, 2, 2]
    assert len(set(relay.tools.keys)) == 2
