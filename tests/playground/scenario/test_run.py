"""Scenarios are played step by step, and what is not as expected is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from playground.im_server import ApiFault
from playground.scenario import performance
from tests.playground.scenario.world import World, failure_of, lines_of, worlds

HELLO = """
[[steps]]
as = "alice"
to = "helper"
say = "hello"
"""


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(performance, "QUIET_SECONDS", 0.05)
    async with worlds() as world:
        yield world


async def test_a_reply_as_expected(world: World) -> None:
    result = await world.play(HELLO + 'expect = "You said: hello"')
    assert result.ok
    assert result.not_played == 0
    assert lines_of(result) == [
        ("alice → helper: hello", True, "200 queued"),
        ('helper answers "You said: hello"', True, ""),
        ("nothing else is said", True, ""),
    ]


async def test_results_are_told_as_they_come(world: World) -> None:
    result = await world.play(HELLO + "expect.replies = 1")
    assert world.told == list(result.steps)


async def test_another_reply_ends_the_scenario_and_is_shown(world: World) -> None:
    result = await world.play(HELLO + 'expect = "Hi!"\n' + HELLO)
    assert not result.ok
    assert result.not_played == 1
    assert failure_of(result) == ('helper answers "Hi!"', 'helper said "You said: hello"')


async def test_texts_that_differ_late_are_shown_from_there(world: World) -> None:
    same = "All of this is the same as what was expected of it, and then "
    result = await world.play(f'[[steps]]\nsay = "{same}no"\nexpect = "You said: {same}yes"')
    assert (
        failure_of(result)[1] == 'helper said "…ted of it, and then no" instead of "…ted of it, and then yes"'
    )


async def test_no_reply_in_time(world: World) -> None:
    world.replies = 0
    result = await world.play(HELLO + 'expect = { text = "You said: hello", within = 0.05 }')
    assert failure_of(result)[1] == "nothing within 0.05 s"


async def test_a_second_reply_that_nobody_expects_fails_in_the_end(world: World) -> None:
    world.replies = 2
    result = await world.play(HELLO + 'expect = "You said: hello"')
    assert failure_of(result) == ("nothing else is said", 'helper said "You said: hello"')


async def test_several_replies_may_be_expected(world: World) -> None:
    world.replies = 2
    assert (await world.play(HELLO + 'expect = { replies = 2, contains = "hello" }')).ok


@pytest.mark.parametrize(
    ("expectation", "fits"),
    [
        ('{ contains = "hell" }', True),
        ('{ contains = "Hell" }', False),
        ('{ matches = "^You .*o$" }', True),
        ('{ matches = "^hello" }', False),
        ('{ from = "Helper" }', True),
        ('{ from = "translator", within = 0.05 }', False),
        ('{ contains = "You", matches = "bye" }', False),
    ],
)
async def test_ways_to_expect_a_reply(world: World, expectation: str, fits: bool) -> None:
    assert (await world.play(f"{HELLO}expect = {expectation}")).ok is fits


async def test_silence_can_be_expected(world: World) -> None:
    silence = "expect = { replies = 0, within = 0.05 }"
    world.replies = 0
    assert (await world.play(HELLO + silence)).ok
    world.replies = 1
    assert failure_of(await world.play(HELLO + silence))[0] == "helper says nothing"


async def test_ten_deliveries_are_one_message(world: World) -> None:
    result = await world.play(HELLO + 'fault = "deliver-ten"\nexpect = "You said: hello"')
    assert result.ok
    assert len(world.webhook.received) == 10
    assert lines_of(result)[0] == ("alice → helper: hello [deliver-ten]", True, "10 × 200 queued")


async def test_a_fault_hits_only_its_own_message(world: World) -> None:
    text = HELLO + 'fault = "bad-signature"\nexpect.status = 401\n' + HELLO + "expect.status = 200\n"
    result = await world.play(text + '[[steps]]\nexpect = "You said: hello"')
    assert result.ok, lines_of(result)


@pytest.mark.parametrize(
    ("expectation", "wrong"),
    [
        ("{ status = 200, answer = { status = 'ignored' } }", ""),
        ("{ answer = { status = 'ignored', reason = 'not_addressed' } }", ""),
        (
            "{ answer = { reason = 'kind' } }",
            'it answered 200 {"status": "ignored", "reason": "not_addressed"}',
        ),
        ("{ answer = { error = 'x' } }", 'it answered 200 {"status": "ignored", "reason": "not_addressed"}'),
        ("{ status = 401 }", 'it answered 200 {"status": "ignored", "reason": "not_addressed"}'),
    ],
)
async def test_the_webhooks_answer_can_be_expected(world: World, expectation: str, wrong: str) -> None:
    group = 'groups = { 4711 = ["alice", "helper"] }\n[[steps]]\nteam = "4711"\nsay = "hello all"\n'
    result = await world.play(f"{group}expect = {expectation}")
    assert ("" if result.ok else failure_of(result)[1]) == wrong


async def test_a_group_is_made_and_its_members_speak_there(world: World) -> None:
    result = await world.play("""
        groups = { 4711 = ["alice", "bob", "helper"] }
        [users]
        bob = "Bob B."
        [[steps]]
        team = "4711"
        say = "@Helper hello"
        expect = { from = "helper", contains = "hello" }
        [[steps]]
        as = "bob"
        say = "@Helper and me"
        expect = "You said: @Helper and me"
    """)
    assert result.ok, lines_of(result)
    assert [body["fromNick"] for body in world.webhook.bodies] == ["alice", "Bob B."]


async def test_who_speaks_to_whom_is_as_in_the_step_before(world: World) -> None:
    await world.play("""
        groups = { 4711 = ["carol", "helper"] }
        [[steps]]
        say = "1"
        [[steps]]
        as = "carol"
        say = "2"
        [[steps]]
        team = "4711"
        say = "3"
        [[steps]]
        say = "4"
        [[steps]]
        to = "helper"
        say = "5"
    """)
    assert [(body["fromAccount"], body["to"]) for body in world.webhook.bodies] == [
        ("alice", "helper"),
        ("carol", "helper"),
        ("carol", "4711"),
        ("carol", "4711"),
        ("carol", "helper"),
    ]


async def test_robot_info_and_input_reach_the_webhook(world: World) -> None:
    await world.play(HELLO + 'input = "chatbot"\nrobot = { function = "f", customContent = "c" }')
    assert world.webhook.bodies[0]["robotInfo"] == {"function": "f", "customContent": "c"}


async def test_the_model_answers_as_scripted(world: World) -> None:
    result = await world.play(
        """
        [[script]]
        reply = "the next one"
        [[script]]
        when = "again"
        reply = "always"
        [[script]]
        when = "filter"
        fault = "prompt-filtered"
        """
        + HELLO
        + """
        expect = "the next one"
        [[steps]]
        say = "again"
        expect = "always"
        [[steps]]
        say = "again, please"
        expect = "always"
        [[steps]]
        say = "filter"
        expect = { replies = 0, within = 0.05 }
        """
    )
    assert result.ok, lines_of(result)
    assert world.model.requests[-1].status == 400


async def test_the_model_asks_for_a_tool_and_says_what_it_was_told(world: World) -> None:
    world.tool = ("nearest_shop", "Via Roma 1")
    result = await world.play(
        """
        [[script]]
        when = "shop"
        call = "nearest_shop"
        arguments = { city = "Rome" }
        [[steps]]
        say = "a shop?"
        expect = "I was told: Via Roma 1 You said: a shop?"
        [[steps]]
        say = "another shop?"
        expect.contains = "Via Roma 1"
        [[steps]]
        expect.window = [
            "a shop?", '(nearest_shop {"city": "Rome"})', "Via Roma 1", "I was told: Via Roma 1 You said: a shop?",
            "another shop?", '(nearest_shop {"city": "Rome"})', "Via Roma 1",
        ]
        """
    )
    assert result.ok, lines_of(result)


async def test_the_window_that_the_model_was_given_can_be_expected(world: World) -> None:
    asked = HELLO + "expect.replies = 1\n[[steps]]\nsay = 'more'\nexpect.replies = 1\n[[steps]]\n"
    assert (await world.play(asked + "expect.window = ['hello', 'You said: hello', 'more']")).ok
    title, detail = failure_of(await world.play(asked + "expect.window = ['more']"))
    assert title == 'the model was given "more"'
    assert detail.startswith('it was given "hello", "You said: hello", ')


LOOKED_UP: list[dict[str, Any]] = [
    {"role": "user", "content": "where is it?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": "order", "arguments": f'{{"number": {number}, "quick": true}}'},
            }
            for number in (1, 2)
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "shipped"},
    {"role": "tool", "tool_call_id": "call_2", "content": "sold out"},
]


@pytest.mark.parametrize(
    "fits",
    [
        "{ call = 'order', calls = 2 }",
        "{ call = 'order', arguments = { number = 1 } }",
        "{ call = 'order', arguments = { number = 2 }, result = 'sold' }",
        "{ call = 'cancel', calls = 0 }",
        "{ calls = 2 }",
    ],
)
async def test_a_call_of_a_tool_can_be_expected(world: World, fits: str) -> None:
    world.history += LOOKED_UP
    result = await world.play(f"{HELLO}expect.replies = 1\n[[steps]]\nexpect = {fits}")
    assert result.ok, lines_of(result)


@pytest.mark.parametrize(
    "unfit",
    [
        "{ call = 'order' }",
        "{ call = 'cancel' }",
        "{ call = 'order', arguments = { number = 3 } }",
        "{ call = 'order', arguments = { number = 1 }, result = 'sold' }",
        "{ calls = 0 }",
    ],
)
async def test_other_calls_than_expected_are_told(world: World, unfit: str) -> None:
    world.history += LOOKED_UP
    result = await world.play(f"{HELLO}expect.replies = 1\n[[steps]]\nexpect = {unfit}")
    title, detail = failure_of(result)
    assert title.startswith("the model calls")
    assert detail.startswith('it called order {"number": 1, "quick": true} → shipped, order {')


async def test_a_step_can_wait_for_the_models_request_and_kill_the_host(world: World) -> None:
    result = await world.play(
        "[[script]]\nseconds = 0.2\n" + HELLO + 'wait = "model-request"\nkill = "host"\nexpect.replies = 1'
    )
    assert result.ok, lines_of(result)
    assert world.kills == 1
    assert [step.title for step in result.steps[1:3]] == ["the model is asked", "the function host is killed"]


@pytest.mark.parametrize(
    "step", ['wait = "model-request"', "expect.window = []", 'fault = "model-500"', "[[script]]\nreply = 'x'"]
)
async def test_a_model_of_somebody_else_is_neither_seen_nor_scripted(world: World, step: str) -> None:
    result = await world.play(HELLO + step, model=False)
    assert "model" in failure_of(result)[1]


async def test_a_host_of_somebody_else_is_not_killed(world: World) -> None:
    result = await world.play(HELLO + 'kill = "host"', killable=False)
    assert failure_of(result)[1] == "it is somebody else's and cannot be killed from here"


async def test_an_overtaken_message_does_not_hold_up_the_next_one(world: World) -> None:
    result = await world.play("""
        [[steps]]
        say = "first"
        fault = "out-of-order"
        [[steps]]
        say = "second"
        expect.replies = 2
    """)
    assert result.ok, lines_of(result)
    assert [body["body"] for body in world.webhook.bodies] == ["second", "first"]


async def test_a_webhook_that_is_gone_fails_the_message(world: World) -> None:
    world.im.webhook = "http://127.0.0.1:9/api/webhook"
    assert failure_of(await world.play(HELLO))[1].startswith("no answer: ")


async def test_what_happened_before_is_not_part_of_the_scenario(world: World) -> None:
    await world.im.say("alice", "earlier", to="helper")
    await world.im.wait_for(lambda: len(world.im.chat("alice", "helper")) == 2)
    result = await world.play(HELLO + 'expect = "You said: hello"')
    assert result.ok, lines_of(result)


async def test_faults_and_script_are_taken_back_in_the_end(world: World) -> None:
    world.im.fail(ApiFault("close"))
    await world.play(
        "[[script]]\nwhen = 'bye'\nreply = 'See you!'\n" + HELLO + 'fault = "im-500"\nexpect = "no"'
    )
    assert world.im._api.faults.take("alice", world.im.chats.now()) is None
    world.model.requests.clear()
    await world.im.say("alice", "bye", to="helper")
    await world.im.wait_for(lambda: world.im.chat("alice", "helper")[-1].text == "You said: bye")


async def test_a_user_recalls_and_edits_what_was_said(world: World) -> None:
    result = await world.play(
        HELLO
        + """
expect.replies = 1
[[steps]]
edit = { said = "hello", text = "goodbye" }
recall = "hello"
"""
    )
    assert lines_of(result)[2:4] == [
        ('alice recalls "hello"', True, "200 noted"),
        ('alice edits "hello": goodbye', True, "200 noted"),
    ]
    recall, edit = world.webhook.bodies[1:]
    assert (recall["eventType"], edit["eventType"], edit["text"]) == ("7", "89", "goodbye")
    assert recall["clientId"] == edit["clientId"] == world.webhook.bodies[0]["msgidClient"]


async def test_what_nobody_said_cannot_be_recalled(world: World) -> None:
    result = await world.play(HELLO + 'recall = "goodbye"')
    assert failure_of(result) == ('alice recalls "goodbye"', "nobody has said that here")
