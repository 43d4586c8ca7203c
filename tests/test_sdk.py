"""Slow imports: out of the event loop, and never two at a time."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from relay import sdk

MODULE = """
import threading
from relay import sdk
alone = sdk._one_at_a_time.locked()
thread = threading.get_ident()
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of modules that say how they were imported."""
    names = ["slow_one", "slow_two"]
    for name in names:
        (tmp_path / f"{name}.py").write_text(MODULE)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return names


async def test_imports_run_one_at_a_time_and_not_in_the_event_loop(slow: list[str]) -> None:
    loaded = await asyncio.gather(*(sdk.load(name) for name in slow))
    assert [module.__name__ for module in loaded] == slow
    assert all(module.alone and module.thread != threading.get_ident() for module in loaded)
    assert not sdk._one_at_a_time.locked()


async def test_a_module_that_cannot_be_imported_does_not_block_the_next(slow: list[str]) -> None:
    with pytest.raises(ModuleNotFoundError):
        await sdk.load("no_such_module")
    assert (await sdk.load(slow[0])).alone
