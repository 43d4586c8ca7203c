"""A process that dies at a named point, with two processes on one storage: one reply, in time, and nothing left over.

The dead process's queue message stays hidden for the real ten minutes, so only the watch brings the message back.
``python -m bench.crashes`` prints the figures.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.crashes.points import STORED
from tests.crashes.survival import POINTS, VERSIONS, Survival, die_everywhere
from tests.crashes.world import HALF_A_MINUTE, LEASE_SECONDS

pytestmark = pytest.mark.stack

SHOWN_TWICE_ON_V1 = {"after-sending", "before-part-noted"}
"""The user has the message and storage does not know: v1 gives it no id by which it could be known again."""

each_point = pytest.mark.parametrize("point", POINTS)
each_version = pytest.mark.parametrize("version", VERSIONS)

Survivals = dict[tuple[str, str], Survival]


@pytest.fixture(scope="module")
def survivals(tmp_path_factory: pytest.TempPathFactory) -> Survivals:
    """One death at each point for each version, all in one go."""
    return asyncio.run(die_everywhere(tmp_path_factory.mktemp("points")))


@each_point
def test_on_v2_the_user_sees_the_reply_exactly_once(survivals: Survivals, point: str) -> None:
    survival = survivals[point, "v2"]
    assert survival.shown == survival.expected


@each_point
def test_on_v1_the_user_sees_the_reply_and_at_most_one_message_twice(
    survivals: Survivals, point: str
) -> None:
    survival = survivals[point, "v1"]
    again = survival.expected[:1] if point in SHOWN_TWICE_ON_V1 else ()
    assert survival.shown == (*again, *survival.expected)


@each_version
@each_point
def test_the_answer_comes_within_the_lease_time_and_half_a_minute(
    survivals: Survivals, point: str, version: str
) -> None:
    assert survivals[point, version].answered_ms <= (LEASE_SECONDS + HALF_A_MINUTE) * 1000


@each_version
@each_point
def test_the_conversation_goes_on_within_the_lease_time_and_half_a_minute(
    survivals: Survivals, point: str, version: str
) -> None:
    assert survivals[point, version].next_ms <= (LEASE_SECONDS + HALF_A_MINUTE) * 1000


@each_version
@each_point
def test_what_is_stored_is_not_asked_for_again(survivals: Survivals, point: str, version: str) -> None:
    assert (survivals[point, version].asked_again == 0) == (point in STORED)


@each_version
@each_point
def test_one_reply_is_stored_and_nothing_is_poisoned(survivals: Survivals, point: str, version: str) -> None:
    survival = survivals[point, version]
    assert (survival.stored, survival.poisoned) == (1, 0)
