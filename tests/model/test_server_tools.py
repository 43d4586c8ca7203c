"""Tools that the model's server runs, over HTTP: how it is asked for them, and what becomes of a tool that fails."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from playground.loopback import serving
from playground.model_server import ModelServer
from relay.config.server_tools import ServerTool
from relay.config.settings import load_settings
from relay.errors import ModelRejected, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.model.server_tools import sources_of, without_sandbox_links
from relay.ports import ChatMessage, Prompt, Source
from tests.conftest import EXAMPLE
from tests.model.corpus import PASSED_BY_RESPONSES
from tests.tracing import finished_spans

KEY = "Bearer hunter2"
CRM = ServerTool.model_validate(
    {
        "type": "mcp",
        "server_label": "crm",
        "server_url": "https://crm.example.com/mcp",
        "require_approval": "never",
        "header_settings": {"Authorization": "RELAY_TOOL_KEY_CRM"},
    }
)
SEARCH = ServerTool(type="web_search")
PLAIN = Prompt((ChatMessage("user", "hello"),))
WITH_TOOLS = replace(PLAIN, tools=(SEARCH, CRM))


def chat_at(url: str) -> OpenAIChat:
    return OpenAIChat(load_settings({**EXAMPLE, "RELAY_MODEL_URL": f"{url}/v1", "RELAY_TOOL_KEY_CRM": KEY}))


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


async def test_a_bot_with_tools_is_asked_by_the_api_that_has_them(server: ModelServer) -> None:
    finished_spans().clear()
    model = chat_at(server.url)
    completion = await model.complete(WITH_TOOLS, seconds=10)
    assert completion.text == "You said: hello"
    assert completion.sources == (Source("Example Domain", "https://example.com/"),)
    assert completion.tool_calls == ("web_search", "crm.look_up")
    assert (await model.complete(PLAIN, seconds=10)).tool_calls == ()
    await model.aclose()
    assert [request.path for request in server.requests] == ["/v1/responses", "/v1/chat/completions"]
    assert [
        (span.attributes or {}).get("relay.server_tools") for span in finished_spans().named("chat tiny")
    ] == [
        ("web_search", "crm.look_up"),
        None,
    ]


async def test_headers_reach_the_server_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asked: list[dict[str, Any]] = []

    async def responses(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.Response(text=PASSED_BY_RESPONSES, content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/responses", responses)
    async with serving(app) as url:
        model = chat_at(url)
        await model.complete(WITH_TOOLS, seconds=10)
        await model.aclose()
    assert asked[0]["tools"] == [
        {"type": "web_search"},
        {
            "type": "mcp",
            "server_label": "crm",
            "server_url": "https://crm.example.com/mcp",
            "require_approval": "never",
            "headers": {"Authorization": KEY},
        },
    ]
    assert asked[0]["store"] is False
    assert "hunter2" not in caplog.text


async def test_the_playground_does_not_keep_the_headers_of_tools(server: ModelServer) -> None:
    model = chat_at(server.url)
    await model.complete(WITH_TOOLS, seconds=10)
    await model.aclose()
    assert server.requests[0].body["tools"][1]["headers"] == {"Authorization": "…"}


async def refusing(status: int, error: dict[str, Any]) -> tuple[Exception, bool, bool]:
    """What a server that takes no tools makes of a prompt with them, of "Hi" with them, and of one without."""

    async def responses(request: web.Request) -> web.Response:
        return web.json_response({"error": error}, status=status)

    async def completions(request: web.Request) -> web.Response:
        answer = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]}
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/v1/responses", responses)
    app.router.add_post("/v1/chat/completions", completions)
    async with serving(app) as url:
        model = chat_at(url)
        try:
            with pytest.raises((ModelRejected, ModelUnavailable)) as caught:
                await model.complete(WITH_TOOLS, seconds=10)
            takes = await model.takes_anything(
                getattr(caught.value, "place", None), seconds=10, tools=WITH_TOOLS.tools
            )
            answered = (await model.complete(PLAIN, seconds=10)).text == "hi"
            if isinstance(
                caught.value, ModelRejected
            ):  # bots with other tools go on, too: the place does not rest
                with pytest.raises(ModelRejected):
                    await model.complete(replace(PLAIN, tools=(SEARCH,)), seconds=10)
        finally:
            await model.aclose()
    return caught.value, takes, answered


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (424, {"message": "Error retrieving tool list from MCP server: 'crm'.", "param": "tools"}),
        (404, {"message": "Vector store with id [] not found."}),
        (403, {"message": "web_search is disabled for this subscription."}),
        (400, {"message": "model tiny: tool web_search is not available", "param": "tools"}),
    ],
)
async def test_a_tool_that_is_refused_is_told_from_message_and_place(
    status: int, error: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    raised, takes, answered = await refusing(status, error)
    assert isinstance(raised, ModelRejected)
    assert not takes
    assert answered
    assert "refuses every request" in caplog.text
    assert "check the server tools of its bot: web_search, mcp crm" in caplog.text


async def test_a_server_without_the_api_says_so_and_still_answers_bots_without_tools(
    caplog: pytest.LogCaptureFixture,
) -> None:
    raised, _, answered = await refusing(404, {"message": "Not Found"})
    assert isinstance(raised, ModelUnavailable)
    assert answered
    assert "whether the server has the Responses API" in caplog.text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "文件在sandbox:/mnt/data/b.csv，请下载后查看第二页的内容。谢谢！",
            "文件在，请下载后查看第二页的内容。谢谢！",
        ),
        ("| **sandbox:/a.csv**|next|", "| ****|next|"),
        ("[![plot](sandbox:/a.png)](sandbox:/a.png) and so on", "and so on"),
        ("[data [1]](sandbox:/x.csv) here", "data [1] here"),
        ("[here](<sandbox:/mnt/data/a b.csv>) it is", "here it is"),
        ("[a](sandbox:/a(1).csv), b", "a, b"),
        ("![plot](sandbox:/plot.png)", "plot"),
    ],
)
def test_links_into_the_sandbox_go_and_words_stay(text: str, left: str) -> None:
    assert without_sandbox_links(text) == left


@pytest.mark.parametrize("piece", ["[", "![", "[a", "[[", "[a](sandbox:/", "[a](sandbox:/(", "sandbox:/"])
def test_no_answer_is_read_twice(piece: str) -> None:
    """An answer of any length takes time by its length: nothing looks ahead without an end."""
    began = time.thread_time()
    without_sandbox_links("sandbox:/ " + piece * 20_000)
    assert time.thread_time() - began < 5


def test_an_address_stays_as_it_is_written() -> None:
    def cited(url: str) -> str:
        annotation = SimpleNamespace(type="url_citation", url=url, title="t")
        return sources_of([SimpleNamespace(annotations=[annotation])])[0].url

    assert cited("https://a.cn/s?wd=%D6%D0&utm_source=openai") == "https://a.cn/s?wd=%D6%D0"
    assert (
        cited("https://a.com/?utm_source=openai&q=a%20b&Open&id=1,2") == "https://a.com/?q=a%20b&Open&id=1,2"
    )
    assert cited("https://a.com/p?utm_source=openai#:~:text=foo") == "https://a.com/p"
    assert cited("https://a.com/p#part") == "https://a.com/p#part"
