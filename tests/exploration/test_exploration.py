"""Promises 1 to 4 as invariants, in every state of the small worlds."""

from __future__ import annotations

import pytest

from tests.exploration.spaces import Space, quick_spaces


@pytest.mark.parametrize("space", quick_spaces(), ids=lambda space: space.name)
def test_every_run_ends_with_each_message_answered_once(space: Space) -> None:
    explored = space.run()
    assert explored.finished
    assert explored.ends > 0
