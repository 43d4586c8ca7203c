"""A process that dies while it streams a reply: in the end the user has one whole reply, and nothing that was begun.

Streams are of the second version of the API alone. ``python -m bench.crashes`` prints the figures.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.crashes.points import IN_A_STREAM, INSIDE_FIRST_CHUNK, STORED
from tests.crashes.survival import Survival, die_in_streams
from tests.crashes.world import HALF_A_MINUTE, LEASE_SECONDS

pytestmark = pytest.mark.stack

each_point = pytest.mark.parametrize("point", IN_A_STREAM)

Survivals = dict[tuple[str, str], Survival]


@pytest.fixture(scope="module")
def survivals(tmp_path_factory: pytest.TempPathFactory) -> Survivals:
    """One death at each point, all in one go."""
    return asyncio.run(die_in_streams(tmp_path_factory.mktemp("streams")))


@pytest.mark.parametrize("point", [point for point in IN_A_STREAM if point != INSIDE_FIRST_CHUNK])
def test_the_user_has_the_whole_reply_once_and_nothing_else(survivals: Survivals, point: str) -> None:
    survival = survivals[point, "v2"]
    assert survival.shown == survival.expected
    assert survival.growing == ()


def test_inside_the_first_call_alone_a_started_line_stays_before_the_reply(survivals: Survivals) -> None:
    """Nobody who lives knows the platform's id of it, so nobody can take it back."""
    survival = survivals[INSIDE_FIRST_CHUNK, "v2"]
    (whole,) = survival.expected
    started, *reply = survival.shown
    assert reply == [whole]
    assert survival.growing == (started,)
    assert whole.startswith(started)
    assert len(started) < len(whole)


@each_point
def test_the_reply_comes_within_the_lease_time_and_half_a_minute(survivals: Survivals, point: str) -> None:
    survival = survivals[point, "v2"]
    assert max(survival.answered_ms, survival.next_ms) <= (LEASE_SECONDS + HALF_A_MINUTE) * 1000


@each_point
def test_what_is_stored_is_not_asked_for_again(survivals: Survivals, point: str) -> None:
    assert (survivals[point, "v2"].asked_again == 0) == (point in STORED)


@each_point
def test_one_reply_is_stored_and_nothing_is_given_up(survivals: Survivals, point: str) -> None:
    survival = survivals[point, "v2"]
    assert (survival.stored, survival.poisoned) == (1, 0)
