"""Delays: they grow up to a ceiling, chance takes its part, and limits of time hold whatever chance says."""

from __future__ import annotations

import asyncio
import math

import pytest

from relay.backoff import Backoff
from relay.messages import Turn
from relay.outbox import BUSY, RETRY, TURNS, Outbox
from tests.kit import RelayKit

RULE = Backoff(first_seconds=1, ceiling_seconds=10)
CHANCES = [0.0, 0.3, 0.999]


def longest() -> float:
    return 1.0


def test_delays_grow_up_to_a_ceiling_however_often_it_was_tried() -> None:
    assert [RULE.delay(n, longest) for n in (0, 1, 2, 3, 4, 100_000)] == [1, 2, 4, 8, 10, 10]


def test_half_of_each_delay_is_left_to_chance() -> None:
    assert [RULE.delay(2, lambda chance=chance: chance) for chance in (0.0, 0.5, 1.0)] == [2, 3, 4]  # type: ignore[misc]


def test_the_delays_of_the_queue_are_those_that_are_documented() -> None:
    """In whole seconds, as Azure counts them."""
    assert [math.ceil(BUSY.delay(number, longest)) for number in range(7)] == [1, 1, 2, 3, 4, 5, 5]
    assert [RETRY.delay(number, longest) for number in (0, 1, 2, 3, 4, 5, 6)] == [2, 4, 8, 16, 32, 60, 60]


def test_chance_comes_on_top_of_what_a_server_asked_for() -> None:
    spread = [RULE.delay(1, lambda chance=chance: chance, at_least=30) for chance in CHANCES]  # type: ignore[misc]
    assert spread[0] == 30
    assert spread == sorted(set(spread))
    assert spread[-1] < 31


@pytest.mark.parametrize("chance", CHANCES)
def test_no_chance_puts_off_what_must_happen(chance: float) -> None:
    assert RULE.delay(3, lambda: chance, at_most=0.5) == 0.5
    assert RULE.delay(3, lambda: chance, at_least=30, at_most=30) == 30
    assert RULE.delay(3, lambda: chance, at_least=30, at_most=20) == 20


def delay_of_retry(
    relay: RelayKit, turn: Turn, chance: float, *, seconds_left: float, at_least: float = 0
) -> float:
    """For how long a turn that failed is out of sight."""
    relay.queues.queues[TURNS].clear()
    asyncio.run(Outbox(relay.queues, lambda: chance).retry(turn, "HTTP 500", seconds_left, at_least))
    at = relay.queues.next_visible_at(TURNS)
    assert at is not None
    return (at - relay.clock.now()) / 1000


@pytest.fixture
def turn(relay: RelayKit) -> Turn:
    """A turn that has failed three times."""
    relay.post("hello", run=False)
    return Turn(relay.waiting[0].message, relay.clock.now(), attempt=3)


def test_turns_that_failed_together_do_not_come_back_together(relay: RelayKit, turn: Turn) -> None:
    assert [delay_of_retry(relay, turn, chance, seconds_left=600) for chance in CHANCES] == [8, 11, 16]


@pytest.mark.parametrize("chance", CHANCES)
def test_a_turn_that_fails_comes_back_in_time_for_its_failure_text(
    relay: RelayKit, turn: Turn, chance: float
) -> None:
    assert delay_of_retry(relay, turn, chance, seconds_left=5) == 5
    assert delay_of_retry(relay, turn, chance, seconds_left=100, at_least=100) == 100


@pytest.mark.parametrize("chance", CHANCES)
def test_a_server_is_left_alone_for_as_long_as_it_asked(relay: RelayKit, turn: Turn, chance: float) -> None:
    assert 50 <= delay_of_retry(relay, turn, chance, seconds_left=600, at_least=50) <= 58


def test_a_failure_text_that_is_due_waits_for_no_server(relay: RelayKit, turn: Turn) -> None:
    assert delay_of_retry(relay, turn, 1.0, seconds_left=-1, at_least=600) == 16
