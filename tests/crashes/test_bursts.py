"""Many messages at once, commands between them, and two processes that all of them go through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle

import pytest

from playground.im_server import Delivery
from playground.model_server import Reply
from relay.memory.rows import Entry
from relay.texts import RELAYS_OWN
from tests.crashes.conftest import MakeCrashWorld
from tests.crashes.storage import REST_SECONDS, until
from tests.crashes.world import ROOMY, ROOMY_BOTS, CrashWorld

pytestmark = pytest.mark.stack

POSTS_MAX = 10

BURST = [f"message {number:02d}" for number in range(30)]


@pytest.fixture
async def world(make_crash_world: MakeCrashWorld) -> AsyncIterator[CrashWorld]:
    """Two processes that nobody kills."""
    async with make_crash_world(bots=ROOMY_BOTS, hosts=2, settings=ROOMY) as made:
        yield made


async def post_by_both(world: CrashWorld, texts: list[str]) -> None:
    """Post messages of alice, a millisecond apart by their times, all at once and to both processes.

    The platform's high-guarantee copy repeats what a busy machine refuses.
    """
    now = world.im.chats.now()
    said = [await world.im.say("alice", text, at=now + place, post=False) for place, text in enumerate(texts)]
    for _ in range(POSTS_MAX):
        posted = [world.deliver_by(host, message) for host, message in zip(cycle(world.hosts), said)]
        await asyncio.gather(*posted)
        assert {message.status for message in said} <= {200, 503}
        said = [message for message in said if message.status != 200]
        if not said:
            return
    pytest.fail(f"{len(said)} messages were never taken")


async def messages_and_replies(world: CrashWorld) -> tuple[list[Entry], list[Entry]]:
    """What storage holds, both oldest first."""
    entries = sorted(await world.account.entries(), key=lambda entry: entry.key, reverse=True)
    return [e for e in entries if e.kind == "text"], [e for e in entries if e.kind == "reply"]


def asked(world: CrashWorld) -> list[list[str]]:
    """What users say in each request to the model, in order."""
    return [[m["content"] for m in r.messages if m["role"] == "user"] for r in world.model.requests]


async def test_a_burst_is_answered_whole_and_nothing_twice(world: CrashWorld) -> None:
    await post_by_both(world, BURST)
    await world.at_rest()
    messages, replies = await messages_and_replies(world)
    assert [message.text for message in messages] == BURST
    assert {message.reply for message in messages} == {reply.key for reply in replies}
    assert sorted(reply.client_id for reply in replies) == sorted(s.client_id for s in world.shown())
    for reply in replies:
        batch = [message.text for message in messages if message.reply == reply.key]
        assert any(request[-len(batch) :] == batch for request in asked(world))


async def test_a_burst_behind_a_running_turn_is_one_batch_in_order_of_time(world: CrashWorld) -> None:
    world.model.next(Reply(hold=True))
    await world.im.say("alice", "first", at=world.im.chats.now() - 1000)
    await world.model.wait_for_held(seconds=30)
    await post_by_both(world, BURST)
    await world.waiting(1 + len(BURST))
    world.model.release()
    await world.at_rest()
    assert asked(world) == [["first"], ["first", *BURST]]
    assert world.texts() == ["You said: first", f"You said: {BURST[-1]}"]


async def test_new_inside_a_burst_parts_it_in_two(world: CrashWorld) -> None:
    world.model.next(Reply(hold=True))
    await world.im.say("alice", "first", at=world.im.chats.now() - 1000)
    await world.model.wait_for_held(seconds=30)
    before, after = ["before 1", "before 2"], ["after 1", "after 2"]
    await post_by_both(world, [*before, "/new", *after])
    await world.waiting(5)
    await world.im.wait_for(lambda: world.texts() == [RELAYS_OWN.new.en], 30)
    world.model.release()
    await world.at_rest()
    assert asked(world) == [["first"], ["first", *before], after]
    assert world.texts()[1:] == ["You said: first", "You said: before 2", "You said: after 2"]


async def test_a_command_does_not_wait_for_the_running_turn(world: CrashWorld) -> None:
    world.model.next(Reply(hold=True))
    await world.im.say("alice", "hello")
    await world.model.wait_for_held(seconds=30)
    await world.im.say("alice", "/help")
    await world.im.wait_for(lambda: world.texts() == [RELAYS_OWN.help.en.format(name="Helper")], 30)
    world.model.release()
    await world.at_rest()
    assert world.texts()[1:] == ["You said: hello"]


async def test_forget_during_a_turn_erases_its_message_and_no_copy_brings_it_back(world: CrashWorld) -> None:
    world.model.next(Reply(text="my word: hunter2", hold=True))
    secret = await world.im.say("alice", "the word is hunter2")
    await world.model.wait_for_held(seconds=30)
    await world.im.say("alice", "/forget")
    await world.im.wait_for(lambda: bool(world.texts()), 30)
    world.model.release()
    await world.at_rest()
    for host in world.hosts:
        await world.deliver_by(host, secret, Delivery(copies=5))
    await world.at_rest()
    assert world.texts() == [RELAYS_OWN.forget.en.format(messages=1, replies=0)]
    assert len(world.model.requests) == 1
    assert all("hunter2" not in entry.text for entry in await world.account.entries())


async def test_copies_for_both_processes_one_of_which_dies_are_answered_once(
    make_crash_world: MakeCrashWorld,
) -> None:
    async with make_crash_world(hosts=2) as world:
        world.model.next(Reply(hold=True))
        said = await world.im.say("alice", "hello", post=False)
        for host in world.hosts:
            await world.deliver_by(host, said, Delivery(copies=10))
        await world.model.wait_for_held(seconds=30)
        world.points.order("during-model")
        await world.bury()
        await world.start_host()
        for host in world.hosts:
            await world.deliver_by(host, said, Delivery(copies=10))
        await world.im.wait_for(lambda: bool(world.texts()), 60)
        for host in world.hosts:
            await world.deliver_by(host, said, Delivery(copies=10))

        async def all_finish() -> bool:
            """Those that the dead process held stay hidden for ten minutes, and are shown now."""
            await world.let_ten_minutes_pass()
            return await world.account.queued() == 0

        await until(all_finish, "an empty queue", REST_SECONDS)
        assert world.texts() == ["You said: hello"]
        assert len(await world.account.replies()) == 1
        assert len(world.model.requests) == 2


async def test_a_conversation_whose_model_hangs_delays_no_other(world: CrashWorld) -> None:
    others = [f"user-{number:02d}" for number in range(20)]
    world.model.when("hang", Reply(hold=True))
    await world.im.say("alice", "hang")
    await world.model.wait_for_held(seconds=30)
    await asyncio.gather(*(world.im.say(user, "hello") for user in others))
    await world.im.wait_for(lambda: all(world.texts(user) for user in others), 60)
    assert world.texts("alice") == []
    world.model.release()
    await world.at_rest()
    assert world.texts("alice") == ["You said: hang"]
