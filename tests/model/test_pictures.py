"""Pictures on both wires, and models that take none: of what a server says, that alone is learned which it says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from playground.loopback import serving
from relay.config.bot import Api, Deployment
from relay.config.settings import load_settings
from relay.errors import ModelRejected
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, Prompt
from tests.mistakes import GOOD_SETTINGS

PICTURE = "data:image/jpeg;base64,AAAA"
BLIND = "This model does not support image input."
BROKEN = "Could not process the request."


@dataclass
class Server:
    """A model server.

    Attributes:
        refuses: what it says to a request whose body has a word.
        bodies: what it was asked.
    """

    refuses: dict[str, str] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    model: OpenAIChat = None  # type: ignore[assignment]
    url: str = ""

    async def chat(self, request: web.Request) -> web.Response:
        return await self._answer(request, {"choices": [{"message": {"content": "I see"}}]})

    async def responses(self, request: web.Request) -> web.Response:
        part = {"type": "output_text", "text": "I see"}
        message = {"type": "message", "role": "assistant", "content": [part]}
        return await self._answer(request, {"status": "completed", "output": [message]})

    async def _answer(self, request: web.Request, answer: dict[str, Any]) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        for word, said in self.refuses.items():
            if word in json.dumps(body):
                return web.json_response({"error": {"message": said}}, status=400)
        return web.json_response(answer)

    async def ask(self, *pictures: str, api: Api | None = None) -> tuple[str, str]:
        said = ChatMessage("user", "what is this?", pictures)
        prompt = Prompt((said,), models=(Deployment(model="m", url=f"{self.url}/v1", api=api),))
        completion = await self.model.complete(prompt, seconds=9)
        return completion.text, completion.unseen

    @property
    def shown(self) -> list[bool]:
        """Of each request, whether it had a picture."""
        return ["data:image" in json.dumps(body) for body in self.bodies]


@asynccontextmanager
async def serving_model() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/responses", server.responses)
    async with serving(app) as url:
        server.url, server.model = url, OpenAIChat(load_settings(GOOD_SETTINGS))
        yield server
        await server.model.aclose()


async def test_a_picture_goes_behind_its_text_in_the_form_of_each_wire() -> None:
    async with serving_model() as server:
        assert await server.ask(PICTURE) == ("I see", "")
        assert server.bodies[-1]["messages"][-1]["content"] == [
            {"type": "text", "text": "what is this?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ]
        assert await server.ask(PICTURE, api="responses") == ("I see", "")
        assert server.bodies[-1]["input"][-1]["content"] == [
            {"type": "input_text", "text": "what is this?"},
            {"type": "input_image", "image_url": PICTURE},
        ]


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_a_model_that_says_that_it_cannot_see_is_asked_in_words_from_then_on(api: Api) -> None:
    async with serving_model() as server:
        server.refuses["data:image"] = BLIND
        assert await server.ask(PICTURE, api=api) == ("I see", "blind")
        assert await server.ask(PICTURE, api=api) == ("I see", "blind")
        assert server.shown == [True, False, False]


async def test_one_broken_picture_does_not_blind_the_bot() -> None:
    async with serving_model() as server:
        server.refuses["BROKEN"] = BROKEN
        assert await server.ask(f"{PICTURE}BROKEN") == ("I see", "refused")
        assert await server.ask(PICTURE) == ("I see", "")
        assert server.shown == [True, False, True]


async def test_what_is_refused_without_the_picture_too_is_not_the_pictures_fault() -> None:
    async with serving_model() as server:
        server.refuses["what"] = BROKEN
        with pytest.raises(ModelRejected):
            await server.ask(PICTURE)
        server.refuses.clear()
        assert await server.ask(PICTURE) == ("I see", "")


@pytest.mark.parametrize(
    "said",
    [
        "Invalid content type. image_url is only supported by certain models.",  # OpenAI
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",  # llama.cpp
        "m is not a multimodal model",  # vLLM
        "registry.ollama.ai/library/m does not support images",
        "unknown variant `image_url`, expected `text`",  # DeepSeek
    ],
)
async def test_servers_say_in_many_ways_that_a_model_cannot_see(said: str) -> None:
    async with serving_model() as server:
        server.refuses["data:image"] = said
        await server.ask(PICTURE)
        await server.ask(PICTURE)
        assert server.shown == [True, False, False]
