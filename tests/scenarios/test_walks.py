"""A few random chats at the page replay as they were; ``python -m tests.walks`` takes more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walks.run import walk_all

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("quick_stack")]

SEEDS = range(1, 4)


async def test_random_chats_replay_as_they_were(tmp_path: Path) -> None:
    failed = [str(walk) async for walk in walk_all(SEEDS, tmp_path) if walk.failure]
    assert not failed, "\n\n".join(failed)
