"""The fixture of the scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.model_server import ModelServer
from tests.scenarios.world import APP_KEY, BOTS, SECRET, World, settings_for
from tests.shared_azurite import SharedAzurite

MakeWorld = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    """Makes worlds.

    Another bots file by ``bots``, an Azurite that may be stopped by ``azurite``, other settings as keyword arguments.
    """

    @asynccontextmanager
    async def make(bots: str = BOTS, azurite: Azurite | None = None, **settings: str) -> AsyncIterator[World]:
        file = tmp_path / "bots.toml"
        file.write_text(bots, encoding="utf-8")
        async with AsyncExitStack() as stack:
            storage = await stack.enter_async_context(azurite or SharedAzurite())
            model = await stack.enter_async_context(ModelServer())
            im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
            world = World(storage, im, model, settings_for(storage, im, model, file, settings), stack)
            await world.start_host()
            yield world

    return make


@pytest.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world with two bots: ``helper`` sends, ``direct`` responds."""
    async with make_world() as made:
        yield made
