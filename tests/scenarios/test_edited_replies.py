"""A reply that grows by edits, over real HTTP: the IM server takes one in a second, and refuses what comes sooner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground.model_server import Reply
from tests.scenarios.conftest import MakeWorld
from tests.scenarios.world import BOTS, World

pytestmark = pytest.mark.stack

EDITING = BOTS.replace("turn_seconds = 10\n", 'turn_seconds = 10\nstream = "edit"\n')
TEXT = "It opens at nine o'clock in the morning, and closes at six, " * 5 + "but not today."
WRITES = Reply(text=TEXT, tokens_per_second=30)


def edits(world: World) -> list[str]:
    """What became of them."""
    return [call.outcome for call in world.im.calls if call.path.endswith("/modifyMsg")]


async def test_a_reply_grows_as_fast_as_the_platform_takes_it(make_world: MakeWorld) -> None:
    async with make_world(EDITING) as world:
        world.model.when("when?", WRITES)
        await world.im.say("alice", "when?")
        (begun,) = await world.replies(1)
        assert TEXT.startswith(begun)
        assert len(begun) < len(TEXT)
        await world.im.wait_for(lambda: world.im.chat("alice", "helper")[-1].text == TEXT, 30)
        assert await world.replies(1) == [TEXT]
        assert len(edits(world)) >= 2
        assert set(edits(world)) == {"200"}


async def test_a_process_that_dies_while_its_reply_grows_leaves_one_whole_reply(
    make_world: MakeWorld,
) -> None:
    async with make_world(EDITING, RELAY_SEND_SECONDS="5", RELAY_LEASE_MARGIN_SECONDS="3") as world:
        world.model.when("when?", replace(WRITES, hold_after=(60,)), times=1)
        world.model.when("when?", WRITES)
        await world.im.say("alice", "when?")
        await world.im.wait_for(lambda: bool(edits(world)), 30)  # by now the platform's id of it is noted
        await world.kill_host()
        (begun,) = await world.replies(1)
        assert begun != TEXT
        await world.start_host()
        await world.im.wait_for(lambda: world.im.chat("alice", "helper")[-1].text == TEXT, 60)
        assert await world.replies(1) == [TEXT]
