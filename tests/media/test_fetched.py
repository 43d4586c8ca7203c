"""Media are fetched in the form that the storage makes where it can, and made into that form here where it cannot."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from PIL import Image

from playground.loopback import serving
from relay.attachments import Attachment, MediumKind
from relay.config.bot import Place
from relay.errors import MediumGone, MediumRefused
from relay.media.download import Downloader
from relay.media.fetched import FetchedMedia
from relay.media.hosts import Hosts
from relay.ports import Recording
from tests.media.test_decoder import pdf, picture

EARS = Place(model="gpt-transcribe")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
MP3, AAC = b"ID3" + bytes(100), b"\xff\xf1" + bytes(100)


class Ears:
    """Hears what it is told, and keeps the recordings."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []

    async def transcribe(self, recording: Recording, by: Place, *, seconds: float) -> str:
        self.recordings.append(recording)
        return "hello"


class Storage:
    """A storage on loopback.

    Attributes:
        asked: the query of each request.
        ears: who hears.
        media: what is tested.
    """

    def __init__(self, url: str) -> None:
        host = url.removeprefix("http://")
        self.url = url
        self.asked: list[str] = []
        self.ears = Ears()
        hosts = Hosts((host,))
        self.media = FetchedMedia(Downloader(hosts), hosts, self.ears)

    def sent(self, kind: MediumKind, path: str = "/a") -> Attachment:
        return Attachment(kind, url=self.url + path)


@asynccontextmanager
async def storage(answer: Answer) -> AsyncIterator[Storage]:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.query_string)
        return await answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    async with serving(app) as url:
        running = Storage(url)
        running.asked = asked
        try:
            yield running
        finally:
            await running.media.aclose()


def bytes_of(data_url: str) -> tuple[str, bytes]:
    form, _, body = data_url.removeprefix("data:").partition(";base64,")
    return form, base64.b64decode(body)


def opened(data_url: str) -> Image.Image:
    return Image.open(io.BytesIO(bytes_of(data_url)[1]))


SMALL = picture("JPEG", (300, 200))
LARGE = picture("PNG", (3000, 2000))


def transforms(made: bytes | int, original: bytes = LARGE) -> Answer:
    """A storage whose transforms give some bytes, or fail."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "imageView" in request.query or "audioTrans" in request.query or "vframe" in request.query:
            return web.Response(body=made) if isinstance(made, bytes) else web.Response(status=made)
        return web.Response(body=original)

    return answer


async def test_a_picture_is_taken_as_the_storage_makes_it() -> None:
    async with storage(transforms(SMALL)) as running:
        assert bytes_of(await running.media.picture(running.sent("picture"), seconds=9)) == (
            "image/jpeg",
            SMALL,
        )
        assert running.asked == ["imageView&thumbnail=1536x1536"]


async def test_a_transform_joins_the_query_of_the_address() -> None:
    async with storage(transforms(SMALL)) as running:
        await running.media.picture(running.sent("picture", "/a?createTime=1"), seconds=9)
        assert running.asked == ["createTime=1&imageView&thumbnail=1536x1536"]


@pytest.mark.parametrize("made", [400, 500, 501])
async def test_where_the_transform_fails_the_original_is_made_smaller(made: int) -> None:
    async with storage(transforms(made)) as running:
        small = opened(await running.media.picture(running.sent("picture"), seconds=20))
        assert (small.format, small.size) == ("JPEG", (1536, 1024))
        assert len(running.asked) == 2


@pytest.mark.parametrize(
    "made",
    [LARGE + bytes(700 * 1024), picture("GIF"), picture("WEBP")],
    ids=["larger than is shown", "a GIF", "a WEBP"],
)
async def test_what_a_storage_gives_untouched_is_made_smaller_here(made: bytes) -> None:
    async with storage(transforms(made)) as running:
        assert opened(await running.media.picture(running.sent("picture"), seconds=20)).format == "JPEG"
        assert len(running.asked) == 1


async def test_what_is_no_picture_is_refused() -> None:
    async with storage(transforms(b"<html>", b"<html>")) as running:
        with pytest.raises(MediumRefused):
            await running.media.picture(running.sent("picture"), seconds=20)


async def test_what_is_gone_is_not_asked_for_twice() -> None:
    async with storage(transforms(404)) as running:
        with pytest.raises(MediumGone):
            await running.media.picture(running.sent("picture"), seconds=9)
        assert len(running.asked) == 1


async def test_a_medium_without_an_address_is_refused() -> None:
    async with storage(transforms(SMALL)) as running:
        for kind in ("picture", "video"):
            with pytest.raises(MediumRefused):
                await running.media.picture(Attachment(kind), seconds=9)
        assert running.asked == []


async def test_of_a_video_the_first_frame_is_shown() -> None:
    async with storage(transforms(picture("PNG", (640, 360)))) as running:
        assert opened(await running.media.picture(running.sent("video"), seconds=20)).size == (640, 360)
        assert running.asked == ["vframe&offset=0&resize=1536x1536&type=png"]


async def test_a_video_elsewhere_has_no_frame() -> None:
    hosts = Hosts(("cdn.example.com",))
    media = FetchedMedia(Downloader(hosts), hosts, Ears())
    with pytest.raises(MediumRefused):
        await media.picture(Attachment("video", url="https://cdn.example.com/a"), seconds=9)


async def test_a_recording_is_heard_as_the_mp3_that_the_storage_makes() -> None:
    async with storage(transforms(MP3, AAC)) as running:
        assert await running.media.transcript(running.sent("audio"), EARS, seconds=9) == "hello"
        assert running.asked == ["audioTrans&type=mp3"]
        assert running.ears.recordings == [Recording(MP3, "mp3")]


async def test_where_the_transform_fails_a_form_that_is_taken_is_heard_as_it_is() -> None:
    wave = b"RIFF\x00\x00\x00\x00WAVE" + bytes(100)
    async with storage(transforms(500, wave)) as running:
        await running.media.transcript(running.sent("audio"), EARS, seconds=9)
        assert running.ears.recordings == [Recording(wave, "wav")]


@pytest.mark.parametrize("body", [AAC, b"#!AMR\n" + bytes(50), b"<html>", b""])
async def test_forms_that_nobody_takes_are_not_sent(body: bytes) -> None:
    async with storage(transforms(500, body)) as running:
        with pytest.raises(MediumRefused):
            await running.media.transcript(running.sent("audio"), EARS, seconds=9)
        assert running.ears.recordings == []


@pytest.mark.parametrize(
    ("body", "text"), [(b"hello", "hello"), (pdf("Opening hours"), "Opening hours")], ids=["text", "pdf"]
)
async def test_a_file_is_read(body: bytes, text: str) -> None:
    async with storage(transforms(500, body)) as running:
        assert await running.media.text(running.sent("file"), 100, seconds=20) == text
        assert running.asked == [""]
