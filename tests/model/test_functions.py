"""Functions that a model may ask for: both wires, whole and streamed, against the scripted model and odd servers."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import openai  # noqa: F401  (its import must not count against a deadline)
import pytest
from aiohttp import web

from playground.loopback import serving
from playground.model_server import Asked, ModelServer, Reply
from relay.config.bot import Api, Deployment
from relay.config.settings import load_settings
from relay.errors import ModelOverflow, ModelRejected
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, Completion, Function, FunctionCall, Prompt
from tests.conftest import EXAMPLE
from tests.tiny import tiny_model

SHOP = Function(
    "nearest_shop",
    "Where the nearest shop is.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
HOURS = Function("hours", "When the shops are open.", {"type": "object", "properties": {}})
QUESTION = (ChatMessage("system", "You are Helper."), ChatMessage("user", "hello"))
PROMPT = Prompt(QUESTION, functions=(SHOP, HOURS))
ROME = Asked("nearest_shop", {"city": "Rome"})
APIS: tuple[Api, ...] = ("chat", "responses")
SECONDS = 30
MINE = re.compile(r"[A-Za-z0-9]{9}")
"""An id that every server takes."""


def asked_by(completion: Completion) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in completion.calls]


def after(completion: Completion, *results: str, resumed: bool = False) -> Prompt:
    """The prompt of the next round."""
    said = ChatMessage(
        "assistant",
        completion.text,
        calls=completion.calls,
        reasoning="" if resumed else completion.reasoning,
    )
    told = [
        ChatMessage("tool", result, call_id=call.id)
        for call, result in zip(completion.calls, results, strict=True)
    ]
    return replace(PROMPT, messages=(*QUESTION, said, *told))


@dataclass
class Places:
    """A model that is asked by either API, whole or streamed.

    Attributes:
        server: the scripted one.
    """

    server: ModelServer
    chat: OpenAIChat
    api: Api
    streamed: bool
    heard: list[str] = field(default_factory=list)

    async def ask(self, prompt: Prompt) -> Completion:
        models = (Deployment(model="m", url=f"{self.server.url}/v1", api=self.api),)
        heard = self.heard.append if self.streamed else None
        return await self.chat.complete(replace(prompt, models=models), seconds=SECONDS, heard=heard)

    @property
    def last(self) -> dict[str, Any]:
        return self.server.requests[-1].body


@pytest.fixture(params=[(api, streamed) for api in APIS for streamed in (False, True)], ids=str)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Places]:
    api, streamed = request.param
    async with ModelServer() as server:
        chat = OpenAIChat(load_settings(EXAMPLE))
        yield Places(server, chat, api, streamed)
        await chat.aclose()


async def test_a_model_asks_and_is_told_what_came_of_it(place: Places) -> None:
    place.server.next(Reply(calls=(ROME,)))
    asked = await place.ask(PROMPT)
    assert (asked.text, asked.ended, asked_by(asked)) == ("", "whole", [("nearest_shop", {"city": "Rome"})])
    answered = await place.ask(after(asked, "Via Roma 1"))
    assert (answered.text, answered.calls) == ("I was told: Via Roma 1 You said: hello", ())
    assert asked.completion_tokens > 0
    assert len(place.server.requests) == 2


async def test_several_calls_at_once_have_an_id_each(place: Places) -> None:
    place.server.next(Reply("Let me look.", calls=(ROME, Asked("hours"), ROME)))
    asked = await place.ask(PROMPT)
    assert asked.text == "Let me look."
    assert place.heard == (["Let ", "Let me l", "Let me look."] if place.streamed else [])
    assert asked_by(asked) == [
        ("nearest_shop", {"city": "Rome"}),
        ("hours", {}),
        ("nearest_shop", {"city": "Rome"}),
    ]
    assert len({call.id for call in asked.calls}) == 3
    answered = await place.ask(after(asked, "one", "two", "three"))
    assert answered.text.startswith("I was told: one I was told: two I was told: three")


async def test_a_second_round_follows_the_first(place: Places) -> None:
    place.server.next(Reply(calls=(ROME,)), Reply(calls=(Asked("hours"),)))
    first = await place.ask(PROMPT)
    second = await place.ask(one := after(first, "Via Roma 1"))
    both = replace(one, messages=(*one.messages, *after(second, "9 to 5").messages[2:]))
    assert (await place.ask(both)).text == "I was told: 9 to 5 You said: hello"


async def test_a_model_that_has_to_answer_is_told_the_functions_all_the_same(place: Places) -> None:
    place.server.next(Reply(calls=(ROME,)), Reply(calls=(ROME,)))
    asked = await place.ask(PROMPT)
    tools = place.last["tools"]
    answered = await place.ask(replace(after(asked, "Via Roma 1"), may_call=False))
    assert answered.text.startswith("I was told: Via Roma 1")
    assert (place.last["tools"], place.last["tool_choice"]) == (tools, "none")


async def test_calls_of_another_process_go_without_what_was_thought(place: Places) -> None:
    place.server.next(Reply(calls=(ROME,)))
    asked = await place.ask(PROMPT)
    assert (await place.ask(after(asked, "Via Roma 1", resumed=True))).text.startswith("I was told: Via Roma")
    items = place.last["input" if place.api == "responses" else "messages"]
    assert "reasoning" not in [item.get("type") for item in items]
    assert "fc_" not in json.dumps(items)
    assert MINE.fullmatch(items[-1].get("call_id") or items[-1]["tool_call_id"])


async def test_each_wire_tells_functions_in_its_own_words(place: Places) -> None:
    await place.ask(PROMPT)
    fields = {"name": SHOP.name, "description": SHOP.description, "parameters": SHOP.parameters}
    own = {
        "chat": {"type": "function", "function": fields},
        "responses": {"type": "function", **fields, "strict": False},
    }
    assert place.last["tools"][0] == own[place.api]
    assert "tool_choice" not in place.last
    assert place.last.get("include") == (
        ["reasoning.encrypted_content"] if place.api == "responses" else None
    )
    await place.ask(replace(PROMPT, functions=()))
    assert not {"tools", "tool_choice", "include"} & place.last.keys()


@pytest.mark.parametrize("api", APIS)
async def test_reasoning_goes_back_in_front_of_its_calls(api: Api) -> None:
    async with ModelServer() as server:
        chat = OpenAIChat(load_settings(EXAMPLE))
        place = Places(server, chat, "responses", streamed=False)
        server.next(Reply(calls=(ROME, Asked("hours"))))
        asked = await place.ask(PROMPT)
        await Places(server, chat, api, streamed=False).ask(after(asked, "one", "two"))
        await chat.aclose()
    if api == "chat":  # another wire: it would know nothing of it
        assert "encrypted" not in json.dumps(server.requests[-1].body)
        return
    kinds = [item["type"] for item in server.requests[-1].body["input"]]
    own, results = ["reasoning", "function_call", "function_call"], ["function_call_output"] * 2
    assert kinds == ["message", "message", *own, *results]
    assert server.requests[-1].body["input"][2]["encrypted_content"]


@pytest.fixture(scope="module")
def tiny() -> str:
    return tiny_model()


# Odd servers: each answers with bodies that the scripted model never sends.


@dataclass
class Odd:
    """A server that answers as it is told, the last answer for ever.

    Attributes:
        answers: bodies of chat completions, or an error with its status.
        bodies: what it was asked.
        headers: of errors.
    """

    url: str
    model: OpenAIChat
    answers: list[dict[str, Any] | tuple[int, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, tuple):
            return web.json_response(said[1], status=said[0], headers=self.headers)
        if not body.get("stream"):
            return web.json_response(said)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for piece in [*said["pieces"], "[DONE]"]:
            await stream.write(f"data: {piece if piece == '[DONE]' else json.dumps(piece)}\n\n".encode())
        return stream

    async def ask(self, prompt: Prompt = PROMPT, *, name: str = "m", **more: Any) -> Completion:
        models = (Deployment(model=name, url=f"{self.url}/v1"),)
        return await self.model.complete(replace(prompt, models=models), seconds=SECONDS, **more)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Of the last request, behind the question."""
        return list(self.bodies[-1]["messages"][2:])


