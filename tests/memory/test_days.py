"""Which days there are, by the clock and by how long a table is kept."""

from __future__ import annotations

from relay.clock import DAY_MS
from relay.keys import day_of
from relay.memory.days import CLOCK_SKEW_MS, Days
from tests.doubles import ManualClock, MemoryTables


def kept(clock: ManualClock) -> list[int]:
    """The ages of the days that are kept for two more days."""
    days = Days(MemoryTables(), clock, keep_ms=2 * DAY_MS)
    return [day_of(clock.now()) - day for day in days.kept()]


def test_the_days_that_are_kept_are_those_before_the_first_expired_one_newest_first() -> None:
    assert kept(ManualClock()) == [0, 1, 2]


def test_tomorrow_is_kept_as_soon_as_a_clock_may_be_there() -> None:
    midnight = (day_of(ManualClock().now()) + 1) * DAY_MS
    assert kept(ManualClock(midnight - CLOCK_SKEW_MS - 1)) == [0, 1, 2]
    assert kept(ManualClock(midnight - CLOCK_SKEW_MS)) == [-1, 0, 1, 2]
