"""Promises 1 to 4 as invariants, in every state of the small worlds."""

from __future__ import annotations

import re

import pytest

from playground.runs import ROOT
from tests.exploration.spaces import Space, quick_spaces, spaces

ROW_OF_THE_TABLE = re.compile(r"^\| ([^|]+) \| \d+ \| \d+ \| (?:yes|no) \|$", re.MULTILINE)
"""Of docs/reliability.md: name, states, runs, whether the space was finished."""


@pytest.mark.parametrize("space", quick_spaces(), ids=lambda space: space.name)
def test_every_run_ends_with_each_message_answered_once(space: Space) -> None:
    explored = space.run()
    assert explored.finished
    assert explored.ends > 0


def test_the_docs_tell_of_every_space_and_of_no_other() -> None:
    told = ROW_OF_THE_TABLE.findall((ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"))
    assert sorted(told) == sorted(space.name for space in spaces())
