"""Small function apps to run, and what to run them with."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

APPS = Path(__file__).parents[1] / "apps"

MakeApp = Callable[..., Path]


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """Copies one of the apps; keyword arguments replace values of ``extensions.queues`` in its host.json."""

    def make(name: str, **queues: object) -> Path:
        app_dir = tmp_path / name
        shutil.copytree(APPS / name, app_dir)
        path = app_dir / "host.json"
        content = json.loads(path.read_text())
        content.setdefault("extensions", {}).setdefault("queues", {}).update(queues)
        path.write_text(json.dumps(content))
        return app_dir

    return make


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 15) -> Any:
    """Waits until a condition gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
    return found
