"""The emulator's storage of media: URLs that nobody can guess, other forms, and misbehaviour on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import pytest

from playground.im.storage import ITEM_MAX_BYTES, PATH, StorageFault, StorageFull
from playground.im_server import ImServer
from playground.media import films, pictures, sounds


@dataclass
class Answer:
    """What came."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Reader:
    """A program that reads media."""

    im: ImServer
    session: aiohttp.ClientSession

    async def get(self, url: str, **headers: str) -> Answer:
        async with self.session.get(url, headers=headers, allow_redirects=False) as response:
            return Answer(
                response.status, response.content_type, await response.read(), dict(response.headers)
            )


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with ImServer(app_key="key", secret="secret") as im, aiohttp.ClientSession() as session:
        yield Reader(im, session)


async def test_what_was_put_is_read_as_it_was(reader: Reader) -> None:
    url = reader.im.storage.put(b"%PDF-1.7", "application/pdf")
    answer = await reader.get(url)
    assert (answer.status, answer.content_type, answer.body) == (200, "application/pdf", b"%PDF-1.7")
    assert urlsplit(url).netloc == urlsplit(reader.im.url).netloc


async def test_a_url_cannot_be_guessed_and_tells_nothing(reader: Reader) -> None:
    first, second = (reader.im.storage.put(b"the same", "text/plain") for _ in range(2))
    assert first != second
    key = urlsplit(first).path.removeprefix(PATH)
    assert len(key) >= 32
    assert "." not in key
    assert (await reader.get(first[:-1])).status == 404


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_picture_is_made_to_fit_in_its_own_form(reader: Reader, form: str) -> None:
    url = reader.im.storage.put(pictures.draw("red 640x480", form), "image/whatever")
    answer = await reader.get(f"{url}?imageView&thumbnail=100x100")
    assert (answer.status, answer.content_type) == (200, f"image/{form.lower()}")
    assert str(pictures.look(answer.body)) == "100 × 75, red"


async def test_a_picture_is_never_made_larger(reader: Reader) -> None:
    url = reader.im.storage.put(pictures.draw("blue 20x10"), "image/png")
    answer = await reader.get(f"{url}?imageView&thumbnail=1536x1536")
    assert str(pictures.look(answer.body)) == "20 × 10, blue"


async def test_wav_becomes_mp3_and_mp3_stays_as_it_is(reader: Reader) -> None:
    url = reader.im.storage.put(sounds.tone(2), "audio/wav")
    answer = await reader.get(f"{url}?audioTrans&type=mp3")
    assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert sounds.seconds_of(answer.body) == pytest.approx(2, abs=0.2)
    again = reader.im.storage.put(answer.body, "audio/mpeg")
    assert (await reader.get(f"{again}?audioTrans&type=mp3")).body == answer.body


async def test_the_first_picture_of_a_film_is_had_of_motion_jpeg(reader: Reader) -> None:
    url = reader.im.storage.put(films.shoot("green 320x240 2s").content, "video/avi")
    answer = await reader.get(f"{url}?vframe&offset=0&resize=160x160&type=png")
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert str(pictures.look(answer.body)) == "160 × 120, green"


