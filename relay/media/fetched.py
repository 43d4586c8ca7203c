"""Media in a form that models take: pictures, the first frame of a video, what was spoken, the text of a file."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from relay.attachments import Attachment
from relay.config.bot import Place
from relay.errors import MediumError, MediumGone, MediumRefused
from relay.media.decoder import Decoder
from relay.media.download import Downloader, Fetched
from relay.media.hosts import Hosts
from relay.media.reading import SIDE_MAX
from relay.ports import Ears, Recording

SHOWN_MAX_BYTES = 600 * 1024
"""Of a picture as the storage makes it: a larger one is made smaller here."""

PICTURE_MAX_BYTES = 20 * 1024 * 1024
FILE_MAX_BYTES = 20 * 1024 * 1024
RECORDING_MAX_BYTES = 20 * 1024 * 1024
"""Of the originals. OpenAI takes recordings up to 25 MB."""

_AUDIO = {
    # How the forms begin that OpenAI's transcription takes, and their extensions (API reference, audio/transcriptions).
    b"ID3": "mp3",
    b"\xff\xfb": "mp3",
    b"\xff\xf3": "mp3",
    b"\xff\xf2": "mp3",
    b"OggS": "ogg",
    b"fLaC": "flac",
    b"\x1aE\xdf\xa3": "webm",
}


class FetchedMedia:
    """The implementation of :class:`relay.ports.Media` over HTTP.

    Args:
        downloader: the way out.
        hosts: which of them have transforms.
        ears: who writes down what was spoken.
    """

    def __init__(self, downloader: Downloader, hosts: Hosts, ears: Ears) -> None:
        self._downloader = downloader
        self._hosts = hosts
        self._ears = ears
        self._decoder = Decoder()

    async def picture(self, attachment: Attachment, *, seconds: float) -> str:
        """See :class:`relay.ports.Media`. Of a video, the storage's picture of its first frame."""
        if attachment.kind == "video":
            if not self._hosts.have_transforms(attachment.url):
                raise MediumRefused("its storage makes no picture of a video")
            url = _transformed(attachment.url, f"vframe&offset=0&resize={SIDE_MAX}x{SIDE_MAX}&type=png")
            async with self._fetch(url, PICTURE_MAX_BYTES, seconds) as fetched:
                return await self._shown(fetched.body, seconds)
        smaller = f"imageView&thumbnail={SIDE_MAX}x{SIDE_MAX}"
        async with self._transform_or_original(attachment.url, smaller, PICTURE_MAX_BYTES, seconds) as (
            fetched,
            is_smaller,
        ):
            form = _still_form(fetched.body)
            if is_smaller and form and len(fetched.body) <= SHOWN_MAX_BYTES:
                return _data_url(form, fetched.body)
            return await self._shown(fetched.body, seconds)

    async def transcript(self, attachment: Attachment, by: Place, *, seconds: float) -> str:
        """See :class:`relay.ports.Media`. Phones record AAC and AMR, which OpenAI does not take: the storage's MP3."""
        async with self._transform_or_original(
            attachment.url, "audioTrans&type=mp3", RECORDING_MAX_BYTES, seconds / 2
        ) as (fetched, _):
            ext = _audio_ext(fetched.body)
            if not ext:
                raise MediumRefused("it is no recording in a form that can be transcribed")
            return await self._ears.transcribe(Recording(fetched.body, ext), by, seconds=seconds / 2)

    async def text(self, attachment: Attachment, characters: int, *, seconds: float) -> str:
        """See :class:`relay.ports.Media`."""
        async with self._fetch(attachment.url, FILE_MAX_BYTES, seconds) as fetched:
            return await self._decoder.text(fetched.body, characters, seconds=seconds / 2)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._downloader.aclose()

    async def _shown(self, body: bytes, seconds: float) -> str:
        return _data_url("image/jpeg", await self._decoder.smaller_picture(body, seconds=seconds / 2))

    @asynccontextmanager
    async def _transform_or_original(
        self, url: str, transform: str, max_bytes: int, seconds: float
    ) -> AsyncIterator[tuple[Fetched, bool]]:
        """What the storage makes of a medium where it can, else the medium; and which of the two it is."""
        async with AsyncExitStack() as held:
            if self._hosts.have_transforms(url):
                made = self._fetch(_transformed(url, transform), max_bytes, seconds / 2)
                try:
                    fetched = await held.enter_async_context(made)
                except MediumGone:
                    raise
                except MediumError:
                    seconds /= 2
                else:
                    yield fetched, True
                    return
            yield await held.enter_async_context(self._fetch(url, max_bytes, seconds)), False

    @asynccontextmanager
    async def _fetch(self, url: str, max_bytes: int, seconds: float) -> AsyncIterator[Fetched]:
        if not url:
            raise MediumRefused("it came without an address")
        async with self._downloader.fetch(url, max_bytes=max_bytes, seconds=seconds) as fetched:
            yield fetched


def _transformed(url: str, transform: str) -> str:
    """One of the storage's own transforms, from the source of the vendor's SDKs."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{transform}"


def _data_url(form: str, body: bytes) -> str:
    return f"data:{form};base64,{base64.b64encode(body).decode()}"


def _still_form(body: bytes) -> str:
    """What a picture of one frame that models take is, by how it begins; empty for another."""
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return ""


def _audio_ext(body: bytes) -> str:
    """The extension of a recording that can be transcribed, by how it begins; empty for another."""
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return "wav"
    if body[4:8] == b"ftyp":
        return "m4a"
    return next((ext for begin, ext in _AUDIO.items() if body.startswith(begin)), "")
