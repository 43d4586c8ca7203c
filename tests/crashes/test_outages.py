"""Outages of the model and of storage: nobody is forgotten, nobody is answered twice."""

from __future__ import annotations

import asyncio

import pytest

from playground.model_server import Fault, Reply
from tests.crashes.conftest import MakeCrashWorld
from tests.crashes.storage import until
from tests.crashes.world import CrashWorld

pytestmark = pytest.mark.stack

OUTAGE_MS = 5000
"""A shortened outage: several attempts of every message fall into it."""

RESENDS = (0.5,) * 200
"""The platform's high-guarantee copies, until they are accepted."""


async def test_an_outage_of_the_model_loses_and_duplicates_nothing(make_crash_world: MakeCrashWorld) -> None:
    users = [f"user-{number}" for number in range(5)]
    async with make_crash_world(hosts=2) as world:
        world.model.when("hello", Fault("server_error"))
        for user in users:
            await world.im.say(user, f"hello from {user}")

        async def each_was_tried_for_long() -> bool:
            return all(tried_for_ms(world, f"hello from {user}") > OUTAGE_MS for user in users)

        await until(each_was_tried_for_long, "attempts of every message")
        assert all(world.texts(user) == [] for user in users)
        world.model.clear()
        await world.im.wait_for(lambda: all(world.texts(user) for user in users), 60)
        await world.at_rest()
        for user in users:
            assert world.texts(user) == [f"You said: hello from {user}"]
        assert len(await world.account.replies()) == len(users)
        assert await world.account.failed() == []


def tried_for_ms(world: CrashWorld, question: str) -> int:
    """From the first to the latest request about a question."""
    times = [r.at for r in world.model.requests if r.messages[-1]["content"] == question]
    return max(times, default=0) - min(times, default=0)


async def test_an_outage_of_storage_loses_and_duplicates_nothing(make_crash_world: MakeCrashWorld) -> None:
    before = [f"before-{number}" for number in range(4)]
    during = [f"during-{number}" for number in range(4)]
    async with make_crash_world(hosts=2, on_disk=True, resend_seconds=RESENDS) as world:
        world.model.when("from before", Reply(hold=True), times=len(before))
        for user in before:
            await world.im.say(user, f"hello from {user}")
        await world.model.wait_for_held(len(before), seconds=30)

        await asyncio.to_thread(world.storage.stop)
        world.model.release()
        said = [await world.im.say(user, f"hello from {user}", post=False) for user in during]
        resending = asyncio.gather(*(world.im.deliver(message) for message in said))
        await world.im.wait_for(
            lambda: all(any(post.status == 503 for post in message.posts) for message in said), 60
        )

        async def each_turn_has_failed() -> bool:
            return world.log().count("Executed 'Functions.answer' (Failed") >= len(before)

        await until(each_turn_has_failed, "turns that could not even be put back")
        assert all(world.texts(user) == [] for user in (*before, *during))

        await asyncio.to_thread(world.storage.start)
        await resending
        users = [*before, *during]
        await world.im.wait_for(lambda: all(world.texts(user) for user in users), 60)
        for user in users:
            assert world.texts(user) == [f"You said: hello from {user}"]
        assert len(await world.account.replies()) == len(users)
        assert await world.account.failed() == []
