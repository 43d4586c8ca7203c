"""The model client against a real model server over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, get_args

import openai  # noqa: F401  (its import must not count against a deadline)
import pytest
from aiohttp import web
from opentelemetry import trace
from opentelemetry.trace import SpanContext, TraceFlags
from pydantic import SecretStr

from playground.loopback import serving
from playground.model_server import Fault, ModelServer, Reply
from playground.tiny_model import CONTEXT_TOKENS
from relay.backoff import Backoff
from relay.config.bot import Api, Deployment
from relay.config.settings import Settings, load_settings
from relay.errors import ModelBlocked, ModelOverflow, ModelRejected, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.model.connections import Connections
from relay.model.cooldowns import Cooldowns
from relay.model.dialect import KEEP_SECONDS, Dialect, Dialects
from relay.model.endpoints import Endpoint
from relay.model.request import Requests
from relay.ports import ChatMessage, Completion, Prompt
from relay.storage.credential import AppCredential
from tests.conftest import EXAMPLE
from tests.crashes.storage import until
from tests.tiny import tiny_model
from tests.tracing import finished_spans

HELLO = Prompt((ChatMessage("system", "You are Helper."), ChatMessage("user", "hello")))


def settings_of(**values: str) -> Settings:
    return load_settings({**EXAMPLE, **values})


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture(scope="module")
def tiny() -> str:
    return tiny_model()


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[OpenAIChat]:
    client = OpenAIChat(settings_of(RELAY_MODEL_URL=server.url + "/v1"), Cooldowns(backoff=Backoff(0.02, 60)))
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
    models = (Deployment(model="other"),)
    await model.complete(replace(HELLO, models=models, max_tokens=50, temperature=0.0), seconds=10)
    body = server.requests[0].body
    assert (body["model"], body["max_completion_tokens"], body["temperature"]) == ("other", 50, 0.0)


async def test_throttling_is_waited_out_within_the_deadline(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("rate_limited", retry_after_ms=20), Fault("rate_limited", retry_after_ms=20))
    assert (await model.complete(HELLO, seconds=10)).text == "You said: hello"


async def test_what_is_throttled_again_while_others_are_answered_is_too_long(
    model: OpenAIChat, server: ModelServer
) -> None:
    """A request larger than the quota of a minute, where the server tells no numbers: waiting would never help."""
    server.when("hello", Fault("rate_limited", retry_after_ms=300))
    server.when("other", Reply(hold=True))
    other = replace(HELLO, messages=(ChatMessage("user", "other"),))
    asking = asyncio.create_task(model.complete(other, seconds=30))
    await server.wait_for_held()
    refused = asyncio.create_task(model.complete(HELLO, seconds=30))

    async def is_read() -> bool:
        return bool(model._cooldowns._rests)

    await until(is_read, "the refusal")
    server.release()
    await asking
    with pytest.raises(ModelOverflow):
        await refused
    assert len(server.requests) == 3


async def test_throttling_beyond_the_deadline_is_unavailable(model: OpenAIChat, server: ModelServer) -> None:
    server.when("hello", Fault("rate_limited", retry_after=60))
    with pytest.raises(ModelUnavailable) as caught:
        await model.complete(HELLO, seconds=10)
    assert 59 < caught.value.retry_after <= 60
    assert len(server.requests) == 1


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


@pytest.mark.parametrize("reason", ["stop", "length"])
async def test_an_empty_answer_is_an_empty_text(model: OpenAIChat, server: ModelServer, reason: Any) -> None:
    server.next(Reply("", finish_reason=reason))
    completion = await model.complete(HELLO, seconds=10)
    assert (completion.text, completion.ended) == ("", "cut" if reason == "length" else "whole")


async def test_an_answer_that_ran_out_of_tokens_is_cut(model: OpenAIChat, server: ModelServer) -> None:
    completion = await model.complete(replace(HELLO, max_tokens=2), seconds=10)
    assert (completion.text, completion.ended) == ("You said", "cut")


async def test_a_refusal_of_the_model_is_its_answer(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Reply(refusal="I can't help with that."))
    completion = await model.complete(HELLO, seconds=10)
    assert (completion.text, completion.ended) == ("I can't help with that.", "declined")


async def test_what_a_reasoning_models_usage_policy_refuses_is_blocked() -> None:
    with pytest.raises(ModelBlocked):
        await refused_by({"code": "invalid_prompt", "message": "Invalid prompt: your prompt was flagged."})


async def test_a_request_that_will_never_pass_is_rejected() -> None:
    with pytest.raises(ModelRejected, match="HTTP 400 invalid_value"):
        await refused_by({"code": "invalid_value", "param": "messages", "message": "No."})


async def refused_by(error: dict[str, Any], status: int = 400) -> None:
    """Ask a server that refuses with this error."""

    async def completions(request: web.Request) -> web.Response:
        return web.json_response({"error": error}, status=status)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        try:
            await model.complete(HELLO, seconds=10)
        finally:
            await model.aclose()


# too long


@pytest.mark.parametrize(
    ("error", "prompt_tokens", "excess_tokens"),
    [
        pytest.param(
            {
                "code": "context_length_exceeded",
                "param": "messages",
                "message": "This model's maximum context length is 8192 tokens. However, your messages resulted in "
                "8227 tokens. Please reduce the length of the messages.",
            },
            8227,
            35,
            id="Azure OpenAI",
        ),
        pytest.param(
            {
                "code": "context_length_exceeded",
                "message": "This model's maximum context length is 4096 tokens. However, you requested 4118 tokens "
                "(3118 in the messages, 1000 in the completion).",
            },
            3118,
            22,
            id="Azure OpenAI, with the answer's share",
        ),
        pytest.param(
            {
                "code": "context_length_exceeded",
                "message": "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in "
                "289650 tokens. Please reduce the length of the messages.",
            },
            289650,
            17650,
            id="gpt-5",
        ),
        pytest.param(
            {
                "code": 400,
                "type": "exceed_context_size_error",
                "message": "request (9031 tokens) exceeds the available context size (8192 tokens), try increasing it",
                "n_prompt_tokens": 9031,
                "n_ctx": 8192,
            },
            9031,
            839,
            id="llama.cpp",
        ),
        pytest.param(
            {
                "code": 400,
                "message": "This model's maximum context length is 4096 tokens. However, you requested 4833 tokens "
                "(4433 in the messages, 400 in the completion).",
            },
            4433,
            737,
            id="OpenRouter, vLLM",
        ),
        pytest.param({"code": "context_length_exceeded", "message": "Too long."}, 0, 0, id="no numbers"),
    ],
)
async def test_a_prompt_that_is_too_long_is_an_overflow_with_the_servers_numbers(
    error: dict[str, Any], prompt_tokens: int, excess_tokens: int
) -> None:
    with pytest.raises(ModelOverflow) as caught:
        await refused_by(error)
    assert (caught.value.prompt_tokens, caught.value.excess_tokens) == (prompt_tokens, excess_tokens)


@pytest.mark.stack
async def test_a_real_llama_cpp_tells_by_how_much_a_prompt_is_too_long(tiny: str) -> None:
    model = OpenAIChat(settings_of(RELAY_MODEL_URL=tiny + "/v1"))
    with pytest.raises(ModelOverflow) as caught:
        await model.complete(Prompt((ChatMessage("user", "word " * CONTEXT_TOKENS),)), seconds=60)
    await model.aclose()
    assert caught.value.prompt_tokens == CONTEXT_TOKENS + caught.value.excess_tokens
    assert 0 < caught.value.excess_tokens < 100


async def test_a_body_that_a_proxy_finds_too_large_is_an_overflow() -> None:
    with pytest.raises(ModelOverflow):
        await refused_by({"message": "Payload Too Large"}, status=413)


# new model, old parameter


async def test_a_parameter_that_the_model_does_not_take_is_left_out_from_then_on(
    model: OpenAIChat, server: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A complaint about other bots: whoever changes the deployment gets 400 for a temperature that it refuses."""
    server.next(Fault("unsupported_temperature"))
    prompt = replace(HELLO, temperature=0.7, max_tokens=50)
    for _ in range(2):
        assert (await model.complete(prompt, seconds=10)).text == "You said: hello"
    assert ["temperature" in request.body for request in server.requests] == [True, False, False]
    assert all(request.body["max_completion_tokens"] == 50 for request in server.requests)
    assert caplog.text.count("is asked in another way from now on") == 1


