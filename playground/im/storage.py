"""The platform's storage of media: what users attach lies here, under URLs that nobody can guess.

As the vendor's (docs of the SDKs; source of the web SDK for the transforms): a URL has no extension and no other
protection, and a query asks for the same in another form:

=============================================  =====================================================================
``imageView&thumbnail=WxH``                    the picture made to fit into a box
``audioTrans&type=mp3``                        the sound as MP3; here of MP3 and WAV only
``vframe&offset=0&resize=WxH&type=png``        the first picture of the film; here of Motion JPEG, or the one that came
                                               with it
=============================================  =====================================================================

Any other form, and what cannot be converted here, is 400 with a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from aiohttp import web

from playground.im.chats import wall_clock_ms
from playground.im.shelf import Stored, keep_medium, kept_media
from playground.media import Unreadable, films, pictures, sounds
from playground.record import Record

PATH = "/media/"

ITEM_MAX_BYTES = 15 * 1024 * 1024
"""The platform's limit for what the server API uploads (doc zQyNDM0NzE)."""

TOTAL_MAX_BYTES = 256 * 1024 * 1024
"""Beyond it, what was stored first is dropped."""

SIDE_MAX = 4096
"""Of a box that a picture is to fit into."""

FaultKind = Literal["gone", "forbidden", "error", "slow", "too_large", "wrong_type", "redirect"]

SLOW_SECONDS = 60.0
ELSEWHERE = "http://169.254.169.254/metadata/instance"
"""Where a redirect leads: the address by which a cloud tells a machine its secrets."""

_STATUS: Mapping[FaultKind, int] = {"gone": 404, "forbidden": 403, "error": 500}
_BOX = re.compile(r"(\d{1,4})x(\d{1,4})")


class StorageFull(ValueError):
    """More than the storage takes; the message names the limit."""


@dataclass(frozen=True, slots=True)
class StorageFault:
    """What the storage does instead of handing something out, in whatever form it is asked for.

    Attributes:
        kind: ``gone`` (404), ``forbidden`` (403), ``error`` (500); ``slow``: no answer for a minute;
            ``too_large``: more bytes than anybody takes; ``wrong_type``: a web page; ``redirect``: sends the
            reader to a private address.
        lasting: for everything until the faults end; else for what the next message carries.
    """

    kind: FaultKind
    lasting: bool = False


@dataclass(slots=True)
class Fetch:
    """One request for something.

    Attributes:
        number: counts them.
        at: Unix milliseconds.
        url: without the query.
        form: the query: what form was asked for; empty for the thing itself.
        status: HTTP status; None before the answer.
        content_type, bytes: of the answer.
        milliseconds: until it began.
    """

    number: int
    at: int
    url: str
    form: str
    status: int | None = None
    content_type: str = ""
    bytes: int = 0
    milliseconds: int | None = None