@pytest.fixture
async def odd() -> AsyncIterator[Odd]:
    async with _odd() as running:
        yield running


@asynccontextmanager
async def _odd() -> AsyncIterator[Odd]:
    running = Odd("", OpenAIChat(load_settings(EXAMPLE)))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", running.answer)
    app.router.add_post("/v1/responses", running.answer)
    async with serving(app) as running.url:
        yield running
        await running.model.aclose()


def entry(call_id: Any = "1", name: Any = "hours", arguments: Any = "{}", **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def calling(*entries: Any, finish: str = "tool_calls", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": None, "tool_calls": list(entries), **message}
    return {"choices": [{"finish_reason": finish, "message": said}]}


def saying(text: str) -> dict[str, Any]:
    return {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}


def refusing(message: str, status: int = 400, **error: Any) -> tuple[int, Any]:
    return status, {"error": {"message": message, **error}}


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call"])
async def test_calls_count_whatever_the_answer_says_of_its_end(odd: Odd, finish: str) -> None:
    odd.answers = [calling(entry(), finish=finish)]
    assert asked_by(await odd.ask()) == [("hours", {})]


@pytest.mark.parametrize(
    "entries",
    [
        (entry(""), entry(None)),
        (entry("x"), entry("x")),
        ({"function": {"name": "hours", "arguments": "{}"}}, entry("y" * 65)),
    ],
)
async def test_a_call_without_an_id_of_its_own_gets_one_that_every_server_takes(
    odd: Odd, entries: Sequence[dict[str, Any]]
) -> None:
    odd.answers = [calling(*entries), saying("ok")]
    asked = await odd.ask()
    assert len({call.id for call in asked.calls}) == 2
    assert MINE.fullmatch(asked.calls[1].id)
    await odd.ask(after(asked, "one", "two"))
    said, *told = odd.messages
    assert [call["id"] for call in said["tool_calls"]] == [result["tool_call_id"] for result in told]


async def test_an_id_that_an_earlier_round_has_is_another(odd: Odd) -> None:
    odd.answers = [calling(entry("call_0"))]
    first = await odd.ask()
    second = await odd.ask(after(first, "one"))
    assert first.calls[0].id == "call_0"
    assert MINE.fullmatch(second.calls[0].id)


async def test_what_is_no_call_is_passed_over(odd: Odd) -> None:
    odd.answers = [
        calling(3, None, {"id": "1"}, entry("2", ""), entry("3", 7), {"function": "f"}, entry("4"))
    ]
    assert [call.id for call in (await odd.ask()).calls] == ["4"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [({"city": "Rome"}, '{"city": "Rome"}'), ("", "{}"), (None, "{}"), (" {} ", "{}"), ("rome", "rome")],
)
async def test_arguments_are_text_whatever_a_server_makes_of_them(
    odd: Odd, arguments: Any, read: str
) -> None:
    odd.answers = [calling(entry(arguments=arguments)), saying("ok")]
    asked = await odd.ask()
    assert asked.calls[0].arguments == read
    await odd.ask(after(asked, "done"))
    sent = json.loads(odd.messages[0]["tool_calls"][0]["function"]["arguments"])
    assert sent == (asked_by(asked)[0][1] if read != "rome" else {})


async def test_half_a_character_in_arguments_can_be_stored(odd: Odd) -> None:
    odd.answers = [calling(entry(arguments='{"a": "\ud83d"}'))]
    (await odd.ask()).calls[0].arguments.encode()


async def test_a_name_that_no_server_would_take_back_is_told_in_the_form_they_take(odd: Odd) -> None:
    odd.answers = [calling(entry(name="functions.near shop")), saying("ok")]
    asked = await odd.ask()
    assert asked.calls[0].name == "functions.near shop"
    await odd.ask(after(asked, "no such tool"))
    assert odd.messages[0]["tool_calls"][0]["function"]["name"] == "functions_near_shop"


async def test_a_call_that_was_cut_off_is_none(odd: Odd) -> None:
    odd.answers = [calling(entry("1"), entry("2", "nearest_shop", '{"city": "Ro'), finish="length")]
    asked = await odd.ask()
    assert ([call.id for call in asked.calls], asked.ended) == (["1"], "cut")


async def test_a_model_that_declines_asks_for_nothing(odd: Odd) -> None:
    odd.answers = [calling(entry(), refusal="I will not.")]
    asked = await odd.ask()
    assert (asked.text, asked.ended, asked.calls) == ("I will not.", "declined", ())


async def test_thinking_beside_calls_is_not_shown(odd: Odd) -> None:
    odd.answers = [calling(entry(), content="<think>hm</think>Let me look.")]
    assert (await odd.ask()).text == "Let me look."


THOUGHTS: list[dict[str, Any]] = [
    {"reasoning_content": "hm"},
    {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}]},
]