async def test_a_parameter_is_unlearned_only_once_a_request_without_it_has_passed() -> None:
    """Whoever writes "temperature" must not change how everybody is answered."""
    asked: list[dict[str, Any]] = []
    refusal = {"error": {"message": "temperature is not allowed: you wrote about temperature"}}

    async def completions(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if len(asked) > 2:
            return web.json_response(completion_of("hi"))
        return web.json_response(refusal, status=400)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        with pytest.raises(ModelRejected):
            await model.complete(replace(HELLO, temperature=0.7), seconds=10)
        await model.complete(replace(HELLO, temperature=0.7), seconds=10)
        await model.aclose()
    assert ["temperature" in body for body in asked] == [True, False, True]


async def test_an_unknown_refusal_that_passes_without_parameters_was_about_one() -> None:
    """Whatever a server calls it: else every message would be told that it cannot be worked with."""
    asked: list[dict[str, Any]] = []

    async def completions(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if "temperature" in asked[-1]:
            return web.json_response({"error": {"message": "nope"}}, status=400)
        return web.json_response(completion_of("hi"))

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        for _ in range(2):
            await model.complete(replace(HELLO, temperature=0.7, max_tokens=50), seconds=10)
        await model.aclose()
    assert ["temperature" in body for body in asked] == [True, False, False]
    assert all(body["max_completion_tokens"] == 50 for body in asked)


async def test_what_was_learned_is_tried_again_after_an_hour() -> None:
    now = [0.0]
    dialects = Dialects(lambda: now[0])
    place = Endpoint("http://127.0.0.1/v1/", "gpt", is_azure=False)
    dialects.learn(place, Dialect(alternates=True))
    assert dialects.of(place).alternates
    assert not dialects.of(replace(place, model="other")).alternates
    now[0] = KEEP_SECONDS
    assert not dialects.of(place).alternates


async def test_an_answer_that_breaks_off_is_asked_for_once_more(
    model: OpenAIChat, server: ModelServer
) -> None:
    """Each time is paid for."""
    asked = 0

    async def completions(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        choice = {"finish_reason": "network_error", "message": {"content": "half"}}
        return web.json_response({"choices": [choice]})

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"), Cooldowns(backoff=Backoff(0.02, 60)))
        with pytest.raises(ModelUnavailable):
            await model.complete(HELLO, seconds=10)
        await model.aclose()
    assert asked == 2


async def test_a_model_may_be_asked_by_the_responses_api(model: OpenAIChat, server: ModelServer) -> None:
    models = (Deployment(model="gpt", api="responses"),)
    completion = await model.complete(replace(HELLO, models=models, max_tokens=50), seconds=10)
    assert completion.text == "You said: hello"
    assert (completion.prompt_tokens, completion.completion_tokens) == (6, 4)
    (request,) = server.requests
    assert request.path == "/v1/responses"
    assert request.body == {
        "model": "gpt",
        "input": [
            {"type": "message", "role": "system", "content": "You are Helper."},
            {"type": "message", "role": "user", "content": "hello"},
        ],
        "max_output_tokens": 50,
        "store": False,
    }


async def test_a_model_whose_entry_says_chat_is_not_asked_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def completions(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({"error": {"message": "Please use /v1/responses"}}, status=400)

    async with serve(completions) as url:
        model = OpenAIChat(load_settings(EXAMPLE))
        models = (Deployment(model="gpt", url=url + "/v1", api="chat"),)
        with pytest.raises(ModelUnavailable):
            await model.complete(replace(HELLO, models=models), seconds=10)
        await model.aclose()
    assert asked == ["/v1/chat/completions"]
    assert 'its entry has api = "chat"' in caplog.text


@pytest.mark.stack
async def test_a_real_llama_cpp_answers_by_both_apis(tiny: str) -> None:
    model = OpenAIChat(load_settings(EXAMPLE))
    for api in get_args(Api):
        models = (Deployment(model="tiny", url=tiny + "/v1", api=api),)
        completion = await model.complete(replace(HELLO, models=models, max_tokens=8), seconds=180)
        assert completion.text
        assert 0 < completion.completion_tokens <= 8
        assert completion.prompt_tokens > 0
    await model.aclose()


async def asked_of(*, is_azure: bool) -> dict[str, Any]:
    """The parameters of a request to Azure OpenAI or to another server."""
    prompt = replace(HELLO, sender="alice", cache_key="k", reasoning_effort="low", verbosity="high")
    async with ModelServer() as server:
        connections = Connections(AppCredential(None))
        endpoint = Endpoint(f"{server.url}/v1/", "gpt", is_azure=is_azure, key=SecretStr("key"))
        requests, until = Requests(connections, "secret"), asyncio.get_running_loop().time() + 10
        await requests.ask(await requests.open(endpoint, until), endpoint, prompt, until)
        await connections.aclose()
        body = dict(server.requests[0].body)
    return {name: value for name, value in body.items() if name not in ("model", "messages")}


async def test_azure_and_openai_alone_are_told_which_messages_are_one_senders_and_never_whose() -> None:
    hashed = hmac.new(b"secret", b"safety_identifier|alice", hashlib.sha256).hexdigest()
    asked = {"reasoning_effort": "low", "verbosity": "high"}
    assert await asked_of(is_azure=True) == asked | {"safety_identifier": hashed, "prompt_cache_key": "k"}
    assert await asked_of(is_azure=False) == asked
    assert Endpoint("https://api.openai.com/v1/", "gpt", is_azure=False).is_openai
    assert not Endpoint("https://api.openai.com.example.org/v1/", "gpt", is_azure=False).is_openai


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"cached_tokens": 6}, "completion_tokens_details": {"reasoning_tokens": 3}},
        {"prompt_cache_hit_tokens": 6, "completion_tokens_details": {"reasoning_tokens": 3}},
    ],
    ids=["openai", "deepseek"],
)
async def test_tokens_of_the_cache_and_of_thinking_are_counted(usage: dict[str, Any]) -> None:
    completion = await answered_by({"usage": {"prompt_tokens": 9, "completion_tokens": 5, **usage}})
    assert (completion.cached_tokens, completion.reasoning_tokens) == (6, 3)


