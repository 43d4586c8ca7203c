"""The LiteLLM proxy in front of a tiny model: what it refuses in its own words, and what it passes on."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import openai  # noqa: F401  (its import must not count against a deadline)
import pytest

from playground import install
from playground.install import Environment
from playground.ports import free_port
from playground.processes import Child
from relay.config.bot import Api, Deployment
from relay.config.server_tools import ServerTool
from relay.config.settings import load_settings
from relay.errors import ModelOverflow, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, Prompt
from tests.conftest import EXAMPLE
from tests.tiny import tiny_model

pytestmark = pytest.mark.servers

START_SECONDS = 120
ANSWER_SECONDS = 120

HELLO = Prompt((ChatMessage("system", "You are Helper."), ChatMessage("user", "hello")), max_tokens=8)
CONFIG = """
model_list:
  - model_name: tiny
    litellm_params: { model: openai/tiny, api_base: "URL/v1", api_key: none }
general_settings: { master_key: sk-good }
"""


@dataclass(frozen=True)
class Proxy:
    """The proxy; ``url`` without ``/v1``."""

    url: str

    def place(
        self, model: str = "tiny", *, key: str = "RELAY_MODEL_KEY_GOOD", api: Api | None = None
    ) -> Deployment:
        """An entry of ``models``."""
        return Deployment(model=model, url=f"{self.url}/v1", key_setting=key, api=api)


@contextmanager
def proxy_before(model: str, folder: Path) -> Iterator[Proxy]:
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.replace("URL", model), encoding="utf-8")
    program = install.litellm(Environment()).python.with_name(
        "litellm.exe" if sys.platform == "win32" else "litellm"
    )
    port = free_port()
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    command: list[str | Path] = [
        program,
        "--config",
        config,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]
    child = Child("litellm", command, env={**os.environ, **quiet}, cwd=folder)
    try:
        child.wait_for(r"Uvicorn running on", seconds=START_SECONDS)
        yield Proxy(f"http://127.0.0.1:{port}")
    finally:
        child.stop()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy_before(tiny_model(), tmp_path_factory.mktemp("litellm")) as running:
        yield running


@pytest.fixture
async def chat() -> AsyncIterator[OpenAIChat]:
    keys = {"RELAY_MODEL_KEY_GOOD": "sk-good", "RELAY_MODEL_KEY_BAD": "sk-bad"}
    client = OpenAIChat(load_settings({**EXAMPLE, **keys}))
    yield client
    await client.aclose()


async def test_it_answers_by_both_apis(proxy: Proxy, chat: OpenAIChat) -> None:
    for api in get_args(Api):
        completion = await chat.complete(
            replace(HELLO, models=(proxy.place(api=api),)), seconds=ANSWER_SECONDS
        )
        assert completion.text
        assert completion.completion_tokens
        assert completion.ended == "cut"


@pytest.mark.parametrize(
    ("model", "key"),
    [("tiny", "RELAY_MODEL_KEY_BAD"), ("no-such-model", "RELAY_MODEL_KEY_GOOD")],
    ids=["key", "model"],
)
async def test_a_wrong_key_or_model_is_the_places_fault_and_costs_no_message(
    model: str, key: str, proxy: Proxy, chat: OpenAIChat, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ModelUnavailable):
        await chat.complete(replace(HELLO, models=(proxy.place(model, key=key),)), seconds=5)
    assert "check key" in caplog.text
    both = (proxy.place(model, key=key), proxy.place())
    assert (await chat.complete(replace(HELLO, models=both), seconds=ANSWER_SECONDS)).text


async def test_a_prompt_that_is_too_long_is_known_by_what_it_passes_on(
    proxy: Proxy, chat: OpenAIChat
) -> None:
    long = (ChatMessage("user", "one two three four " * 5000),)
    with pytest.raises(ModelOverflow):
        await chat.complete(replace(HELLO, messages=long, models=(proxy.place(),)), seconds=ANSWER_SECONDS)


async def test_an_effort_that_it_or_the_model_does_not_take_is_left_out(
    proxy: Proxy, chat: OpenAIChat
) -> None:
    asked = replace(HELLO, reasoning_effort="low", verbosity="low", models=(proxy.place(),))
    assert (await chat.complete(asked, seconds=ANSWER_SECONDS)).text


async def test_a_tool_that_nothing_behind_it_has_is_passed_over(proxy: Proxy, chat: OpenAIChat) -> None:
    tools = (ServerTool.model_validate({"type": "file_search", "vector_store_ids": ["vs_none"]}),)
    completion = await chat.complete(
        replace(HELLO, tools=tools, models=(proxy.place(),)), seconds=ANSWER_SECONDS
    )
    assert completion.text
    assert completion.tool_calls == ()
