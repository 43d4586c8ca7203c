"""The model client against a real model server over HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from playground.loopback import serving
from playground.model_server import Fault, ModelServer, Reply
from relay.errors import ModelBlocked, ModelRejected, ModelUnavailable
from relay.model import OpenAIChat
from relay.ports import ChatMessage, Completion, Prompt
from relay.settings import Settings, load_settings
from tests.conftest import EXAMPLE

HELLO = Prompt((ChatMessage("system", "You are Helper."), ChatMessage("user", "hello")))


def settings_of(**values: str) -> Settings:
    return load_settings({**EXAMPLE, **values})


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[OpenAIChat]:
    client = OpenAIChat(settings_of(RELAY_MODEL_URL=server.url + "/v1"))
    yield client
    await client.aclose()


async def test_an_answer_comes_with_its_usage(model: OpenAIChat, server: ModelServer) -> None:
    completion = await model.complete(HELLO, seconds=10)
    assert completion.text == "You said: hello"
    assert completion.prompt_tokens > 0
    assert completion.completion_tokens > 0
    assert server.requests[0].body["model"] == "tiny"


async def test_only_what_is_set_is_sent(model: OpenAIChat, server: ModelServer) -> None:
    await model.complete(HELLO, seconds=10)
    assert server.requests[0].body.keys() == {"model", "messages"}


async def test_a_bots_model_limit_and_temperature_are_sent(model: OpenAIChat, server: ModelServer) -> None:
    await model.complete(Prompt(HELLO.messages, model="other", max_tokens=50, temperature=0.0), seconds=10)
    body = server.requests[0].body
    assert (body["model"], body["max_completion_tokens"], body["temperature"]) == ("other", 50, 0.0)


async def test_throttling_is_waited_out_within_the_deadline(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("rate_limited", retry_after_ms=20), Fault("rate_limited", retry_after_ms=20))
    assert (await model.complete(HELLO, seconds=10)).text == "You said: hello"


async def test_throttling_beyond_the_deadline_is_unavailable(model: OpenAIChat, server: ModelServer) -> None:
    server.when("hello", Fault("rate_limited", retry_after=60))
    with pytest.raises(ModelUnavailable):
        await model.complete(HELLO, seconds=0.3)


async def test_a_slow_model_is_left_at_the_deadline(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Reply(hold=True))
    with pytest.raises(ModelUnavailable, match="within"):
        await model.complete(HELLO, seconds=0.3)


@pytest.mark.parametrize("kind", ["unauthorized", "deployment_not_found"])
async def test_what_an_operator_can_mend_is_tried_again_later(
    model: OpenAIChat, server: ModelServer, kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.next(Fault(kind))
    with pytest.raises(ModelUnavailable):
        await model.complete(HELLO, seconds=10)
    assert "check" in caplog.text


async def test_a_filtered_prompt_is_blocked(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("prompt_filtered"))
    with pytest.raises(ModelBlocked, match="prompt"):
        await model.complete(HELLO, seconds=10)


@pytest.mark.parametrize("text", ["", "half an ans"])
async def test_a_filtered_answer_is_blocked(model: OpenAIChat, server: ModelServer, text: str) -> None:
    server.next(Reply(text, finish_reason="content_filter"))
    with pytest.raises(ModelBlocked, match="answer"):
        await model.complete(HELLO, seconds=10)


async def test_an_empty_answer_is_an_empty_text(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Reply("", finish_reason="length"))
    assert (await model.complete(HELLO, seconds=10)).text == ""


async def test_a_request_that_will_never_pass_is_rejected(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("context_length_exceeded"))
    with pytest.raises(ModelRejected, match="context_length_exceeded"):
        await model.complete(HELLO, seconds=10)


async def test_a_connection_that_breaks_is_tried_again(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("closed"))
    assert (await model.complete(HELLO, seconds=10)).text == "You said: hello"


async def test_a_server_that_is_gone_is_unavailable() -> None:
    model = OpenAIChat(settings_of(RELAY_MODEL_URL="http://127.0.0.1:9/v1"))
    with pytest.raises(ModelUnavailable):
        await model.complete(HELLO, seconds=1)
    await model.aclose()


async def test_openai_variables_of_the_machine_are_never_picked_up(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    async def completions(request: web.Request) -> web.Response:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response(
            {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}
        )

    for name in ("API_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "machine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Machine: machine")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_LOG", "debug")
    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        with pytest.raises(ModelUnavailable, match="not a chat completion"):
            await model.complete(HELLO, seconds=10)
        await model.aclose()
    assert "machine" not in " ".join(seen[0].values())
    assert logging.getLogger("openai").getEffectiveLevel() >= logging.WARNING


async def test_azure_openai_is_asked_with_an_entra_token_of_the_apps_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens: list[dict[str, str]] = []
    asked: list[tuple[str, str]] = []

    async def identity(request: web.Request) -> web.Response:
        tokens.append({**request.query, "header": request.headers["X-IDENTITY-HEADER"]})
        return web.json_response({"access_token": "entra-token", "expires_on": "4102444800"})

    async def completions(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers["Authorization"]))
        message = {"role": "assistant", "content": "hi"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return web.json_response(
            {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt", "choices": [choice]}
        )

    async with serve(completions, identity) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url + "/identity")
        monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-sandbox")
        model = OpenAIChat(
            settings_of(
                RELAY_MODEL_URL="",
                RELAY_MODEL_NAME="",
                AZURE_OPENAI_ENDPOINT=url,
                AZURE_OPENAI_DEPLOYMENT="gpt",
            )
        )
        assert await model.complete(HELLO, seconds=10) == Completion("hi", model="gpt")
        await model.complete(HELLO, seconds=10)
        await model.aclose()
    assert asked == [("/openai/v1/chat/completions", "Bearer entra-token")] * 2
    assert tokens == [
        {"api-version": "2019-08-01", "resource": "https://ai.azure.com", "header": "secret-of-the-sandbox"}
    ]


Handler = Callable[[web.Request], Any]


def serve(completions: Handler, identity: Handler | None = None) -> Any:
    """A small server of both endpoints on loopback."""
    app = web.Application()
    app.router.add_post("/{prefix:.*}/chat/completions", completions)
    if identity:
        app.router.add_get("/identity", identity)
    return serving(app, 0)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", "<html>sign in</html>"),
        ("application/json", '{"id": "1", "choices": [{"message": {"role'),
        ("application/json", "[]"),
        ("application/json", '{"choices": [{"index": 0, "finish_reason": "stop", "message": null}]}'),
        (
            "application/json",
            '{"choices": [{"finish_reason": "stop", "message": {"content": [{"text": "x"}]}}]}',
        ),
    ],
)
async def test_an_answer_that_is_no_chat_completion_is_tried_again_later(
    content_type: str, body: str
) -> None:
    async def completions(request: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        with pytest.raises(ModelUnavailable, match="answer"):
            await model.complete(HELLO, seconds=10)
        await model.aclose()


async def test_no_cause_quotes_what_the_model_server_says(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def completions(request: web.Request) -> web.Response:
        said = (await request.json())["messages"][-1]["content"]
        return web.json_response({"error": {"message": f"cannot read: {said}", "code": "bad"}}, status=400)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        with pytest.raises(ModelRejected) as caught:
            await model.complete(Prompt((ChatMessage("user", "hunter2"),)), seconds=10)
        await model.aclose()
    assert caught.value.cause == "HTTP 400 bad"
    assert "hunter2" not in caplog.text


async def test_half_a_surrogate_pair_in_an_answer_is_replaced(model: OpenAIChat) -> None:
    async def completions(request: web.Request) -> web.Response:
        message = (
            '{"choices": [{"finish_reason": "stop", "message": {"content": "a\\ud83d b"}}], "usage": {}}'
        )
        return web.Response(text=message, content_type="application/json")

    async with serve(completions) as url:
        broken = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        assert (await broken.complete(HELLO, seconds=10)).text == "a\ufffd b"
        await broken.aclose()
