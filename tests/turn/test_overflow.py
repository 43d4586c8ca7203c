"""What is too long is told in round numbers."""

from __future__ import annotations

import pytest

from relay.texts import RELAYS_OWN
from relay.turn.overflow import too_long


@pytest.mark.parametrize(
    ("excess", "told"),
    [(1, 1), (9, 9), (45, 45), (99, 99), (100, 100), (101, 110), (991, 1000), (4401, 4500)],
)
def test_by_how_much_is_told_to_two_digits_and_never_too_little(excess: int, told: int) -> None:
    assert too_long(RELAYS_OWN, "x" * 5000, excess) == RELAYS_OWN.too_long_by.en.format(excess=told)
