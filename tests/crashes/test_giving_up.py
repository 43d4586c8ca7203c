"""What cannot be answered: told once, with a record of its cause, and without taking anybody along."""

from __future__ import annotations

import pytest

from relay.texts import RELAYS_OWN
from relay.turn.step import GAVE_UP
from tests.crashes.conftest import MakeCrashWorld
from tests.crashes.points import DURING_MODEL
from tests.crashes.storage import until
from tests.crashes.world import BOTS

pytestmark = pytest.mark.stack

QUICK_BOTS = BOTS.replace("turn_seconds = 4", "turn_seconds = 1")

QUICK = {
    "RELAY_SEND_SECONDS": "1",
    "RELAY_LEASE_MARGIN_SECONDS": "2",
    "HOST_QUEUE_LEASE_SECONDS": "8",
}
"""A lease of 4 seconds: these processes die several times, and each death costs a lease. The world ends the platform's
ten minutes for the messages in work; 8 seconds are for one that was on its way to a process when it died."""

DEQUEUES = 2
"""Deaths after which the host moves a message away; of host.json it is 5."""

WITH_ITS_WATCH = 2


async def test_a_message_that_kills_the_process_does_not_take_its_conversation_along(
    make_crash_world: MakeCrashWorld,
) -> None:
    async with make_crash_world(bots=QUICK_BOTS, hosts=2, settings=QUICK) as world:
        world.points.order(DURING_MODEL, times=100, text="deadly")
        for text in ("good morning", "deadly", "good night"):
            await world.im.say("alice", text)
        deaths = await world.outlive(world.im.wait_for(lambda: len(world.texts()) >= 3, 180))
        await world.at_rest()
        assert deaths >= 3  # two before they are answered one by one, the third alone

        assert world.texts() == ["You said: good morning", RELAYS_OWN.failed.en, "You said: good night"]
        (record,) = await world.account.failed()
        assert record.cause == "the process died each time it was answered"


async def test_what_the_host_poisons_without_calling_code_is_answered_after_the_sweep(
    make_crash_world: MakeCrashWorld,
) -> None:
    async with make_crash_world(dequeues=DEQUEUES, settings=QUICK) as world:
        world.points.order("after-dequeue", times=100)
        await world.im.say("alice", "hello")

        async def moved() -> bool:
            return len(await world.account.poisoned()) == WITH_ITS_WATCH

        deaths = await world.outlive(until(moved, "the host to move message and watch", 180))
        world.points.recall()
        assert deaths >= DEQUEUES
        assert world.texts() == []

        await world.sweep()
        await world.im.wait_for(lambda: bool(world.texts()), 30)
        await world.at_rest()
        assert world.texts() == ["You said: hello"]
        assert await world.account.poisoned() == []
        assert await world.account.failed() == []
        assert len(await world.account.replies()) == 1


async def test_a_message_that_kills_its_last_try_too_is_told_once(make_crash_world: MakeCrashWorld) -> None:
    async with make_crash_world(bots=QUICK_BOTS, dequeues=DEQUEUES, settings=QUICK) as world:
        world.points.order("after-dequeue", times=100)
        await world.im.say("alice", "hello")

        async def moved() -> bool:
            return len(await world.account.poisoned()) == WITH_ITS_WATCH

        await world.outlive(until(moved, "the host to move message and watch", 180))
        await world.sweep_elsewhere()
        assert await world.account.poisoned() == []
        await world.outlive(until(moved, "the host to move the last tries", 180))
        world.points.recall()
        await world.sweep()
        await world.im.wait_for(lambda: bool(world.texts()), 30)
        await world.at_rest()
        assert world.texts() == [RELAYS_OWN.failed.en]
        (record,) = await world.account.failed()
        assert record.cause == GAVE_UP
