"""What the messages of the page carry beside words: for the bubble, for the inspector, and as bytes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from playground.im.attach import attachment_of
from playground.im.chats import Delivered
from playground.im.storage import PATH

SHOWN_AS = re.compile(r"image/(png|jpeg|gif|webp|bmp|avif)|(audio|video)/[\w.+-]+")
"""What a browser may show from here. All else is only offered to be kept: a page or an SVG could have a script."""


def for_the_page(message: Delivered) -> dict[str, Any] | None:
    """What a bubble shows beside words; None for a text.

    ``src`` leads to the page's own server: the page asks no other host for anything. What lies elsewhere has
    ``elsewhere``, which a person may follow.
    """
    attachment = attachment_of(message)
    if attachment is None:
        return None
    key = key_of(attachment.url)
    return {
        "kind": attachment.kind,
        "src": f"/api/media/{key}" if key else None,
        "elsewhere": attachment.url if not key and _is_web(attachment.url) else None,
        "name": attachment.name,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
        "milliseconds": attachment.milliseconds,
        "title": attachment.title,
        "latitude": attachment.latitude,
        "longitude": attachment.longitude,
        "words": attachment.words,
    }


def key_of(url: str) -> str:
    """The end of a URL of the emulator's storage; empty for any other one."""
    parts = urlsplit(url)
    key = parts.path.removeprefix(PATH)
    return key if parts.hostname == "127.0.0.1" and key != parts.path and re.fullmatch(r"[\w-]+", key) else ""


def served(request: web.Request, content: bytes, content_type: str) -> web.Response:
    """Bytes for the browser; a part of them where it asks for one, as players do."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": content_type}
    if not SHOWN_AS.fullmatch(content_type):
        headers |= {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
    try:
        asked = request.http_range
    except ValueError:
        return web.Response(status=416)
    if asked.start is None and asked.stop is None:
        return web.Response(body=content, headers=headers)
    begin, end, _ = asked.indices(len(content))
    if begin >= end:
        return web.Response(status=416)
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(content)}"
    return web.Response(status=206, body=content[begin:end], headers=headers)


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