async def test_the_first_picture_of_another_film_is_the_one_that_came_with_it(reader: Reader) -> None:
    url = reader.im.storage.put(b"\0\0\0\x18ftypmp42", "video/mp4")
    query = "?vframe&offset=0&resize=200x200&type=png"
    assert (await reader.get(url + query)).status == 400
    reader.im.storage.put_frame(url, pictures.draw("pink 400x200"))
    assert str(pictures.look((await reader.get(url + query)).body)) == "200 × 100, pink"


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (b"no picture", "imageView&thumbnail=100x100"),
        (pictures.draw("red 10x10")[:45], "imageView&thumbnail=100x100"),
        (pictures.draw("red 10x10"), "imageView&thumbnail=0x100"),
        (pictures.draw("red 10x10"), "imageView&thumbnail=99999x1"),
        (pictures.draw("red 10x10"), "imageView"),
        (b"#!AMR\n", "audioTrans&type=mp3"),
        (b"RIFF....WAVE", "audioTrans&type=mp3"),
        (sounds.tone(1), "audioTrans&type=ogg"),
        (sounds.tone(1), "vframe&offset=0&type=png"),
        (films.shoot("red 10x10 1s").content, "vframe&offset=0&type=jpg"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
async def test_what_cannot_be_converted_here_is_said_so(reader: Reader, content: bytes, query: str) -> None:
    answer = await reader.get(reader.im.storage.put(content, "application/octet-stream") + "?" + query)
    assert (answer.status, answer.content_type) == (400, "text/plain")
    assert answer.body


async def test_a_picture_with_too_many_pixels_is_not_decoded(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PIXELS_MAX", 99)
    url = reader.im.storage.put(pictures.draw("red 10x10"), "image/png")
    assert b"megapixels" in (await reader.get(f"{url}?imageView&thumbnail=5x5")).body


async def test_more_than_the_platform_takes_is_refused_with_the_limit(reader: Reader) -> None:
    with pytest.raises(StorageFull, match="15 MB"):
        reader.im.storage.put(bytes(ITEM_MAX_BYTES + 1), "video/mp4")


async def test_what_was_stored_first_goes_first(reader: Reader) -> None:
    storage = reader.im.storage
    storage.max_bytes = 10
    first, second, third = (storage.put(b"1234", "text/plain") for _ in range(3))
    assert [(await reader.get(url)).status for url in (first, second, third)] == [404, 200, 200]


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("gone", 404, "application/octet-stream"),
        ("forbidden", 403, "application/octet-stream"),
        ("error", 500, "application/octet-stream"),
        ("wrong_type", 200, "text/html"),
        ("redirect", 302, "application/octet-stream"),
    ],
)
async def test_it_misbehaves_on_demand_with_what_the_next_message_carries_in_every_form(
    reader: Reader, kind: str, status: int, content_type: str
) -> None:
    storage = reader.im.storage
    storage.fail(StorageFault(kind))  # type: ignore[arg-type]
    before, url = (storage.put(pictures.draw("red 10x10"), "image/png") for _ in range(2))
    storage.sent(url)
    for query in ("?imageView&thumbnail=5x5", ""):
        answer = await reader.get(url + query)
        assert (answer.status, answer.content_type) == (status, content_type)
        assert (await reader.get(before + query)).status == 200
    storage.behave()
    assert (await reader.get(url)).status == 200


async def test_it_sends_more_bytes_than_anybody_takes(reader: Reader) -> None:
    url = reader.im.storage.put(b"small", "image/png")
    reader.im.storage.fail(StorageFault("too_large", lasting=True))
    assert len((await reader.get(url)).body) > ITEM_MAX_BYTES


async def test_a_slow_answer_waits_until_the_faults_end(reader: Reader) -> None:
    url = reader.im.storage.put(b"x", "image/png")
    reader.im.storage.fail(StorageFault("slow", lasting=True))
    async with aiohttp.ClientSession() as session:
        asked = session.get(url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asked
    reader.im.storage.behave()
    assert (await reader.get(url)).status == 200


async def test_every_request_is_recorded(reader: Reader) -> None:
    url = reader.im.storage.put(pictures.draw("red 10x10"), "image/png")
    await reader.get(f"{url}?imageView&thumbnail=5x5")
    (fetch,) = reader.im.storage.fetches
    assert (fetch.url, fetch.form, fetch.status) == (url, "imageView&thumbnail=5x5", 200)
    assert fetch.bytes > 0


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Site", "X-Forwarded-For"])
async def test_neither_a_web_page_nor_a_tunnel_reads_it(reader: Reader, header: str) -> None:
    url = reader.im.storage.put(b"x", "image/png")
    assert (await reader.get(url, **{header: "http://elsewhere.example"})).status == 403
