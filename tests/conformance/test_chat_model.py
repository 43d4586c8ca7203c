"""Asking: the double answers and fails as the real client does in front of a model server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from playground.model_server import Fault, ModelServer, Reply
from relay.errors import ModelBlocked, ModelRejected, ModelUnavailable
from relay.model import OpenAIChat
from relay.ports import ChatMessage, ChatModel, Prompt
from relay.settings import load_settings
from tests.conftest import EXAMPLE
from tests.doubles import ScriptedModel

HELLO = Prompt((ChatMessage("system", "You are Helper."), ChatMessage("user", "hello")))


@dataclass
class Asking:
    """A model under test, and how to have its next call fail, or say a text."""

    model: ChatModel
    fail: Callable[[str], None]
    say: Callable[[str], None]


@pytest.fixture(params=["double", "server"])
async def asking(request: pytest.FixtureRequest) -> AsyncIterator[Asking]:
    if request.param == "double":
        double = ScriptedModel()
        errors = {
            "filter": ModelBlocked("a"),
            "bad request": ModelRejected("b"),
            "down": ModelUnavailable("c"),
        }
        yield Asking(double, lambda why: double.script.append(errors[why]), double.script.append)
        return
    async with ModelServer() as server:
        client = OpenAIChat(load_settings({**EXAMPLE, "RELAY_MODEL_URL": server.url + "/v1"}))
        faults = {
            "filter": Fault("prompt_filtered"),
            "bad request": Fault("context_length_exceeded"),
            "down": Fault("unauthorized"),
        }
        yield Asking(client, lambda why: server.next(faults[why]), lambda text: server.next(Reply(text)))
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
    ("why", "error"), [("filter", ModelBlocked), ("bad request", ModelRejected), ("down", ModelUnavailable)]
)
async def test_a_failure_is_told_by_its_kind(asking: Asking, why: str, error: type[Exception]) -> None:
    asking.fail(why)
    with pytest.raises(error):
        await asking.model.complete(HELLO, seconds=10)