@dataclass
class Storage:
    """What is stored, and the way to it. Bounded: what was stored first goes first.

    Attributes:
        record: gets each request.
        host: ``127.0.0.1:PORT``, once it is served.
        max_bytes: of all together.
        fetches: the requests so far.
        released: set it to end the answers that are slow on purpose.
    """

    record: Record
    host: str = ""
    max_bytes: int = TOTAL_MAX_BYTES
    fetches: list[Fetch] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _items: dict[str, Stored] = field(default_factory=dict)
    _waiting: list[StorageFault] = field(default_factory=list)
    _lasting: StorageFault | None = None
    _stuck: dict[str, StorageFault] = field(default_factory=dict)
    _folder: Path | None = None

    def keep_in(self, folder: Path) -> None:
        """Keep everything in a folder, too, in which an earlier process may have kept something."""
        self._folder, self._items = folder, kept_media(folder)

    def put(self, content: bytes, content_type: str) -> str:
        """Store something; returns its URL.

        Raises:
            StorageFull: it is too large.
        """
        key = secrets.token_urlsafe(24)
        self._keep(key, Stored(content, content_type))
        return f"http://{self.host}{PATH}{key}"

    def put_frame(self, url: str, frame: bytes) -> None:
        """Store the first picture of a film that lies here.

        Raises:
            StorageFull: it is too large.
            KeyError: there is nothing at this URL.
        """
        self._keep(self._key(url), replace(self._items[self._key(url)], frame=frame))

    def get(self, url: str) -> Stored | None:
        """What lies at a URL of this storage, or at the one that ends with this key; None for another one."""
        return self._items.get(self._key(url))

    def fail(self, fault: StorageFault) -> None:
        """Let it misbehave: from now on, or for what the next message carries."""
        if fault.lasting:
            self._lasting = fault
        else:
            self._waiting.append(fault)

    def sent(self, url: str) -> None:
        """A message is sent, with this URL or without one (``""``): the fault that waits is for it, or for nothing."""
        if self._waiting and self._key(url) in self._items:
            self._stuck[self._key(url)] = self._waiting[-1]
        self._waiting.clear()

    def behave(self) -> None:
        """Drop all faults, and answer what was slow."""
        self._waiting.clear()
        self._stuck.clear()
        self._lasting = None
        self.released.set()
        self.released = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Where it is read."""
        return [web.get(PATH + "{key}", self._serve)]

    def _keep(self, key: str, item: Stored) -> None:
        if item.size > ITEM_MAX_BYTES:
            raise StorageFull(f"the platform's storage takes at most {ITEM_MAX_BYTES // 1024**2} MB")
        self._items[key] = item
        if self._folder:
            keep_medium(self._folder, key, item)
        while sum(kept.size for kept in self._items.values()) > self.max_bytes:
            dropped = next(iter(self._items))
            del self._items[dropped]
            if self._folder:
                (self._folder / dropped).unlink(missing_ok=True)

    def _key(self, url: str) -> str:
        return url.partition("?")[0].removeprefix(f"http://{self.host}{PATH}")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        fetch = Fetch(
            len(self.fetches),
            wall_clock_ms(),
            f"http://{self.host}{request.path}",
            request.raw_path.partition("?")[2],
        )
        self.fetches.append(fetch)
        await self.record.add("fetch", fetch)
        fault = self._stuck.get(key) or self._lasting
        if fault is not None and key in self._items:
            response = await self._misbehave(fault)
        else:
            response = await self._hand_out(key, request)
        fetch.status, fetch.content_type = response.status, response.content_type
        fetch.bytes = response.content_length or 0
        fetch.milliseconds = wall_clock_ms() - fetch.at
        await self.record.add("fetch", fetch)
        return response

    async def _hand_out(self, key: str, request: web.Request) -> web.Response:
        item = self._items.get(key)
        if item is None:
            return web.Response(status=404, text="there is no such object")
        try:
            content, content_type = await asyncio.to_thread(transformed, item, dict(request.query))
        except Unreadable as error:
            return web.Response(status=400, text=str(error))
        return web.Response(body=content, headers={"Content-Type": content_type})

    async def _misbehave(self, fault: StorageFault) -> web.Response:
        match fault.kind:
            case "slow":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.released.wait(), SLOW_SECONDS)
                return web.Response(status=504)
            case "too_large":
                return web.Response(
                    body=b"\xff\xd8\xff" + bytes(ITEM_MAX_BYTES * 2), content_type="image/jpeg"
                )
            case "wrong_type":
                return web.Response(text="<!doctype html><p>Please sign in.</p>", content_type="text/html")
            case "redirect":
                return web.Response(status=302, headers={"Location": ELSEWHERE})
        return web.Response(status=_STATUS[fault.kind])


def transformed(item: Stored, query: Mapping[str, str]) -> tuple[bytes, str]:
    """What lies here in the form that a query asks for, and its content type.

    Raises:
        Unreadable: it cannot be had in that form here.
    """
    if "imageView" in query:
        return pictures.fitted(item.content, *_box(query.get("thumbnail", "")))
    if "audioTrans" in query:
        if query.get("type") != "mp3":
            raise Unreadable("audioTrans makes mp3 only")
        return sounds.to_mp3(item.content), "audio/mpeg"
    if "vframe" in query:
        if query.get("type") != "png":
            raise Unreadable("vframe makes png only")
        box = _box(query["resize"]) if "resize" in query else (0, 0)
        if item.frame:
            return pictures.as_png(item.frame, *box), "image/png"
        return films.first_frame(item.content, *box), "image/png"
    return item.content, item.content_type


def _box(size: str) -> tuple[int, int]:
    found = _BOX.fullmatch(size)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= width <= SIDE_MAX or not 1 <= height <= SIDE_MAX:
        raise Unreadable(f"a box is WIDTHxHEIGHT, of at most {SIDE_MAX} pixels each")
    return width, height
