"""A message gets its answer, the whole way: signed webhook, queue, Table Storage, model, IM API, user."""

from __future__ import annotations

import json
import time

import pytest

from playground.azurite import Azurite
from playground.im_server import ApiFault, Delivery
from playground.model_server import Fault, Reply
from relay.texts import RELAYS_OWN
from tests.scenarios.conftest import MakeWorld
from tests.scenarios.world import BOTS, World

pytestmark = pytest.mark.stack


def asked(world: World, number: int = -1) -> list[tuple[str, str]]:
    """The messages of one request to the model."""
    return [(said["role"], said["content"]) for said in world.model.requests[number].body["messages"]]


async def test_a_conversation_in_private(world: World) -> None:
    said = await world.im.say("alice", "hello", to="helper")
    assert (said.posts[-1].status, json.loads(said.posts[-1].body)) == (200, {"status": "queued"})
    assert await world.replies(1) == ["You said: hello"]

    await world.im.say("alice", "你好 👋🏽", to="helper")
    assert await world.replies(2) == ["You said: hello", "You said: 你好 👋🏽"]
    assert asked(world) == [
        ("system", "You are Helper."),
        ("user", "hello"),
        ("assistant", "You said: hello"),
        ("user", "你好 👋🏽"),
    ]


async def test_a_mention_in_a_group_is_answered_to_the_group_and_notifies_the_asker(world: World) -> None:
    world.im.create_team("4711", ["alice", "bob", "helper"])
    ignored = await world.im.say("bob", "hello everybody", team="4711")
    assert json.loads(ignored.posts[-1].body)["reason"] == "not_addressed"
    await world.im.say("alice", "@Helper what time is it?", team="4711")
    await world.im.wait_for(lambda: any(said.sender == "helper" for said in world.im.team_chat("4711")))
    (reply,) = [said for said in world.im.team_chat("4711") if said.sender == "helper"]
    assert reply.mentions == ("alice",)
    assert json.loads(asked(world)[-1][1])["text"] == "what time is it?"


async def test_bots_that_are_added_to_a_group_greet_it_once_however_often_it_is_told(
    make_world: MakeWorld,
) -> None:
    async with make_world(BOTS + '\n[defaults]\ngreeting = "Hello, everybody."\n') as world:
        world.im.delivery = Delivery(copies=5)
        world.im.add_to_team("4711", ["alice", "helper", "bob", "direct"])
        await world.im.wait_for(lambda: len(world.im.team_chat("4711")) == 2)
        world.im.delivery = Delivery()
        await world.im.say("alice", "@Helper hello", team="4711")
        await world.im.wait_for(lambda: len(world.im.team_chat("4711")) == 4)
    first, second, _, reply = world.im.team_chat("4711")
    assert {first.sender, second.sender} == {"helper", "direct"}
    assert (first.text, second.text, first.mentions) == ("Hello, everybody.", "Hello, everybody.", ())
    assert reply.text.startswith("You said")
    assert [role for role, _ in asked(world)] == ["system", "user"]


async def test_a_response_bot_answers_in_the_http_response(world: World) -> None:
    await world.im.say("alice", "hello", to="direct", input="chatbot")
    assert await world.replies(1, bot="direct") == ["You said: hello"]
    assert world.im.calls == []


async def test_ten_copies_at_once_are_answered_once(world: World) -> None:
    await world.im.say("alice", "hello", to="helper", delivery=Delivery(copies=10))
    await world.replies(1)
    await world.im.say("alice", "and now", to="helper")
    assert await world.replies(2) == ["You said: hello", "You said: and now"]
    assert len(world.model.requests) == 2


async def test_a_throttled_model_is_asked_again_within_the_turn(world: World) -> None:
    world.model.next(Fault("rate_limited", retry_after_ms=50), Fault("server_error"))
    await world.im.say("alice", "hello", to="helper")
    assert await world.replies(1) == ["You said: hello"]


async def test_a_lost_answer_of_the_im_server_shows_the_reply_once(world: World) -> None:
    world.im.fail(ApiFault("close", delivered=True))
    await world.im.say("alice", "hello", to="helper")
    await world.im.wait_for(lambda: len(world.im.calls) >= 2)
    await world.im.say("alice", "again", to="helper")
    assert await world.replies(2) == ["You said: hello", "You said: again"]


async def test_an_answer_that_moderation_refuses_is_told_plainly(world: World) -> None:
    world.im.fail(ApiFault("antispam"))
    await world.im.say("alice", "hello", to="helper")
    assert await world.replies(1) == [RELAYS_OWN.withheld.en]


async def test_forget_erases_what_storage_holds(world: World) -> None:
    await world.im.say("alice", "my secret", to="helper")
    await world.replies(1)
    await world.im.say("alice", "/forget", to="helper")
    assert (await world.replies(2))[-1] == RELAYS_OWN.forget.en.format(messages=1, replies=1)
    await world.im.say("alice", "hello", to="helper")
    await world.replies(3)
    assert asked(world)[1:] == [("user", "hello")]


async def test_the_first_version_of_the_server_api_works_as_well(make_world: MakeWorld) -> None:
    async with make_world(IM_API_VERSION="v1") as world:
        await world.im.say("alice", "hello", to="helper")
        assert await world.replies(1) == ["You said: hello"]
        assert world.im.calls[0].path == "/nimserver/msg/sendMsg.action"


async def test_a_killed_process_loses_nothing(make_world: MakeWorld) -> None:
    """The killed host's queue message stays hidden for ten minutes; the watch does not wait for it."""
    bots = BOTS.replace("turn_seconds = 10", "turn_seconds = 1")
    async with make_world(bots, RELAY_SEND_SECONDS="1", RELAY_LEASE_MARGIN_SECONDS="3") as world:
        world.model.next(Reply(hold=True))
        await world.im.say("alice", "hello", to="helper")
        await world.model.wait_for_held()
        await world.kill_host()
        await world.start_host()
        assert await world.replies(1, seconds=40) == ["You said: hello"]


async def test_storage_that_is_gone_is_told_within_three_seconds(make_world: MakeWorld) -> None:
    async with make_world(azurite=Azurite()) as world:
        await world.im.say("alice", "hello", to="helper")
        await world.replies(1)
        world.storage.stop()
        started = time.monotonic()
        said = await world.im.say("alice", "anybody there?", to="helper")
        assert said.posts[-1].status == 503
        assert time.monotonic() - started < 3