@pytest.mark.parametrize("thoughts", THOUGHTS)
async def test_what_was_thought_goes_back_to_whoever_thought_it(odd: Odd, thoughts: dict[str, Any]) -> None:
    signed = {"google": {"thought_signature": "s"}}
    odd.answers = [calling(entry("call-1", extra_content=signed), entry("call-2"), **thoughts), saying("ok")]
    asked = await odd.ask()
    await odd.ask(after(asked, "one", "two"))
    said = odd.messages[0]
    assert {name: said[name] for name in thoughts} == thoughts
    assert [call.get("extra_content") for call in said["tool_calls"]] == [signed, None]
    await odd.ask(after(asked, "one", "two"), name="another")
    said = odd.messages[0]
    assert said.keys() == {"role", "content", "tool_calls"}
    assert [set(call) for call in said["tool_calls"]] == [{"id", "type", "function"}] * 2
    assert all(MINE.fullmatch(call["id"]) for call in said["tool_calls"])


@pytest.mark.parametrize("thoughts", THOUGHTS)
async def test_a_server_that_refuses_its_own_thoughts_is_asked_without(
    odd: Odd, thoughts: dict[str, Any]
) -> None:
    named = next(iter(thoughts))
    odd.answers = [
        calling(entry(), **thoughts),
        refusing(f"('messages.2' : property '{named}' is unsupported)"),
        saying("ok"),
    ]
    asked = await odd.ask()
    for _ in range(2):
        assert (await odd.ask(after(asked, "one"))).text == "ok"
    assert [thoughts.keys() <= body["messages"][2].keys() for body in odd.bodies[1:]] == [True, False, False]


