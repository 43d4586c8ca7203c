"""Recordings are put to a transcription server over HTTP, and its answers mean what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from playground.loopback import serving
from relay.config.bot import Place, Speaker
from relay.config.settings import load_settings
from relay.errors import MediumRefused, ModelUnavailable
from relay.model.speech import OpenAISpeech
from relay.ports import Recording
from relay.storage.credential import AppCredential
from tests.mistakes import GOOD_SETTINGS

RECORDING = Recording(b"ID3 spoken", "mp3")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving_ears(answer: Answer) -> AsyncIterator[str]:
    """A server that transcribes; its base URL."""
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", answer)
    async with serving(app) as url:
        yield f"{url}/v1"


@asynccontextmanager
async def ears(answer: Answer) -> AsyncIterator[tuple[OpenAISpeech, Place]]:
    async with serving_ears(answer) as url:
        settings = load_settings({**GOOD_SETTINGS, "RELAY_MODEL_KEY_EARS": "sk-ears"})
        speech = OpenAISpeech(settings, AppCredential(None))
        try:
            yield speech, Place(model="gpt-transcribe", url=url, key_setting="RELAY_MODEL_KEY_EARS")
        finally:
            await speech.aclose()


async def spoken(answer: Answer, text: str = "hello") -> bytes:
    app = web.Application()
    app.router.add_post("/v1/audio/speech", answer)
    async with serving(app) as url:
        speech = OpenAISpeech(load_settings(GOOD_SETTINGS), AppCredential(None))
        try:
            return await speech.speak(text, Speaker(model="tts", voice="coral", url=f"{url}/v1"), seconds=9)
        finally:
            await speech.aclose()


async def test_a_text_is_spoken_as_an_mp3() -> None:
    bodies: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return web.Response(body=b"ID3 hello", content_type="audio/mpeg")

    assert await spoken(answer, "x" * 5000) == b"ID3 hello"
    assert bodies == [{"model": "tts", "voice": "coral", "input": "x" * 4096, "response_format": "mp3"}]


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_what_cannot_be_spoken_is_told_by_its_error(status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "x"}}, status=status)

    with pytest.raises(MediumRefused if status == 400 else ModelUnavailable):
        await spoken(answer)


async def test_speech_without_a_byte_is_none() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"", content_type="audio/mpeg")

    with pytest.raises(MediumRefused):
        await spoken(answer)


async def heard(answer: Answer, seconds: float = 9) -> str:
    async with ears(answer) as (speech, place):
        return await speech.transcribe(RECORDING, place, seconds=seconds)


async def test_a_recording_goes_with_model_key_and_a_name_that_tells_its_form() -> None:
    seen: dict[str, object] = {}

    async def answer(request: web.Request) -> web.Response:
        seen["key"] = request.headers["Authorization"]
        async for part in await request.multipart():
            seen[str(part.name)] = (getattr(part, "filename", None), bytes(await part.read()))  # type: ignore[union-attr]
        return web.json_response({"text": " hello \n"})

    assert await heard(answer) == "hello"
    assert seen == {
        "key": "Bearer sk-ears",
        "model": (None, b"gpt-transcribe"),
        "response_format": (None, b"json"),
        "file": ("recording.mp3", b"ID3 spoken"),
    }


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_a_recording_that_is_refused_is_at_fault_itself(status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "Invalid file format"}}, status=status)

    with pytest.raises(MediumRefused):
        await heard(answer)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 503])
async def test_a_server_that_cannot_hear_now_is_waited_for(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "x"}}, status=status, headers={"Retry-After": "7"})

    with pytest.raises(ModelUnavailable) as failure:
        await heard(answer)
    assert failure.value.retry_after == 7
    assert ("check key, role and name" in caplog.text) == (status in (401, 403, 404))


@pytest.mark.parametrize("body", [b"", b"hello", b"[1]", b"{}", b'{"text": 1}', b'{"text": null}'])
async def test_an_answer_without_a_text_is_none(body: bytes) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    with pytest.raises(ModelUnavailable):
        await heard(answer)


async def test_a_server_that_says_nothing_ends_with_its_time() -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    with pytest.raises(ModelUnavailable, match="within"):
        await heard(answer, seconds=0.3)


async def test_nobody_there_is_waited_for() -> None:
    speech = OpenAISpeech(load_settings(GOOD_SETTINGS), AppCredential(None))
    with pytest.raises(ModelUnavailable):
        await speech.transcribe(RECORDING, Place(model="m", url="http://127.0.0.1:9/v1"), seconds=5)
    await speech.aclose()
