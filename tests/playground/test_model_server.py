"""The scripted model, asked by the client library that the relay uses."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from playground.model_server import Asked, Fault, ModelServer, Reply


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
async def client(model: ModelServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{model.url}/v1", api_key="k", max_retries=0, timeout=10) as one:
        yield one


async def ask(client: AsyncOpenAI, text: str, **more: Any) -> Any:
    return await client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": text}], **more
    )


async def said(client: AsyncOpenAI, text: str, **more: Any) -> Any:
    return (await ask(client, text, **more)).choices[0].message.content


async def test_by_default_it_repeats_the_question(client: AsyncOpenAI) -> None:
    answer = await ask(client, "hello")
    assert answer.choices[0].message.content == "You said: hello"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "m"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"speaker": "bob", "text": "hi"}, "You said, bob: hi"),
        ({"text": "hi"}, "You said: hi"),
        ({"speaker": "bob"}, 'You said: {"speaker": "bob"}'),
        (["text"], 'You said: ["text"]'),
    ],
)
async def test_it_reads_a_question_that_is_json(client: AsyncOpenAI, question: Any, answer: str) -> None:
    assert await said(client, json.dumps(question)) == answer


async def test_only_the_last_user_message_is_the_question(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="m",
        messages=[
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ],
    )
    assert answer.choices[0].message.content == "You said: three"


async def test_usage_counts_prompt_and_answer(client: AsyncOpenAI) -> None:
    usage = (await ask(client, "12345")).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (2, 4, 6)


async def test_the_answer_ends_at_max_completion_tokens(client: AsyncOpenAI) -> None:
    answer = await ask(client, "a long question", max_completion_tokens=2)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("You said", "length")


async def test_steps_are_used_once_each_in_order(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Reply("one"), Reply("two"))
    assert [await said(client, "x") for _ in range(3)] == ["one", "two", "You said: x"]


async def test_a_step_for_a_text_leaves_other_requests_alone(model: ModelServer, client: AsyncOpenAI) -> None:
    model.when("slow", Reply("zzz"), times=2)
    answers = [await said(client, text) for text in ("slow 1", "quick", "slow 2", "slow 3")]
    assert answers == ["zzz", "You said: quick", "zzz", "You said: slow 3"]


async def test_one_request_can_be_held_while_others_go_on(model: ModelServer, client: AsyncOpenAI) -> None:
    model.when("slow please", Reply(hold=True))
    slow = asyncio.create_task(said(client, "slow please"))
    await model.wait_for_held()
    assert await said(client, "quick") == "You said: quick"
    assert not slow.done()
    model.release()
    assert await slow == "You said: slow please"
    assert model.held == 0


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("rate_limited", openai.RateLimitError, "429"),
        ("server_error", openai.InternalServerError, "InternalServerError"),
        ("prompt_filtered", openai.BadRequestError, "content_filter"),
        ("context_length_exceeded", openai.BadRequestError, "context_length_exceeded"),
        ("unauthorized", openai.AuthenticationError, "401"),
        ("deployment_not_found", openai.NotFoundError, "DeploymentNotFound"),
    ],
)
async def test_a_refusal_has_the_code_of_azure(
    model: ModelServer, client: AsyncOpenAI, fault: Any, error: type[openai.APIStatusError], code: str
) -> None:
    model.next(Fault(fault))
    with pytest.raises(error) as caught:
        await ask(client, "x")
    assert caught.value.code == code


async def test_a_filtered_prompt_says_which_filter(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Fault("prompt_filtered"))
    with pytest.raises(openai.BadRequestError) as caught:
        await ask(client, "x")
    assert caught.value.param == "prompt"
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["innererror"]["content_filter_result"]["violence"]["filtered"] is True


async def test_a_throttled_client_is_told_when_to_come_back(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Fault("rate_limited", retry_after_ms=15, retry_after=60))
    with pytest.raises(openai.RateLimitError) as caught:
        await ask(client, "x")
    headers = caught.value.response.headers
    assert (headers["retry-after-ms"], headers["retry-after"]) == ("15", "60")


@pytest.mark.parametrize(("text", "content"), [("", None), ("Half of an", "Half of an")])
async def test_an_answer_can_be_filtered(
    model: ModelServer, client: AsyncOpenAI, text: str, content: str | None
) -> None:
    model.next(Reply(text, finish_reason="content_filter"))
    choice = (await ask(client, "x")).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("content_filter", content)


async def test_an_answer_can_be_empty(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Reply("", finish_reason="length"))
    choice = (await ask(client, "x")).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("length", "")


@pytest.mark.parametrize("step", [Fault("closed"), Reply("hello", dropped=True)])
async def test_a_connection_can_be_cut(model: ModelServer, client: AsyncOpenAI, step: Fault | Reply) -> None:
    model.next(step)
    with pytest.raises(openai.APIConnectionError):
        await ask(client, "x")
    assert model.requests[0].status is None


async def streamed(client: AsyncOpenAI, text: str) -> list[Any]:
    return [chunk async for chunk in await ask(client, text, stream=True)]


async def test_an_answer_can_be_streamed(client: AsyncOpenAI) -> None:
    got = await streamed(client, "hello")
    pieces = [chunk.choices[0].delta.content or "" for chunk in got if chunk.choices]
    assert "".join(pieces) == "You said: hello"
    assert len(pieces) > 3
    assert got[-2].choices[0].finish_reason == "stop"
    assert got[-1].usage.completion_tokens == 4


async def test_a_stream_can_be_held_in_the_middle(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Reply("one two three", hold_after=(2,)))
    chunks = aiter(await ask(client, "x", stream=True))
    begun = "".join([(await anext(chunks)).choices[0].delta.content or "" for _ in range(3)])
    await model.wait_for_held()
    assert begun == "one two "
    model.release()
    rest = [chunk async for chunk in chunks]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in rest if chunk.choices) == "three"


@pytest.mark.parametrize("stream", [False, True])
async def test_it_can_write_at_a_pace_whether_one_watches_or_not(
    model: ModelServer, client: AsyncOpenAI, stream: bool
) -> None:
    model.next(Reply("word " * 20, tokens_per_second=100))
    began = time.monotonic()
    if stream:
        await streamed(client, "x")
    else:
        await ask(client, "x")
    assert time.monotonic() - began >= 0.25  # 25 tokens


async def test_a_stream_can_break_off(model: ModelServer, client: AsyncOpenAI) -> None:
    model.next(Reply("a rather long answer", dropped=True))
    with pytest.raises(openai.APIConnectionError):
        await streamed(client, "x")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m", "messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": "m", "messages": [{"role": "bot", "content": "x"}]}, "messages.0.role"),
        ({"model": "m", "messages": [{"role": "user", "content": None}]}, "messages"),
        ({"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5}, "max_tokens"),
        ({"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": 3}, "temperature"),
    ],
)
async def test_an_illegal_body_is_refused(model: ModelServer, body: dict[str, Any], param: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{model.url}/v1/chat/completions", json=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["error"]["param"] == param
    assert model.requests == []


@pytest.mark.parametrize("base", ["/v1", "/openai/v1", "/openai/deployments/m", ""])
async def test_any_base_path_will_do(model: ModelServer, base: str) -> None:
    async with AsyncOpenAI(base_url=f"{model.url}{base}", api_key="k", max_retries=0) as client:
        assert await said(client, "hello") == "You said: hello"
        assert [one.id async for one in client.models.list()] == ["scripted"]


async def test_with_a_key_others_are_refused() -> None:
    async with ModelServer(key="right") as model:
        for key in ("right", "wrong"):
            async with AsyncOpenAI(base_url=f"{model.url}/v1", api_key=key, max_retries=0) as client:
                if key == "right":
                    assert await said(client, "x") == "You said: x"
                else:
                    with pytest.raises(openai.AuthenticationError):
                        await ask(client, "x")


async def test_requests_are_recorded(model: ModelServer, client: AsyncOpenAI) -> None:
    await ask(client, "hello", temperature=0.5)
    (request,) = model.requests
    assert request.messages == [{"role": "user", "content": "hello"}]
    assert (request.body["temperature"], request.path, request.status) == (0.5, "/v1/chat/completions", 200)


async def test_with_an_upstream_requests_are_recorded_and_passed_on() -> None:
    async with (
        ModelServer() as real,
        ModelServer(upstream=f"{real.url}/v1") as recorder,
        AsyncOpenAI(base_url=f"{recorder.url}/v1", api_key="k", max_retries=0) as client,
    ):
        real.next(Reply("from upstream"), Fault("rate_limited", retry_after_ms=5), Reply("streamed"))
        assert await said(client, "hello") == "from upstream"
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(client, "hello")
        assert caught.value.response.headers["retry-after-ms"] == "5"
        assert (
            "".join(c.choices[0].delta.content or "" for c in await streamed(client, "x") if c.choices)
            == "streamed"
        )
        assert [one.body for one in recorder.requests] == [one.body for one in real.requests]


async def test_with_an_upstream_a_step_that_only_waits_is_answered_there() -> None:
    async with (
        ModelServer() as real,
        ModelServer(upstream=f"{real.url}/v1") as recorder,
        AsyncOpenAI(base_url=f"{recorder.url}/v1", api_key="k", max_retries=0) as client,
    ):
        real.next(Reply("from upstream"))
        recorder.next(Reply(hold=True), Reply("from the script"))
        late = asyncio.create_task(said(client, "x"))
        await recorder.wait_for_held()
        assert real.requests == []
        recorder.release()
        assert await late == "from upstream"
        assert await said(client, "x") == "from the script"


async def test_a_missing_upstream_is_a_bad_gateway() -> None:
    async with (
        ModelServer(upstream="http://127.0.0.1:1/v1") as recorder,
        AsyncOpenAI(base_url=f"{recorder.url}/v1", api_key="k", max_retries=0) as client,
    ):
        with pytest.raises(openai.InternalServerError, match="502"):
            await ask(client, "hello")


async def test_another_process_can_write_the_script(model: ModelServer, client: AsyncOpenAI) -> None:
    script = f"{model.url}/_control/script"
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        await session.post(script, json={"reply": {"text": "one"}})
        await session.post(script, json={"fault": {"kind": "server_error"}, "when": "boom", "times": 1})
        assert await said(client, "x") == "one"
        with pytest.raises(openai.InternalServerError):
            await ask(client, "boom")

        await session.post(script, json={"reply": {"text": "never"}})
        await session.delete(script)
        assert await said(client, "x") == "You said: x"

        await session.post(script, json={"reply": {"text": "late", "hold": True}})
        late = asyncio.create_task(said(client, "x"))
        await model.wait_for_held()
        await session.post(f"{model.url}/_control/release")
        assert await late == "late"

        async with session.get(f"{model.url}/_control/requests") as response:
            requests = await response.json()
    assert [one["status"] for one in requests] == [200, 500, 200, 200]


async def test_requests_and_answers_can_be_followed_without_any_key(
    model: ModelServer, client: AsyncOpenAI
) -> None:
    model.next(Fault("rate_limited", retry_after=7))
    with pytest.raises(openai.RateLimitError):
        await ask(client, "x", extra_headers={"traceparent": "00-a-b-01"})
    await said(client, "y")
    async with aiohttp.ClientSession() as session, session.get(f"{model.url}/_control/record") as response:
        facts = (await response.json())["facts"]
    assert [(fact["kind"], fact["number"], fact["status"]) for fact in facts] == [
        ("request", 0, None),
        ("request", 0, 429),
        ("request", 1, None),
        ("request", 1, 200),
    ]
    assert facts[1]["headers"]["traceparent"] == "00-a-b-01"
    assert facts[1]["answer_headers"] == {"retry-after": "7"}
    assert json.loads(facts[3]["answer"])["choices"][0]["message"]["content"] == "You said: y"
    assert not {"authorization", "api-key"} & facts[3]["headers"].keys()


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_real_model_answered_is_recorded(stream: bool) -> None:
    async with (
        ModelServer() as real,
        ModelServer(upstream=f"{real.url}/v1") as recorder,
        AsyncOpenAI(base_url=f"{recorder.url}/v1", api_key="k", max_retries=0) as client,
    ):
        answer = await ask(client, "x", stream=stream)
        if stream:
            async for _ in answer:
                pass
    assert "You " in recorder.requests[0].answer
    assert recorder.requests[0].milliseconds is not None


@pytest.mark.parametrize("entry", [{}, {"fault": {"kind": "unknown"}}, {"replay": {}}])
async def test_a_wrong_script_is_refused(model: ModelServer, entry: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{model.url}/_control/script", json=entry) as response,
    ):
        assert response.status == 400


TOOLS: list[Any] = [{"type": "function", "function": {"name": "hours", "parameters": {"type": "object"}}}]


async def test_a_rule_that_asks_for_a_function_asks_once_for_each_question(
    model: ModelServer, client: AsyncOpenAI
) -> None:
    model.when("open", Reply("Let me look.", calls=(Asked("hours", {"day": "Monday"}),)))
    asked = await ask(client, "open?", tools=TOOLS)
    said = asked.choices[0].message
    assert (said.content, asked.choices[0].finish_reason) == ("Let me look.", "tool_calls")
    (call,) = said.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("hours", {"day": "Monday"})
    told = [said.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": "9 to 5"}]
    answer = await client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "open?"}, *told], tools=TOOLS
    )
    assert answer.choices[0].message.content == "I was told: 9 to 5 You said: open?"


@pytest.mark.parametrize("more", [{}, {"tools": TOOLS, "tool_choice": "none"}])
async def test_it_asks_for_nothing_where_it_may_not(
    model: ModelServer, client: AsyncOpenAI, more: dict[str, Any]
) -> None:
    model.next(Reply(calls=(Asked("hours"),)))
    answer = await ask(client, "open?", **more)
    assert answer.choices[0].message.content == "You said: open?"
    assert not answer.choices[0].message.tool_calls


CALL = {"id": "1", "type": "function", "function": {"name": "hours", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "9 to 5"}


@pytest.mark.parametrize(
    "messages",
    [
        [CALLING],
        [CALLING, {"role": "user", "content": "well?"}],
        [RESULT],
        [CALLING, RESULT, RESULT],
        [CALLING, RESULT | {"tool_call_id": "2"}],
        [{"role": "assistant", "content": None}],
        [{**CALLING, "tool_calls": [CALL | {"function": {"name": "a b", "arguments": "{}"}}]}, RESULT],
        [{**CALLING, "tool_calls": [CALL | {"function": {"name": "hours", "arguments": {}}}]}, RESULT],
    ],
)
async def test_calls_without_their_results_are_refused_as_by_openai(
    client: AsyncOpenAI, messages: list[Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="m", messages=messages, tools=TOOLS)
    assert caught.value.param == "messages"


async def test_a_response_streams_its_text_and_ends_with_all_of_it(
    model: ModelServer, client: AsyncOpenAI
) -> None:
    model.next(Reply("one two", calls=(Asked("hours"),)))
    tools: list[Any] = [{"type": "function", **TOOLS[0]["function"], "strict": False}]
    events = [
        event
        async for event in await client.responses.create(
            model="m", input=[{"role": "user", "content": "hi"}], tools=tools, stream=True
        )
    ]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "one two"
    last = events[-1]
    assert last.type == "response.completed"
    assert [item.type for item in last.response.output] == ["message", "reasoning", "function_call"]


async def test_reasoning_that_was_not_stored_is_not_there(model: ModelServer, client: AsyncOpenAI) -> None:
    item: Any = {"type": "reasoning", "id": "rs_1", "summary": []}
    with pytest.raises(openai.NotFoundError):
        await client.responses.create(model="m", input=[item, {"role": "user", "content": "hi"}])
