"""A model that makes pictures is asked over HTTP, and its answers mean what they mean."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from playground.loopback import serving
from relay.config.bot import Painter
from relay.config.settings import load_settings
from relay.errors import MediumRefused, ModelUnavailable
from relay.model import pictures
from relay.model.pictures import OpenAIPictures
from relay.storage.credential import AppCredential
from tests.mistakes import GOOD_SETTINGS

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

JPEG = b"\xff\xd8\xff\xe0 a cat"


@asynccontextmanager
async def serving_pictures(answer: Answer) -> AsyncIterator[str]:
    """A server that draws; its base URL."""
    app = web.Application()
    app.router.add_post("/v1/images/generations", answer)
    async with serving(app) as url:
        yield f"{url}/v1"


async def drawn(answer: Answer) -> bytes:
    async with serving_pictures(answer) as url:
        settings = load_settings({**GOOD_SETTINGS, "RELAY_MODEL_KEY_BRUSH": "sk-brush"})
        server = OpenAIPictures(settings, AppCredential(None))
        try:
            by = Painter(model="gpt-image-2", url=url, key_setting="RELAY_MODEL_KEY_BRUSH")
            return await server.draw("a cat", by)
        finally:
            await server.aclose()


def answering(body: Any, status: int = 200, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def test_a_jpeg_is_asked_for_with_model_and_key() -> None:
    asked: list[tuple[dict[str, Any], str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((await request.json(), request.headers["Authorization"]))
        return web.json_response({"created": 1, "data": [{"b64_json": base64.b64encode(JPEG).decode()}]})

    assert await drawn(answer) == JPEG
    body = {"model": "gpt-image-2", "prompt": "a cat", "n": 1}
    assert asked == [({**body, "output_format": "jpeg", "output_compression": 80}, "Bearer sk-brush")]


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (400, "moderation_blocked", "HTTP 400 moderation_blocked"),
        (400, "contentFilter", "HTTP 400 contentFilter"),
        (422, None, "HTTP 422"),
    ],
)
async def test_what_the_server_will_not_draw_is_refused(status: int, code: str | None, cause: str) -> None:
    with pytest.raises(MediumRefused) as refused:
        await drawn(answering({"error": {"message": "a cat is not safe", "code": code}}, status))
    assert refused.value.cause == cause


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_server_that_cannot_draw_now_is_unavailable(status: int) -> None:
    with pytest.raises(ModelUnavailable):
        await drawn(answering({"error": {"message": "x"}}, status))


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"data": None},
        {"data": [{"url": "https://example.com/cat.png"}]},
        {"data": [{"b64_json": "not Base64!"}]},
        {"data": [{"b64_json": "iVBORw0KGgo="}]},
    ],
)
async def test_what_is_no_jpeg_is_no_picture(body: dict[str, Any]) -> None:
    with pytest.raises(MediumRefused, match="picture"):
        await drawn(answering(body))


async def test_a_picture_that_is_too_large_to_be_sent_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURE_MAX_BYTES", len(JPEG) - 1)
    with pytest.raises(MediumRefused, match=f"has {len(JPEG)} bytes"):
        await drawn(answering({"data": [{"b64_json": base64.b64encode(JPEG).decode()}]}))


async def test_another_program_at_the_address_is_no_server() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="<html>Log in</html>", content_type="text/html")

    with pytest.raises((MediumRefused, ModelUnavailable)):
        await drawn(answer)