@pytest.mark.parametrize(
    "refusal",
    [
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "Missing `reasoning_content` field in the assistant message at message index 2.",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        "Function call `hours` in the 2. content block is missing a `thought_signature`.",
    ],
)
async def test_a_call_whose_thoughts_are_gone_is_told_in_words_where_they_are_wanted(
    odd: Odd, refusal: str
) -> None:
    odd.answers = [calling(entry(), reasoning_content="hm"), refusing(refusal), saying("ok")]
    asked = await odd.ask()
    assert (await odd.ask(after(asked, "9 to 5", resumed=True))).text == "ok"
    (told,) = odd.messages
    assert told["role"] == "user"
    assert json.loads(told["content"]) | {"note": ""} == {
        "note": "",
        "tool": "hours",
        "arguments": "{}",
        "result": "9 to 5",
    }
    assert odd.bodies[-1]["tools"]
    await odd.ask(after(asked, "9 to 5"))  # those that are there go back as ever
    assert odd.messages[0]["reasoning_content"] == "hm"


NO_TOOLS = [
    (400, "registry.ollama.ai/library/gemma3:4b does not support tools", {}),
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', {}),
    (500, "tools param requires --jinja flag", {}),
    (400, "`tools` is not supported with this model", {}),
    (400, "`tool calling` is not supported with this model", {}),
    (400, "deepseek-reasoner does not support Function Calling", {}),
    (400, "Function calling is not enabled for models/gemma-3-27b-it", {}),
    (404, "No endpoints found that support tool use. To learn more, visit: https://example.com", {}),
    (404, "Unrecognized request argument supplied: tools", {}),
    (400, "Unsupported parameter.", {"code": "unsupported_parameter", "param": "tools"}),
    (400, "litellm.UnsupportedParamsError: ollama does not support parameters: ['tools'], for model=x", {}),
    (400, "This model doesn't support tool use.", {}),
]


