"""A limit holds over two function hosts."""

from __future__ import annotations

import asyncio

import pytest

from tests.scenarios.conftest import MakeWorld
from tests.scenarios.world import BOTS

pytestmark = pytest.mark.stack


async def test_two_hosts_count_together(make_world: MakeWorld) -> None:
    users = [f"user{number}" for number in range(12)]
    limits = "limits = { per_bot = { day = 5 } }"
    async with make_world(BOTS.replace('"You are Helper."', f'"You are Helper."\n{limits}')) as world:
        await world.start_host()
        await asyncio.gather(*(world.im.say(user, "hello", to="helper") for user in users))
        replies = [(await world.replies(1, user=user))[0] for user in users]
    assert sum(text.startswith("You said: hello") for text in replies) == 5
    assert sum(text.startswith("Sorry, I cannot answer any more messages") for text in replies) == 7
