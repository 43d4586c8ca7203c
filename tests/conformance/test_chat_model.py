"""Asking: the double answers and fails as the real client does in front of a model server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from playground.model_server import Asked, Fault, ModelServer, Reply
from relay.config.settings import load_settings
from relay.errors import ModelBlocked, ModelOverflow, ModelRejected, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, ChatModel, Completion, Function, Prompt
from tests.conftest import EXAMPLE
from tests.doubles import ScriptedModel

Ended = Literal["cut", "declined"]

Calls = list[tuple[str, dict[str, Any]]]

SHOP = Function("nearest_shop", "Where the nearest shop is.", {"type": "object", "properties": {}})
HELLO = Prompt((ChatMessage("system", "You are Helper."), ChatMessage("user", "hello")))


@dataclass
class Asking:
    """A model under test, and how to have its next call fail, say a text, end one in another way, or ask for calls."""

    model: ChatModel
    fail: Callable[[str], None]
    say: Callable[[str], None]
    end: Callable[[str, Ended], None]
    call: Callable[[Calls], None]


@pytest.fixture(params=["double", "server"])
async def asking(request: pytest.FixtureRequest) -> AsyncIterator[Asking]:
    if request.param == "double":
        double = ScriptedModel()
        errors = {
            "filter": ModelBlocked("a"),
            "bad request": ModelRejected("b"),
            "too long": ModelOverflow("c"),
            "down": ModelUnavailable("d", retry_after=30),
        }
        yield Asking(
            double,
            lambda why: double.script.append(errors[why]),
            double.script.append,
            lambda text, ended: double.script.append(Completion(text, ended=ended)),
            lambda calls: double.script.calls(*calls),
        )
        return
    async with ModelServer() as server:
        client = OpenAIChat(load_settings({**EXAMPLE, "RELAY_MODEL_URL": server.url + "/v1"}))
        faults = {
            "filter": Fault("prompt_filtered"),
            "bad request": Fault("unsupported_temperature"),
            "too long": Fault("context_length_exceeded"),
            "down": Fault("rate_limited", retry_after=30),
        }

        def end(text: str, ended: Ended) -> None:
            declined = Reply(refusal=text)
            server.next(declined if ended == "declined" else Reply(text, finish_reason="length"))

        def call(calls: Calls) -> None:
            server.next(Reply(calls=tuple(Asked(name, arguments) for name, arguments in calls)))

        yield Asking(
            client, lambda why: server.next(faults[why]), lambda text: server.next(Reply(text)), end, call
        )
        await client.aclose()


async def test_the_default_answer_repeats_the_question(asking: Asking) -> None:
    completion = await asking.model.complete(HELLO, seconds=10)
    assert completion.text == "You said: hello"
    assert completion.prompt_tokens > 0


@pytest.mark.parametrize("text", ["hi", ""])
async def test_a_scripted_answer_is_said(asking: Asking, text: str) -> None:
    asking.say(text)
    assert (await asking.model.complete(HELLO, seconds=10)).text == text


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("filter", ModelBlocked),
        ("bad request", ModelRejected),
        ("too long", ModelOverflow),
        ("down", ModelUnavailable),
    ],
)
async def test_a_failure_is_told_by_its_kind(asking: Asking, why: str, error: type[Exception]) -> None:
    asking.fail(why)
    with pytest.raises(error):
        await asking.model.complete(HELLO, seconds=10)


async def test_who_is_down_may_say_when_to_come_back(asking: Asking) -> None:
    asking.fail("down")
    with pytest.raises(ModelUnavailable) as caught:
        await asking.model.complete(HELLO, seconds=10)
    assert 29 < caught.value.retry_after <= 30


@pytest.mark.parametrize("ended", ["cut", "declined"])
async def test_an_answer_tells_how_it_ended(asking: Asking, ended: Ended) -> None:
    asking.end("half an", ended)
    completion = await asking.model.complete(HELLO, seconds=10)
    assert (completion.text, completion.ended) == ("half an", ended)


async def test_a_model_asks_for_functions_in_its_order(asking: Asking) -> None:
    rome, oslo = ("nearest_shop", {"city": "Rome"}), ("nearest_shop", {"city": "Oslo"})
    asking.call([rome, oslo])
    completion = await asking.model.complete(replace(HELLO, functions=(SHOP,)), seconds=10)
    assert (completion.text, completion.ended) == ("", "whole")
    assert [(call.name, json.loads(call.arguments)) for call in completion.calls] == [rome, oslo]
    assert len({call.id for call in completion.calls}) == 2
    assert completion.reasoning


async def test_results_are_taken_with_and_without_what_was_thought(asking: Asking) -> None:
    asking.call([("nearest_shop", {})])
    prompt = replace(HELLO, functions=(SHOP,))
    asked = await asking.model.complete(prompt, seconds=10)
    for reasoning in (asked.reasoning, ""):
        said = ChatMessage("assistant", asked.text, calls=asked.calls, reasoning=reasoning)
        told = ChatMessage("tool", "Via Roma 1", call_id=asked.calls[0].id)
        after = replace(prompt, messages=(*HELLO.messages, said, told))
        answered = await asking.model.complete(after, seconds=10)
        assert "Via Roma 1" in answered.text
        assert not answered.calls


@pytest.mark.parametrize("prompt", [HELLO, replace(HELLO, functions=(SHOP,), may_call=False)])
async def test_nobody_is_asked_for_what_may_not_be_called(asking: Asking, prompt: Prompt) -> None:
    asking.call([("nearest_shop", {})])
    completion = await asking.model.complete(prompt, seconds=10)
    assert not completion.calls
    assert not completion.reasoning
    assert completion.text
