"""The scripted model names what is on a picture: an answer that does proves that its bytes came."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import pytest

from playground.control import Control
from playground.media import pictures
from playground.model_server import ModelServer

Wire = Literal["chat/completions", "responses"]
WIRES: tuple[Wire, ...] = ("chat/completions", "responses")


def url_of(content: bytes, form: str = "png") -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode()}"


@dataclass
class Asker:
    """Who shows the model pictures."""

    model: ModelServer
    session: aiohttp.ClientSession

    async def ask(self, wire: Wire, *messages: Any) -> tuple[int, str]:
        """Status, and the answer's text or the error's; a message is a text, or a text and URLs of pictures."""
        given = [_message(wire, *((said,) if isinstance(said, str) else said)) for said in messages]
        body = {"model": "m", ("messages" if wire == "chat/completions" else "input"): given}
        async with self.session.post(f"{self.model.url}/v1/{wire}", json=body) as response:
            answer = await response.json()
        if response.status != 200:
            return response.status, answer["error"]["message"]
        if wire == "responses":
            return 200, answer["output"][-1]["content"][0]["text"]
        return 200, answer["choices"][0]["message"]["content"]


def _message(wire: Wire, text: str, *urls: str, role: str = "user") -> dict[str, Any]:
    if text.startswith("assistant: "):
        return {"role": "assistant", "content": text.removeprefix("assistant: ")}
    if not urls:
        return {"role": role, "content": text}
    if wire == "responses":
        parts = [{"type": "input_image", "image_url": url} for url in urls]
        return {"role": role, "content": [{"type": "input_text", "text": text}, *parts]}
    shown = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"role": role, "content": [{"type": "text", "text": text}, *shown]}


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with ModelServer() as model, aiohttp.ClientSession() as session:
        yield Asker(model, session)


@pytest.mark.parametrize("wire", WIRES)
async def test_size_and_main_colour_are_named(asker: Asker, wire: Wire) -> None:
    picture = url_of(pictures.draw("red 640x480"))
    assert await asker.ask(wire, ("", picture)) == (200, "I see a picture, 640 × 480, red.")
    told = (json.dumps({"sent": "a picture; you see it here", "text": "what is it?"}), picture)
    assert await asker.ask(wire, told) == (200, "I see a picture, 640 × 480, red. You said: what is it?")


@pytest.mark.parametrize("wire", WIRES)
async def test_all_pictures_since_the_last_answer_are_named_and_none_before(asker: Asker, wire: Wire) -> None:
    red, blue, green = (url_of(pictures.draw(f"{colour} 9x9")) for colour in ("red", "blue", "green"))
    _, answer = await asker.ask(wire, ("", red), "assistant: nice", ("", blue, green), "which is nicer?")
    assert answer == "I see a picture, 9 × 9, blue. I see a picture, 9 × 9, green. You said: which is nicer?"


@pytest.mark.parametrize("form", ["jpeg", "gif", "webp"])
async def test_every_form_that_models_take_is_seen(asker: Asker, form: str) -> None:
    picture = url_of(pictures.draw("orange 40x30", form.upper()), form)
    assert (await asker.ask("chat/completions", ("", picture)))[1] == "I see a picture, 40 × 30, orange."


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "url",
    [
        url_of(b"no picture"),
        url_of(pictures.draw("red 9x9")).replace(";base64,", ";base64,*"),
        "data:image/svg+xml;base64,PHN2Zy8+",
        "https://example.com/picture.png",
    ],
)
async def test_what_is_no_picture_is_refused_as_by_a_real_model(asker: Asker, wire: Wire, url: str) -> None:
    assert (await asker.ask(wire, ("look", url)))[0] == 400
    assert asker.model.requests[0].status == 400


async def test_each_api_takes_its_own_parts_only(asker: Asker) -> None:
    picture = url_of(pictures.draw("red 9x9"))
    for wire, other in zip(WIRES, reversed(WIRES), strict=True):
        field = "messages" if wire == "chat/completions" else "input"
        body = {"model": "m", field: [_message(other, "look", picture)]}
        async with asker.session.post(f"{asker.model.url}/v1/{wire}", json=body) as response:
            assert response.status == 400


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"sent": "a place, Paris", "text": ""}, "I was sent a place, Paris."),
        ({"sent": "a place, Paris", "text": "nice?"}, "I was sent a place, Paris. You said: nice?"),
        (
            {"sent": "a voice message, 2 s", "words": "hi", "text": ""},
            "I was sent a voice message, 2 s. It says: hi",
        ),
        ({"speaker": "bob", "text": "hi"}, "You said, bob: hi"),
        ({"text": ""}, "You said: "),
    ],
)
async def test_what_was_sent_beside_a_text_is_repeated(
    asker: Asker, fields: dict[str, str], answer: str
) -> None:
    assert await asker.ask("chat/completions", json.dumps(fields)) == (200, answer)


async def test_other_processes_are_told_of_a_picture_in_short(asker: Asker) -> None:
    picture = url_of(pictures.draw("red 640x480"))
    await asker.ask("chat/completions", ("", picture))
    control = Control(asker.session, asker.model.url, "the model server")
    facts = (await control.call("GET", "record"))["facts"]
    told = facts[-1]["body"]["messages"][0]["content"][1]["image_url"]["url"]
    assert told.startswith("data:image/png;base64,")
    assert len(told) < 200 < len(picture)
    (request,) = asker.model.requests
    assert request.messages[0]["content"][1]["image_url"]["url"] == picture
