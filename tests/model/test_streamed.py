"""Answers that come piece by piece, on both wires: what is told on the way, and that they mean what whole ones mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from playground.loopback import cut_connection, serving
from relay.config.bot import Api, Deployment
from relay.config.settings import load_settings
from relay.errors import ModelBlocked, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, Completion, Prompt
from tests.mistakes import GOOD_SETTINGS

Pieces = list[dict[str, Any] | str]


def said(text: str | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {"content": text} if text is not None else {}
    return {"model": "m-1", "choices": [{"index": 0, "delta": {**delta, **more}, "finish_reason": finish}]}


USAGE = {
    "model": "m-1",
    "choices": [],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}
HELLO: Pieces = [said(""), said("Hel"), said("lo"), said(None, "stop"), USAGE, "[DONE]"]


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "sequence_number": 1, **fields}


def response(text: str, status: str = "completed", **fields: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "i", "role": "assistant", "status": status, "content": [part]}
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    return {
        "id": "r",
        "object": "response",
        "model": "m-1",
        "status": status,
        "output": [message],
        "usage": usage,
        **fields,
    }


def delta(text: str, item: str = "i") -> dict[str, Any]:
    return event("response.output_text.delta", delta=text, item_id=item, output_index=0, content_index=0)


@dataclass
class Server:
    """A model server that streams.

    Attributes:
        pieces: its events; ``CUT`` breaks the connection.
        bodies: what it was asked.
        refuses: parameters that it does not know.
        heard: what was told on the way.
    """

    pieces: Pieces = field(default_factory=lambda: list(HELLO))
    bodies: list[dict[str, Any]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    whole: dict[str, Any] | None = None
    url: str = ""
    model: OpenAIChat = None  # type: ignore[assignment]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if named := self.refuses & body.keys():
            message = f"Unknown parameter: '{named.pop()}'."
            return web.json_response({"error": {"message": message, "code": "unknown_parameter"}}, status=400)
        if self.whole is not None:
            return web.json_response(self.whole)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for piece in self.pieces:
            if piece == "CUT":
                cut_connection(request)
                return stream
            data = piece if isinstance(piece, str) else json.dumps(piece)
            kind = f"event: {piece['type']}\n" if isinstance(piece, dict) and "type" in piece else ""
            await stream.write(f"{kind}data: {data}\n\n".encode())
        return stream

    async def ask(self, api: Api | None = None, seconds: float = 9) -> Completion:
        models = (Deployment(model="m", url=f"{self.url}/v1", api=api),)
        prompt = Prompt((ChatMessage("user", "hi"),), models=models)
        return await self.model.complete(prompt, seconds=seconds, heard=self.heard.append)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with _serving() as running:
        yield running


@asynccontextmanager
async def _serving() -> AsyncIterator[Server]:
    running = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", running.answer)
    app.router.add_post("/v1/responses", running.answer)
    async with serving(app) as url:
        running.url, running.model = url, OpenAIChat(load_settings(GOOD_SETTINGS))
        yield running
        await running.model.aclose()


async def test_what_comes_is_told_as_it_comes_and_counted_in_the_end(server: Server) -> None:
    completion = await server.ask()
    assert server.heard == ["Hel", "Hello"]
    assert (completion.text, completion.ended, completion.model) == ("Hello", "whole", "m-1")
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 2)
    assert server.bodies[0]["stream"] is True
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


async def test_the_other_wire_tells_the_same(server: Server) -> None:
    server.pieces = [
        event("response.created", response=response("", "in_progress")),
        delta("Hel"),
        delta("lo"),
        event("response.completed", response=response("Hello")),
    ]
    completion = await server.ask("responses")
    assert server.heard == ["Hel", "Hello"]
    assert (completion.text, completion.completion_tokens) == ("Hello", 2)
    assert "stream_options" not in server.bodies[0]


async def test_thinking_is_not_told(server: Server) -> None:
    server.pieces = [said("<think>"), said("hm"), said("</think>"), said("Yes"), said(None, "stop"), "[DONE]"]
    assert (await server.ask()).text == "Yes"
    assert server.heard == ["Yes"]


async def test_an_answer_that_was_cut_says_so(server: Server) -> None:
    server.pieces = [said("Hel"), said(None, "length"), "[DONE]"]
    assert (await server.ask()).ended == "cut"
    server.pieces = [delta("Hel"), event("response.incomplete", response=response("Hel", "incomplete"))]
    assert (await server.ask("responses")).ended == "cut"


async def test_a_filter_in_the_middle_leaves_no_answer(server: Server) -> None:
    server.pieces = [said("Hel"), said(None, "content_filter"), "[DONE]"]
    with pytest.raises(ModelBlocked):
        await server.ask()
    assert server.heard == ["Hel"]


async def test_a_refusal_is_told_only_whole(server: Server) -> None:
    server.pieces = [
        said(None, None, refusal="I can"),
        said(None, None, refusal="not."),
        said(None, "stop"),
        "[DONE]",
    ]
    completion = await server.ask()
    assert (completion.text, completion.ended) == ("I cannot.", "declined")
    assert server.heard == []


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_a_stream_that_breaks_off_is_asked_for_once_more(server: Server, api: Api) -> None:
    first = said("Hel") if api == "chat" else delta("Hel")
    server.pieces = [first, "CUT"]
    with pytest.raises(ModelUnavailable):
        await server.ask(api, seconds=3)
    assert len(server.bodies) == 2
    assert server.heard == ["Hel", "Hel"]


@pytest.mark.parametrize("refused", ["stream_options", "stream"])
async def test_a_server_that_knows_no_streams_is_asked_without(server: Server, refused: str) -> None:
    server.refuses.add(refused)
    if refused == "stream":
        server.whole = {
            "model": "m-1",
            "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        }
    assert (await server.ask()).text == "Hello"
    assert (await server.ask()).text == "Hello"
    assert [refused in body for body in server.bodies] == [True, False, False]


async def test_a_server_that_answers_whole_all_the_same_is_asked_without(server: Server) -> None:
    server.whole = {"model": "m-1", "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    assert (await server.ask()).text == "Hello"
    assert server.heard == []
    assert [body.get("stream") for body in server.bodies] == [True, None]


async def test_whoever_does_not_listen_gets_it_whole(server: Server) -> None:
    server.whole = {"model": "m-1", "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    prompt = Prompt((ChatMessage("user", "hi"),), models=(Deployment(model="m", url=f"{server.url}/v1"),))
    assert (await server.model.complete(prompt, seconds=9)).text == "Hello"
    assert "stream" not in server.bodies[0]
