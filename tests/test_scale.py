"""What is said of many users is calculated from what is true of one answer."""

from __future__ import annotations

import pytest

from bench.scale import LIMITS, QUEUE_CALLS, TABLE_CALLS, Load, report
from relay.config.settings import APP_FOLDER

DOCS = APP_FOLDER / "docs"


def test_the_page_shows_what_is_calculated() -> None:
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert "\n".join(report(100_000, 1_000_000, 10_000_000)) in page


def test_an_answer_makes_as_many_calls_as_the_other_pages_say() -> None:
    """Those pages are compared with the real calls."""
    deploy = (DOCS / "deploy.md").read_text(encoding="utf-8")
    assert f"{QUEUE_CALLS} queue calls and {TABLE_CALLS} table calls" in deploy


def test_the_model_costs_what_the_table_of_costs_says() -> None:
    deploy = (DOCS / "deploy.md").read_text(encoding="utf-8")
    (row,) = [line for line in deploy.splitlines() if line.startswith("| Model | 0 |")]
    told = [int(cell.strip().replace(",", "")) for cell in row.split("|")[2:5]]
    assert told == [0, *(round(Load(users).model_usd_a_month) for users in (1_000, 100_000))]


@pytest.mark.parametrize(
    ("users", "met"), [(10_000, 0), (100_000, 1), (1_000_000, 2), (2_000_000, 3), (10_000_000, 4)]
)
def test_the_limits_are_met_one_after_the_other(users: int, met: int) -> None:
    assert Load(users).walls() == list(LIMITS[:met])


def test_the_lowest_limit_stands_first() -> None:
    carried = [limit.answers_per_second for limit in LIMITS]
    assert carried == sorted(carried)
