"""Pictures in a form that models take: of the storage's own making where it can, else as they are."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from relay.attachments import Attachment
from relay.errors import MediumError, MediumGone, MediumRefused
from relay.media.download import Downloader, Fetched
from relay.media.hosts import Hosts

THUMBNAIL_PIXELS = 1536
"""Longest side that is asked of the storage: models make larger pictures smaller anyway."""

PICTURE_MAX_BYTES = 4 * 1024 * 1024
"""Of the bytes of one picture; base64 makes a third more of them."""

_FORMS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class FetchedMedia:
    """The implementation of :class:`relay.ports.Media` over HTTP.

    Args:
        downloader: the way out.
        hosts: which of them make thumbnails.
    """

    def __init__(self, downloader: Downloader, hosts: Hosts) -> None:
        self._downloader = downloader
        self._hosts = hosts

    async def picture(self, attachment: Attachment, *, seconds: float) -> str:
        """See :class:`relay.ports.Media`. A storage that makes smaller forms is asked for one first."""
        if not attachment.url:
            raise MediumRefused("it came without an address")
        if self._hosts.makes_thumbnails(attachment.url):
            try:
                return await self._picture(_smaller(attachment.url), seconds / 2)
            except MediumGone:
                raise
            except MediumError:
                seconds /= 2
        return await self._picture(attachment.url, seconds)

    async def _picture(self, url: str, seconds: float) -> str:
        async with self._downloader.fetch(url, max_bytes=PICTURE_MAX_BYTES, seconds=seconds) as fetched:
            form = _form(fetched)
            return f"data:{form};base64,{base64.b64encode(fetched.body).decode()}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._downloader.aclose()


def _smaller(url: str) -> str:
    """The storage's own transform (``imageView``, from the source of the vendor's SDKs)."""
    joined = "&" if urlsplit(url).query else "?"
    return f"{url}{joined}imageView&thumbnail={THUMBNAIL_PIXELS}x{THUMBNAIL_PIXELS}"


def _form(fetched: Fetched) -> str:
    """What the bytes are, by how they begin.

    Raises:
        MediumRefused: no form that models take.
    """
    for begin, form in _FORMS:
        if fetched.body.startswith(begin):
            return form
    if fetched.body[:4] == b"RIFF" and fetched.body[8:12] == b"WEBP":
        return "image/webp"
    raise MediumRefused("it is no JPEG, PNG, GIF or WEBP")
