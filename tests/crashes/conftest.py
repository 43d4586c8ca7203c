"""Worlds for these tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.crashes.world import CrashWorld, crash_world

MakeCrashWorld = Callable[..., AbstractAsyncContextManager[CrashWorld]]


@pytest.fixture
def make_crash_world(tmp_path: Path) -> MakeCrashWorld:
    """Makes a world; see :func:`tests.crashes.world.crash_world`."""
    return partial(crash_world, tmp_path / "world")
