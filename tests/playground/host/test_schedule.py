from __future__ import annotations

from datetime import UTC, datetime

import pytest

from playground.host.errors import HostError
from playground.host.schedule import Schedule


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("* * * * * *", "2026-11-23 04:00:00", "2026-11-23 04:00:01"),
        ("* * * * * *", "2026-12-31 23:59:59", "2027-01-01 00:00:00"),
        ("0 */15 * * * *", "2026-11-23 04:00:00", "2026-11-23 04:15:00"),
        ("0 */15 * * * *", "2026-11-23 04:59:00", "2026-11-23 05:00:00"),
        ("0 5/20 * * * *", "2026-11-23 04:30:00", "2026-11-23 04:45:00"),
        ("30 17 3 * * *", "2026-11-23 03:17:29", "2026-11-23 03:17:30"),
        ("30 17 3 * * *", "2026-11-23 03:17:30", "2026-11-24 03:17:30"),
        ("30 17 3 * * *", "2026-11-23 03:30:00", "2026-11-24 03:17:30"),
        ("0,30 0 9-17/4 * * *", "2026-11-23 09:00:15", "2026-11-23 09:00:30"),
        ("0,30 0 9-17/4 * * *", "2026-11-23 09:00:30", "2026-11-23 13:00:00"),
        ("0 0 0 1 1 *", "2026-11-23 04:00:00", "2027-01-01 00:00:00"),
        ("0 0 0 * * 0", "2026-11-23 04:00:00", "2026-11-29 00:00:00"),  # a Sunday
        ("0 0 0 13 * 5", "2026-11-23 04:00:00", "2027-08-13 00:00:00"),  # a Friday, too
        ("0 0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00"),
    ],
)
def test_the_next_moment_is_the_first_that_matches(expression: str, moment: str, expected: str) -> None:
    found = Schedule.parse(expression).next_after(datetime.fromisoformat(moment).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_fraction_of_a_second_does_not_fire_the_same_second_twice() -> None:
    moment = datetime(2026, 11, 23, 4, 0, 0, 999_999, tzinfo=UTC)

    assert Schedule.parse("* * * * * *").next_after(moment) == datetime(2026, 11, 23, 4, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "0 * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * * 7",
        "5-1 * * * * *",
        "*/0 * * * * *",
        "x * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(HostError):
        Schedule.parse(expression)


def test_a_schedule_that_never_fires_says_so() -> None:
    with pytest.raises(HostError, match="never"):
        Schedule.parse("0 0 0 31 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC))
