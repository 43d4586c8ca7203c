"""Every scenario file in ``files/``, and the one in the docs, goes as it says, as the page plays it.

Whoever drops one there has a test.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playground.page.replays import FILES as FOLDER
from playground.page.replays import Replays, read_scenario
from tests.test_docs import DOCUMENTS, code_blocks

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("quick_stack")]

FILES = sorted(FOLDER.glob("*.toml"))


async def play(toml: str) -> None:
    """Play a file; every step has to go as expected."""
    told = [line async for line in Replays("builtin").play(read_scenario(toml)) if line]
    assert told[-1] == {"ok": True, "not_played": 0, "why": ""}, [line for line in told if not line["ok"]]


def test_there_are_scenario_files() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    asyncio.run(play(path.read_text(encoding="utf-8")))


async def test_the_scenario_of_the_docs() -> None:
    (toml,) = code_blocks(DOCUMENTS["docs/playground.md"], "toml")
    await play(toml)