@pytest.mark.parametrize(("status", "message", "error"), NO_TOOLS)
async def test_a_model_that_takes_no_functions_answers_without(
    odd: Odd, status: int, message: str, error: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    odd.answers = [refusing(message, status, **error), saying("ok")]
    for _ in range(2):
        assert (await odd.ask()).text == "ok"
    assert ["tools" in body for body in odd.bodies] == [True, False, False]
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "takes no tools" in told.getMessage()


async def test_results_reach_a_model_without_functions_in_words(odd: Odd) -> None:
    call = FunctionCall("1", "hours", "{}")
    said = ChatMessage("assistant", "Let me look.", calls=(call,))
    prompt = replace(PROMPT, messages=(*QUESTION, said, ChatMessage("tool", "9 to 5", call_id="1")))
    odd.answers = [refusing("m does not support tools"), saying("ok")]
    await odd.ask(prompt)
    assert [said["role"] for said in odd.messages] == ["assistant", "user"]
    assert json.loads(odd.messages[1]["content"])["result"] == "9 to 5"


async def test_calls_are_told_in_words_where_no_functions_are(odd: Odd) -> None:
    """A bot has lost its tools since, and some servers take no calls without them."""
    said = ChatMessage("assistant", "", calls=(FunctionCall("1", "hours", "{}"),))
    told = ChatMessage("tool", "9 to 5", call_id="1")
    odd.answers = [saying("ok")]
    await odd.ask(Prompt((*QUESTION, said, told)))
    assert [said["role"] for said in odd.messages] == ["user"]


@pytest.mark.parametrize("with_calls", [False, True])
async def test_a_refusal_that_is_not_known_may_be_about_functions(odd: Odd, with_calls: bool) -> None:
    """Without calls in the prompt it is the functions, and this is learned; with them, it may be a result."""
    call = FunctionCall("1", "hours", "{}")
    said = ChatMessage("assistant", "", calls=(call,))
    rounds = (said, ChatMessage("tool", "9 to 5", call_id="1")) if with_calls else ()
    prompt = replace(PROMPT, messages=(*QUESTION, *rounds))
    odd.answers = [refusing("Bad."), saying("ok")]
    assert (await odd.ask(prompt)).text == "ok"
    await odd.ask()
    assert ["tools" in body for body in odd.bodies] == [True, False, with_calls]


async def test_a_refusal_that_is_not_about_functions_is_the_messages(odd: Odd) -> None:
    odd.answers = [refusing("Bad.")]
    with pytest.raises(ModelRejected) as caught:
        await odd.ask()
    assert not caught.value.about_tools
    assert len(odd.bodies) == 2


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (
            {
                "message": "Invalid schema for function 'hours': schema must be a JSON Schema.",
                "code": "invalid_function_parameters",
                "param": "tools[1].function.parameters",
            },
            "hours",
        ),
        ({"message": "Bad.", "code": "bad", "param": "tools[0].function.parameters"}, "nearest_shop"),
        ({"message": "Invalid request: tools.function.parameters is not a valid moonshot schema"}, ""),
    ],
)
async def test_a_schema_that_is_refused_is_no_messages_fault(
    odd: Odd, error: dict[str, Any], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd.answers = [(400, {"error": error})]
    with pytest.raises(ModelRejected) as caught:
        await odd.ask()
    assert caught.value.about_tools
    assert caught.value.cause.endswith(f"the schema of the function {named}" if named else "of a function")
    assert "check the tools of its bot: nearest_shop, hours" in caplog.text
    assert len(odd.bodies) == 1


async def test_an_operator_is_told_of_a_refused_schema_once_a_minute(
    odd: Odd, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"message": "Bad.", "code": "bad", "param": "tools[0].function.parameters"}
    odd.answers = [(400, {"error": refused})] * 2
    for _ in range(2):
        with pytest.raises(ModelRejected):
            await odd.ask()
    assert caplog.text.count("refuses a tool") == 1


async def test_a_refused_tool_choice_is_left_out(odd: Odd) -> None:
    odd.answers = [refusing("tool_choice is not supported"), saying("ok")]
    for _ in range(2):
        assert (await odd.ask(replace(PROMPT, may_call=False))).text == "ok"
    assert ["tool_choice" in body for body in odd.bodies] == [True, False, False]
    assert all("tools" in body for body in odd.bodies)


async def test_a_model_that_calls_although_it_has_to_answer_is_shown_no_functions_this_once(odd: Odd) -> None:
    odd.answers = [calling(entry()), saying("ok"), calling(entry(), content="Well."), calling(entry())]
    told = replace(PROMPT, may_call=False)
    assert (await odd.ask(told)).text == "ok"
    answered = await odd.ask(told)
    assert (answered.text, answered.calls) == ("Well.", ())
    assert (await odd.ask()).calls
    assert ["tools" in body for body in odd.bodies] == [True, False, True, True]


FAILED_CALL = (
    "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details."
)


async def test_a_call_that_a_server_cannot_read_is_asked_for_once_more(odd: Odd) -> None:
    """Groq refuses what its own model wrote, as if the request were wrong; its next answer may be right."""
    odd.answers = [refusing(FAILED_CALL, code="tool_use_failed"), calling(entry())]
    assert asked_by(await odd.ask()) == [("hours", {})]
    assert ["tools" in body for body in odd.bodies] == [True, True]


async def test_a_call_of_a_model_that_has_to_answer_is_no_fault_of_the_request(odd: Odd) -> None:
    message = "Tool choice is none, but model called a tool"
    odd.answers = [refusing(message, code="tool_use_failed"), saying("ok"), calling(entry())]
    assert (await odd.ask(replace(PROMPT, may_call=False))).text == "ok"
    assert asked_by(await odd.ask()) == [("hours", {})]
    assert ["tools" in body for body in odd.bodies] == [True, False, True]


async def test_an_error_in_a_stream_is_an_answer_that_broke_off(odd: Odd) -> None:
    broken: dict[str, Any] = {"error": {"message": FAILED_CALL, "code": "tool_use_failed", "type": "x"}}
    odd.answers = [
        {"pieces": [piece(content="Let me"), broken]},
        {"pieces": [piece(part("{}", "hours", "a", index=0), finish="tool_calls")]},
    ]
    assert asked_by(await odd.ask(heard=lambda _: None)) == [("hours", {})]


@pytest.mark.parametrize(
    "message",
    [
        "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
        "/v1/responses instead.",
        "Function tools with reasoning_effort are not supported for gpt-6-astra in /v1/chat/completions. To use "
        "function tools, use /v1/responses or set reasoning_effort to 'none'.",
    ],
)
async def test_functions_that_one_wire_does_not_take_go_by_the_other(odd: Odd, message: str) -> None:
    answered = {"status": "completed", "output": [], "usage": {}}
    call = {"type": "function_call", "call_id": "c", "id": "fc_1", "name": "hours", "arguments": "{}"}
    odd.answers = [refusing(message, param="reasoning_effort"), {**answered, "output": [call]}]
    for _ in range(2):
        assert asked_by(await odd.ask(replace(PROMPT, reasoning_effort="low"))) == [("hours", {})]
    assert ["input" in body for body in odd.bodies] == [False, True, True]


async def test_what_cannot_be_encrypted_is_not_asked_for(odd: Odd) -> None:
    error = {"message": "Encrypted content is not supported with this model.", "param": "include"}
    odd.answers = [(400, {"error": error}), {"status": "completed", "output": []}]
    models = (Deployment(model="m", url=f"{odd.url}/v1", api="responses"),)
    await odd.model.complete(replace(PROMPT, models=models), seconds=SECONDS)
    assert ["include" in body for body in odd.bodies] == [True, False]
    assert odd.bodies[1]["tools"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            400,
            {
                "message": "The encrypted content gAAA could not be verified.",
                "code": "invalid_encrypted_content",
            },
        ),
        (
            404,
            {
                "message": "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."
            },
        ),
    ],
)
async def test_reasoning_that_a_place_cannot_read_any_more_is_left_out(
    odd: Odd, status: int, error: dict[str, Any]
) -> None:
    """Another region has answered, with keys of its own."""
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    call = {"type": "function_call", "call_id": "c", "id": "fc_1", "name": "hours", "arguments": "{}"}
    answer = {"status": "completed", "output": [thought, call]}
    odd.answers = [answer, (status, {"error": error}), {"status": "completed", "output": []}]
    models = (Deployment(model="m", url=f"{odd.url}/v1", api="responses"),)
    asked = await odd.model.complete(replace(PROMPT, models=models), seconds=SECONDS)
    await odd.model.complete(replace(after(asked, "9 to 5"), models=models), seconds=SECONDS)
    with_it, without = odd.bodies[1]["input"][2:], odd.bodies[2]["input"][2:]
    assert [item["type"] for item in with_it] == ["reasoning", "function_call", "function_call_output"]
    assert (with_it[0], with_it[1]["id"]) == (thought, "fc_1")
    assert [item["type"] for item in without] == ["function_call", "function_call_output"]
    assert "id" not in without[0]


