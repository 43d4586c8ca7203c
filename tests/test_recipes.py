"""The recipes of docs/recipes.md work as they stand there; what they import from elsewhere has a stand-in here.

The stand-ins have the names that agent-framework-core 1.23 and mcp 2.3 document; neither is installed with the tests.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest

from relay.app import Relay
from relay.errors import ModelUnavailable
from relay.ports import ChatMessage, Prompt
from relay.tools import Call, Toolbox, ToolError
from tests.conftest import EXAMPLE
from tests.kit import RelayKit
from tests.test_docs import DOCUMENTS, code_blocks

OWN, FUNCTION_APP, AGENT, MCP = code_blocks(DOCUMENTS["docs/recipes.md"], "python")


def run(code: str, name: str) -> Any:
    """A module of a recipe."""
    module = ModuleType(name)
    exec(compile(code, name, "exec"), vars(module))  # noqa: S102 (our own page)
    return module


def test_a_bot_answers_from_whatever_stands_in_place_of_the_model(relay: RelayKit) -> None:
    relay.model = run(OWN, "my_model").Answers()
    relay.configure_bot()
    relay.post("When are you open?")
    relay.post("And on the moon?")
    assert relay.replies == ["We are open from 9 to 17, Monday to Saturday.", "Please call us: +1 555 0100."]


def test_the_function_app_takes_it_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "my_model", run(OWN, "my_model"))
    for name, value in EXAMPLE.items():
        monkeypatch.setenv(name, value)
    app = (Path(__file__).parent.parent / "function_app.py").read_text(encoding="utf-8")
    importing, making = [line for line in FUNCTION_APP.splitlines() if line]
    assert "relay = Relay.from_environment()\n" in app
    assert making.startswith("relay = Relay.from_environment(")
    made = run(f"from relay.app import Relay\n{importing}\n{making}", "function_app").relay
    assert isinstance(made, Relay)
    assert type(made.answering.model).__name__ == "Answers"


class Agent:
    """The stand-in of an agent: says what it was told."""

    def __init__(self, *, client: Any, tools: Any) -> None:
        self.runs: list[list[Any]] = []

    async def run(self, messages: list[Any]) -> Any:
        self.runs.append(messages)
        if messages[-1].contents == ["fail"]:
            raise RuntimeError("what it was asked")
        if messages[-1].contents == ["hang"]:
            await asyncio.Event().wait()
        usage = {"input_token_count": 5, "output_token_count": None}
        return SimpleNamespace(text=f"I was told {messages[-1].contents[0]}", usage_details=usage)


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The recipe of an agent, with stand-ins of what it imports."""
    framework, openai = ModuleType("agent_framework"), ModuleType("agent_framework.openai")
    vars(framework)["Agent"] = Agent
    vars(framework)["Message"] = lambda role, contents: SimpleNamespace(role=role, contents=contents)
    vars(openai)["OpenAIChatClient"] = lambda *, model: model
    monkeypatch.setitem(sys.modules, "agent_framework", framework)
    monkeypatch.setitem(sys.modules, "agent_framework.openai", openai)
    return run(AGENT, "my_model")


def test_an_agent_answers_and_is_told_the_system_prompt_and_what_was_said(
    relay: RelayKit, agent: Any
) -> None:
    relay.model = model = agent.AgentModel(agent.make_agent)
    relay.configure_bot()
    relay.post("hello")
    relay.post("again")
    assert relay.replies == ["I was told hello", "I was told again"]
    first, second = model._agent.runs
    assert [(one.role, one.contents) for one in first] == [
        ("system", ["You are Helper."]),
        ("user", ["hello"]),
    ]
    assert [one.role for one in second] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("trouble", ["fail", "hang"])
async def test_an_agent_that_fails_or_hangs_leaves_the_message_to_another_try(
    agent: Any, trouble: str
) -> None:
    model = agent.AgentModel(agent.make_agent)
    with pytest.raises(ModelUnavailable) as caught:
        await model.complete(Prompt((ChatMessage("user", trouble),)), seconds=0.05)
    assert "what it was asked" not in str(caught.value)


class McpClient:
    """The stand-in of an MCP client, and of the server behind it."""

    asked: list[tuple[str, dict[str, Any]]]

    def __init__(self, url: str) -> None:
        assert url == "https://mcp.example.com/mcp"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((name, arguments))
        content = [SimpleNamespace(type="text", text="12"), SimpleNamespace(type="image", data="")]
        return SimpleNamespace(content=content, is_error=arguments["product"] == "none")


@pytest.fixture
def mcp_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolbox:
    """The tools of the recipe, loaded as the relay loads them."""
    mcp = ModuleType("mcp")
    vars(mcp)["Client"] = McpClient
    monkeypatch.setitem(sys.modules, "mcp", mcp)
    monkeypatch.setattr(McpClient, "asked", [], raising=False)
    monkeypatch.setenv("SHOP_MCP_URL", "https://mcp.example.com/mcp")
    file = tmp_path / "mcp_tools.py"
    file.write_text(MCP, encoding="utf-8")
    return Toolbox.load(file)


async def test_a_tool_asks_a_server_of_the_own_network(mcp_tools: Toolbox) -> None:
    stock, reserve = mcp_tools.get("stock"), mcp_tools.get("reserve")
    assert stock is not None
    assert reserve is not None
    assert await stock.run({"product": "rice"}, Call()) == "12"
    await reserve.run({"product": "rice", "count": 2}, Call(idempotency_key="k"))
    assert McpClient.asked == [
        ("stock", {"product": "rice"}),
        ("reserve", {"product": "rice", "count": 2, "key": "k"}),
    ]
    assert reserve.question({"product": "rice", "count": 2}) == "Reserve 2 of rice?"
    with pytest.raises(ToolError, match="12"):
        await stock.run({"product": "none"}, Call())