async def test_another_deployment_still_gets_the_parameter(model: OpenAIChat, server: ModelServer) -> None:
    server.next(Fault("unsupported_temperature"))
    await model.complete(replace(HELLO, temperature=0.7), seconds=10)
    await model.complete(replace(HELLO, temperature=0.7, models=(Deployment(model="other"),)), seconds=10)
    assert server.requests[-1].body["temperature"] == 0.7


@pytest.mark.parametrize(
    "refusal",
    [
        {
            "message": "Unrecognized request argument supplied: max_completion_tokens",
            "param": None,
            "code": None,
        },
        {"message": "No.", "param": "max_completion_tokens", "code": "unsupported_parameter"},
    ],
    ids=["without a code", "with a code"],
)
async def test_an_older_model_gets_the_limit_under_its_older_name(refusal: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = []

    async def completions(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if "max_completion_tokens" in asked[-1]:
            return web.json_response({"error": refusal}, status=400)
        return web.json_response(completion_of("hi"))

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        for _ in range(2):
            await model.complete(replace(HELLO, max_tokens=50), seconds=10)
        await model.aclose()
    assert [body.get("max_tokens") for body in asked] == [None, 50, 50]


async def test_a_value_that_is_out_of_range_is_not_taken_for_an_unknown_parameter() -> None:
    async def completions(request: web.Request) -> web.Response:
        error = {"message": "too large", "param": "max_completion_tokens", "code": "invalid_value"}
        return web.json_response({"error": error}, status=400)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        with pytest.raises(ModelRejected):
            await model.complete(replace(HELLO, max_tokens=10**9), seconds=10)
        await model.aclose()


# spans


def chat_spans(name: str) -> list[tuple[dict[str, Any], str]]:
    """Attributes and status of the finished spans with a name."""
    return [
        (dict(span.attributes or {}), span.status.status_code.name) for span in finished_spans().named(name)
    ]


async def test_each_attempt_is_a_span_with_what_was_asked_and_what_came(
    model: OpenAIChat, server: ModelServer
) -> None:
    finished_spans().clear()
    server.next(Fault("rate_limited", retry_after_ms=10))
    await model.complete(replace(HELLO, max_tokens=50, temperature=0.5), seconds=10)
    failed, answered = chat_spans("chat tiny")
    asked = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "tiny",
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.temperature": 0.5,
        "server.address": "127.0.0.1",
    }
    assert failed == (asked | {"http.response.status_code": 429, "error.type": "429"}, "ERROR")
    assert answered == (
        asked
        | {
            "gen_ai.response.model": "tiny",
            "gen_ai.response.finish_reasons": ("stop",),
            "gen_ai.usage.input_tokens": 6,
            "gen_ai.usage.output_tokens": 4,
        },
        "UNSET",
    )


async def test_a_span_tells_a_filtered_answer_from_a_refused_prompt(
    model: OpenAIChat, server: ModelServer
) -> None:
    finished_spans().clear()
    for step in (Fault("prompt_filtered"), Reply("half", finish_reason="content_filter")):
        server.next(step)
        with pytest.raises(ModelBlocked):
            await model.complete(HELLO, seconds=10)
    (prompt, _), (answer, _) = chat_spans("chat tiny")
    assert prompt["error.type"] == "content_filter"
    assert answer["gen_ai.response.finish_reasons"] == ("content_filter",)


async def test_a_model_that_is_too_slow_ends_its_span_as_a_timeout(
    model: OpenAIChat, server: ModelServer
) -> None:
    finished_spans().clear()
    server.next(Reply(hold=True))
    with pytest.raises(ModelUnavailable):
        await model.complete(HELLO, seconds=0.3)
    assert [(attributes["error.type"], status) for attributes, status in chat_spans("chat tiny")] == [
        ("timeout", "ERROR")
    ]


async def test_the_server_is_told_the_trace_while_it_is_recorded(
    model: OpenAIChat, server: ModelServer
) -> None:
    finished_spans().clear()
    await model.complete(HELLO, seconds=10)
    (span,) = finished_spans().named("chat tiny")
    assert span.context is not None
    ids = f"{span.context.trace_id:032x}-{span.context.span_id:016x}"
    assert server.requests[0].headers["traceparent"].startswith(f"00-{ids}-")


async def test_the_server_is_told_nothing_of_a_trace_that_nobody_records(
    model: OpenAIChat, server: ModelServer
) -> None:
    parent = SpanContext(trace_id=1, span_id=1, is_remote=True, trace_flags=TraceFlags(0))
    with trace.use_span(trace.NonRecordingSpan(parent)):  # the sampler follows its parent
        await model.complete(HELLO, seconds=10)
    assert "traceparent" not in server.requests[0].headers


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
        answer = {"access_token": "entra-token", "expires_on": "4102444800", "token_type": "Bearer"}
        return web.json_response(answer | {"resource": request.query["resource"]})

    async def completions(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers["Authorization"]))
        return web.json_response(completion_of("hi"))

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


