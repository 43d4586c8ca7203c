"""The scripted model: a server that speaks the OpenAI API, answers by rule and fails on demand.

In a test::

    async with ModelServer() as model:
        model.next(Fault("rate_limited", retry_after_ms=10), Reply("hello"))
        model.when("slow please", Reply(hold=True))
        ...
        assert model.requests[-1].body["messages"][0]["role"] == "system"

As a process: ``python -m playground.model_server --port 8767``. With ``--upstream URL`` it records each request and
passes it on to a real model. Any path that ends in ``/chat/completions`` is served: ``/v1``, Azure's ``/openai/v1``;
and any that ends in ``/responses``. A picture in a request is looked at: the answer names its size and
its colour. The audio endpoints (:mod:`playground.model.audio`) pass nothing on, and have a script of their own. For
other processes:

=============================  ===================================================================================
``POST /_control/script``      ``{"reply": {…Reply}}`` or ``{"fault": {…Fault}}``: a step for the next request, or with
                               ``"when": TEXT`` for those whose last user message has it (``"times": N`` of them;
                               ``"first": true`` puts it before the rules that are there; ``"audio": true``: for
                               the audio endpoints)
``DELETE /_control/script``    forget the steps
``POST /_control/heard``       ``{"md5", "text"}``: what a recording with these bytes says
``POST /_control/release``     let the held requests go on
``GET /_control/requests``     every request: number, time, path, headers, body; HTTP status and body of the answer
``GET /_control/record``       ``?after=N&seconds=S``: the same as they come, ``{"kind": "request", …}``; again once
                               answered
=============================  ===================================================================================
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Self

import aiohttp
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.im.chats import wall_clock_ms
from playground.kept import Lines
from playground.local_only import programs_only
from playground.loopback import cut_connection, run_as_process, serving
from playground.model.calling import Asked, lost_item
from playground.model.plain import plainly
from playground.model.requests import ModelRequest, headers_of, in_short, without_tool_headers
from playground.model.script import ChatRequest, Fault, Reply, Script, Step
from playground.model.sight import BadPart
from playground.model.sounding import Sounding
from playground.model.transcript import RememberedStream, text_of
from playground.model.upstream import pass_on
from playground.model.wire import (
    as_chat,
    chunks,
    completion,
    event,
    events,
    illegal,
    overlong,
    refused,
    response_to,
)
from playground.record import Record

__all__ = ["Asked", "Fault", "ModelRequest", "ModelServer", "Reply"]

BODY_MAX_BYTES = 32 * 1024 * 1024
"""A recording may have 25 MB."""

WAIT_HEADERS = ("retry-after", "retry-after-ms")


class _ScriptEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reply: Reply | None = None
    fault: Fault | None = None
    when: str | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    first: bool = False
    audio: bool = False


class ModelServer:
    """The model. Use it as an async context manager.

    Args:
        port: 0 lets the system choose.
        key: API key that requests must carry; None takes any.
        upstream: base URL of a real model, such as ``http://127.0.0.1:9000/v1``; it answers what the script does not.
        context_tokens: longer prompts are refused, whatever the script says; None takes any.

    Attributes:
        requests: what was asked; ``audio``: what was asked of the audio endpoints.
        held: how many requests wait for :meth:`release`.
        hearing: the script of the audio endpoints; a reply is what is heard.
        ear: what recordings say.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str | None = None,
        upstream: str | None = None,
        context_tokens: int | None = None,
        keep: Path | None = None,
    ) -> None:
        self.url = ""
        self.requests: list[ModelRequest] = []
        self.held = 0
        self._port, self._key, self._upstream = port, key, upstream
        self._context_tokens = context_tokens
        self._script = Script()
        self.audio: list[ModelRequest] = []
        self._record = Record(Lines(keep / "model.jsonl") if keep else None)
        self._numbers = count(self._record.next_number("request"))
        self._released = asyncio.Event()
        sounding = Sounding(partial(self._recorded, self.audio), self._has_key, self._wait)
        self._sounding, self.hearing, self.ear = sounding, sounding.script, sounding.ear
        self.next, self.when = self._script.next, self._script.when

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[programs_only("/_control/")], client_max_size=BODY_MAX_BYTES)
        app.on_shutdown.append(self._record.close)
        app.add_routes(
            [
                web.post("/{prefix:.*}chat/completions", self._chat),
                web.post("/{prefix:.*}responses", self._chat),
                web.get("/{prefix:.*}models", self._models),
                web.post("/_control/script", self._control_script),
                web.delete("/_control/script", self._control_clear),
                web.post("/_control/release", self._control_release),
                web.get("/_control/requests", self._control_requests),
                web.get("/_control/record", self._record.serve),
                *self._sounding.routes(),
            ]
        )
        async with AsyncExitStack() as stack:
            self._session = await stack.enter_async_context(aiohttp.ClientSession())
            self.url = await stack.enter_async_context(serving(app, self._port))
            stack.callback(self.release)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def clear(self) -> None:
        """Forget every step of the scripts."""
        self._script.clear()
        self.hearing.clear()

    def release(self) -> None:
        """Let the requests that are held now go on."""
        self._released.set()
        self._released = asyncio.Event()

    async def wait_for_requests(self, count: int, seconds: float = 10) -> None:
        """Wait until ``count`` requests have come in, answered or not.

        Raises:
            TimeoutError: they did not within ``seconds``.
        """
        await self._record.wait_for(lambda: len(self.requests) >= count, seconds)

    async def wait_for_held(self, count: int = 1, seconds: float = 10) -> None:
        """Wait until ``count`` requests are held.

        Raises:
            TimeoutError: they were not within ``seconds``.
        """
        await self._record.wait_for(lambda: self.held >= count, seconds)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            body = json.loads(raw)
            by_responses = request.path.endswith("/responses")
            if by_responses and (lost := lost_item(body)):
                return web.json_response(illegal("input", f"Item with id '{lost}' not found."), status=404)
            chat = ChatRequest.model_validate(as_chat(body) if by_responses else body)
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            param = ".".join(map(str, problem["loc"]))
            return web.json_response(illegal(param, f"Invalid {param}: {problem['msg']}"), status=400)
        except ValueError:
            return web.json_response(illegal("body", "The body is not JSON."), status=400)
        return await self._recorded(self.requests, request, body, lambda: self._answer(request, raw, chat))

    async def _recorded(
        self,
        requests: list[ModelRequest],
        request: web.Request,
        body: dict[str, Any],
        answer: Callable[[], Awaitable[web.StreamResponse | None]],
    ) -> web.StreamResponse:
        asked = ModelRequest(
            number=next(self._numbers),
            at=wall_clock_ms(),
            path=request.path,
            headers=headers_of(request.headers.items()),
            body=without_tool_headers(body),
        )
        requests.append(asked)
        await self._record.add("request", replace(asked, body=in_short(asked.body)))
        response = await answer()
        if response is None:
            cut_connection(request)
        else:
            asked.status = response.status
            asked.answer = text_of(response)
            asked.answer_headers = {
                name: response.headers[name] for name in WAIT_HEADERS if name in response.headers
            }
        asked.milliseconds = wall_clock_ms() - asked.at
        await self._record.add("request", replace(asked, body=in_short(asked.body)))
        return response if response is not None else web.Response()

    async def _answer(self, request: web.Request, raw: bytes, chat: ChatRequest) -> web.StreamResponse | None:
        """The answer, or None if the connection is to be cut."""
        step: Step | None = self._script.take(chat.last_user_text(), has_results=bool(chat.results()))
        if not self._has_key(request):
            step = Fault("unauthorized")
        if self._context_tokens is not None and chat.prompt_tokens() > self._context_tokens:
            return web.json_response(overlong(chat.prompt_tokens(), self._context_tokens), status=400)
        step = step or Reply()
        await self._wait(step)
        if self._upstream is not None and replace(step, seconds=0, hold=False) == Reply():
            return await pass_on(self._session, self._upstream, request, plainly(raw))
        if isinstance(step, Fault):
            return refused(step)
        try:
            await asyncio.to_thread(chat.look)
        except BadPart as error:
            return web.json_response(illegal("messages", str(error)), status=400)
        if chat.stream:
            return await self._stream(request, chat, step)
        answer = response_to if request.path.endswith("/responses") else completion
        whole = json.dumps(answer(chat, step), ensure_ascii=False).encode()
        if step.tokens_per_second:
            await asyncio.sleep(len(list(chunks(chat, step))) / step.tokens_per_second)
        if not step.dropped:
            return web.Response(body=whole, content_type="application/json")
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Content-Length": str(len(whole))}
        )
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        return None

    async def _stream(
        self, request: web.Request, chat: ChatRequest, reply: Reply
    ) -> web.StreamResponse | None:
        response = RememberedStream(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        by_responses = request.path.endswith("/responses")
        bodies = list((events if by_responses else chunks)(chat, reply))
        began = time.monotonic()
        try:
            for number, body in enumerate(bodies[: len(bodies) // 2] if reply.dropped else bodies):
                if reply.tokens_per_second:
                    await asyncio.sleep(began + number / reply.tokens_per_second - time.monotonic())
                if number - 1 in reply.hold_after:  # the first says who speaks
                    await self._hold()
                await response.write(event(body))
            if reply.dropped:
                return None
            if not by_responses:
                await response.write(event("[DONE]"))
        except ConnectionResetError:  # whoever asked is gone
            return None
        return response

    async def _wait(self, step: Step) -> None:
        if step.hold:
            await self._hold()
        if step.seconds:
            await asyncio.sleep(step.seconds)

    async def _hold(self) -> None:
        released = self._released
        self.held += 1
        await self._record.announce()
        await released.wait()
        self.held -= 1

    def _has_key(self, request: web.Request) -> bool:
        return self._key is None or self._key in (
            request.headers.get("Authorization", "").removeprefix("Bearer "),
            request.headers.get("api-key"),
        )

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": "scripted", "object": "model", "created": 0}]}
        )

    async def _control_script(self, request: web.Request) -> web.Response:
        try:
            entry = _ScriptEntry.model_validate_json(await request.read())
            step = entry.reply or entry.fault
            if step is None:
                raise ValueError("give a reply or a fault")
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        script = self.hearing if entry.audio else self._script
        if entry.when is None:
            script.next(*[step] * (entry.times or 1))
        else:
            script.when(entry.when, step, entry.times, first=entry.first)
        return web.json_response({})

    async def _control_clear(self, _: web.Request) -> web.Response:
        self.clear()
        return web.json_response({})

    async def _control_release(self, _: web.Request) -> web.Response:
        self.release()
        return web.json_response({})

    async def _control_requests(self, _: web.Request) -> web.Response:
        asked = sorted([*self.requests, *self.audio], key=lambda request: request.number)
        return web.json_response([asdict(request) for request in asked])


def main() -> None:
    """Run the model as a process."""
    parser = argparse.ArgumentParser(
        prog="python -m playground.model_server", description="The scripted model."
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--upstream", help="base URL of a real model that answers what no script does")
    parser.add_argument("--keep", type=Path, help="folder in which what was asked outlives the process")
    args = parser.parse_args()
    run_as_process(ModelServer(port=args.port, upstream=args.upstream, keep=args.keep))


if __name__ == "__main__":
    main()