async def test_users_and_the_assistant_take_turns_around_calls(odd: Odd) -> None:
    odd.answers = [refusing("Conversation roles must alternate user/assistant"), saying("ok")]
    said = ChatMessage("assistant", "", calls=(FunctionCall("1", "hours", "{}"),))
    told = ChatMessage("tool", "9 to 5", call_id="1")
    before = (QUESTION[0], ChatMessage("assistant", "early"), ChatMessage("user", "one"), QUESTION[1])
    prompt = replace(PROMPT, messages=(*before, said, told, ChatMessage("user", "two")))
    await odd.ask(prompt)
    roles = [message["role"] for message in odd.bodies[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]


async def test_functions_and_calls_count_for_the_length_of_a_prompt(odd: Odd) -> None:
    """A server that tells its quota of a minute alone: by their words, the messages would fit."""
    long = "x" * 4000
    said = ChatMessage("assistant", "", calls=(FunctionCall("1", "hours", json.dumps({"day": long})),))
    told = ChatMessage("tool", "9 to 5", call_id="1")
    odd.answers, odd.headers = [refusing("Slow down.", 429)], {"x-ratelimit-limit-tokens": "900"}
    for prompt in (
        replace(PROMPT, functions=(replace(HOURS, description=long),)),
        replace(PROMPT, messages=(*QUESTION, said, told)),
    ):
        with pytest.raises(ModelOverflow):
            await odd.ask(prompt)


async def test_the_canary_has_the_same_functions(odd: Odd) -> None:
    odd.answers = [refusing("Bad.")]
    with pytest.raises(ModelRejected) as caught:
        await odd.ask()
    assert not await odd.model.takes_anything(caught.value.place, seconds=SECONDS, functions=PROMPT.functions)
    assert len(odd.bodies[-1]["messages"]) == 1
    assert "tools" in odd.bodies[-2]
    odd.answers = [saying("ok")]
    assert await odd.model.takes_anything(
        caught.value.place, seconds=SECONDS
    )  # without them, it was not asked yet


# Streams of calls, in the pieces of real servers.


def piece(*entries: dict[str, Any], finish: str | None = None, **delta: Any) -> dict[str, Any]:
    said = {"tool_calls": list(entries)} if entries else {}
    return {"choices": [{"index": 0, "delta": {**said, **delta}, "finish_reason": finish}]}


def part(
    arguments: Any = None, name: str | None = None, call_id: str | None = None, **more: Any
) -> dict[str, Any]:
    return {"id": call_id, "function": {"name": name, "arguments": arguments}, **more}


@pytest.mark.parametrize(
    "pieces",
    [
        [
            piece(part("", "hours", "a", index=0)),
            piece(part("{}", index=0)),
            piece(part("", "nearest_shop", "b", index=1)),
            piece(part('{"city":', index=1)),
            piece(part('"Rome"}', index=1)),
        ],
        [
            piece(
                part("{}", "hours", "a", index=0),
                part('{"city":"Rome"}', "nearest_shop", "b", index=1),
                finish="tool_calls",
            )
        ],
        [
            piece(part("{}", "hours", "a", index=0)),
            piece(part('{"city":"Rome"}', "nearest_shop", "b", index=0)),
        ],
        [piece(part({}, "hours")), piece(part({"city": "Rome"}, "nearest_shop"))],
        [
            piece(part("{", "hours", "a")),
            piece(part("}")),
            piece(part('{"city":', "nearest_shop", "b")),
            piece(part('"Rome"}')),
        ],
        [
            piece(part("{", "hours", "a", index=0), part('{"city"', "nearest_shop", "b", index=1)),
            piece(part("}", "hours", "a", index=0), part(':"Rome"}', "nearest_shop", "b", index=1)),
        ],
    ],
    ids=["openai", "whole", "one index", "no index", "pieces without index", "names again"],
)
async def test_calls_are_put_together(odd: Odd, pieces: list[dict[str, Any]]) -> None:
    odd.answers = [{"pieces": pieces}]
    asked = await odd.ask(heard=lambda _: None)
    assert asked_by(asked) == [("hours", {}), ("nearest_shop", {"city": "Rome"})]


async def test_thoughts_of_a_stream_go_back_whole(odd: Odd) -> None:
    def detail(**fields: Any) -> list[dict[str, Any]]:
        return [{"type": "reasoning.text", "index": 0, **fields}]

    pieces = [
        piece(reasoning_content="h", reasoning_details=detail(text="h")),
        piece(reasoning_content="m", reasoning_details=detail(text="m", signature=None)),
        piece(reasoning_details=detail(signature="s")),
        piece(part("{}", "hours", "a", index=0, extra_content={"google": {"thought_signature": "t"}})),
        piece(finish="tool_calls"),
    ]
    odd.answers = [{"pieces": pieces}, saying("ok")]
    asked = await odd.ask(heard=lambda _: None)
    await odd.ask(after(asked, "9 to 5"))
    said = odd.messages[0]
    assert said["reasoning_content"] == "hm"
    assert said["reasoning_details"] == detail(text="hm", signature="s")
    assert said["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "t"}}


@pytest.mark.stack
@pytest.mark.parametrize("api", APIS)
async def test_a_real_llama_cpp_takes_functions_and_results_whose_template_knows_none(
    tiny: str, api: Api
) -> None:
    """It refuses neither, and tells its model nothing of them: the tokens are those of a prompt without functions."""
    chat = OpenAIChat(load_settings(EXAMPLE))
    models = (Deployment(model="tiny", url=f"{tiny}/v1", api=api),)
    asked = replace(PROMPT, models=models, max_tokens=4)
    plain = await chat.complete(replace(asked, functions=()), seconds=180)
    told = await chat.complete(asked, seconds=180)
    assert (told.text, told.calls, told.prompt_tokens) == (plain.text, (), plain.prompt_tokens)
    called = Completion("", calls=(FunctionCall("1", "hours", "{}"),))
    rounds = after(called, "9 to 5", resumed=True).messages
    for may_call in (True, False):
        answered = await chat.complete(replace(asked, messages=rounds, may_call=may_call), seconds=180)
        assert answered.text
        assert answered.prompt_tokens > plain.prompt_tokens  # the result is told
    await chat.aclose()
