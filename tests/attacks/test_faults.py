"""Promises 1 to 4 on a bad network: the first schedules of :mod:`tests.attacks.faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.faults import survive

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("seed", [0, 1])
async def test_a_bad_network_loses_and_repeats_nothing(seed: int, tmp_path: Path) -> None:
    outcome = await survive(tmp_path, seed)
    assert outcome.spoilt > 20
    assert outcome.problems == ()