def completion_of(text: str) -> dict[str, Any]:
    """The smallest body of an answer."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt", "choices": [choice]}


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
            '{"choices": [{"finish_reason": "stop", "message": {"content": [{"data": "x"}]}}]}',
        ),
        ("application/json", '{"choices": {"0": {}}}'),
        ("application/json", "[" * 100_000),
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


@pytest.mark.parametrize("tokens", [2**31, 10**20, -1, 1.5, "7", None])
async def test_a_number_of_tokens_that_cannot_be_stored_is_left_out(tokens: Any) -> None:
    completion = await answered_by({"usage": {"prompt_tokens": tokens, "completion_tokens": 2**31 - 1}})
    assert (completion.prompt_tokens, completion.completion_tokens) == (0, 2**31 - 1)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("openai/gpt-4o-mini:free", "openai/gpt-4o-mini:free"),
        ("my password is hunter2", ""),
        ("x" * 129, ""),
        ("密码", ""),
        ("\ud800", ""),
        ({"name": "gpt"}, ""),
    ],
)
async def test_only_a_name_is_taken_for_the_name_of_a_model(said: Any, name: str) -> None:
    finished_spans().clear()
    completion = await answered_by({"model": said})
    ((attributes, _),) = chat_spans("chat tiny")
    assert (completion.model, attributes.get("gen_ai.response.model", "")) == (name, name)


async def test_a_span_takes_no_text_for_the_reason_that_an_answer_ended() -> None:
    finished_spans().clear()
    body = completion_of("hi")
    body["choices"][0]["finish_reason"] = "because you said hunter2"
    await answered_by(body)
    ((attributes, _),) = chat_spans("chat tiny")
    assert "gen_ai.response.finish_reasons" not in attributes


async def answered_by(changed: dict[str, Any]) -> Completion:
    """Ask a server whose answer has these fields."""

    async def completions(request: web.Request) -> web.Response:
        return web.json_response(completion_of("hi") | changed)

    async with serve(completions) as url:
        model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
        completion = await model.complete(HELLO, seconds=10)
        await model.aclose()
    return completion


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_other_server_gets_what_was_said_or_is_taken_for_the_model(status: int) -> None:
    elsewhere: list[str] = []

    async def other(request: web.Request) -> web.Response:
        elsewhere.append(await request.text())
        return web.json_response(completion_of("I am somebody else"))

    async with serve(other) as other_url:

        async def completions(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": other_url + "/v1/chat/completions"})

        async with serve(completions) as url:
            model = OpenAIChat(settings_of(RELAY_MODEL_URL=url + "/v1"))
            with pytest.raises(ModelUnavailable, match=f"HTTP {status}"):
                await model.complete(HELLO, seconds=10)
            await model.aclose()
    assert elsewhere == []


@pytest.mark.parametrize(
    "error",
    [
        {"code": "unsupported_parameter", "param": ["temperature"]},
        {"code": "context_length_exceeded", "message": f"maximum context length is {'9' * 5000} tokens"},
    ],
    ids=["a list for a name", "a long number"],
)
async def test_a_refusal_in_an_odd_form_is_a_refusal(error: dict[str, Any]) -> None:
    with pytest.raises(ModelRejected):
        await refused_by(error)


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
