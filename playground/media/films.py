"""Films: made, and their first picture taken out, where that is a JPEG: there is no video decoder here."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from playground.media import Unreadable
from playground.media.pictures import as_png, draw

DESCRIBED = re.compile(r"([a-z]+ \d{1,4}x\d{1,4}) (\d{1,3})s")
"""A film in words: ``blue 320x240 2s``."""

JPEG_BEGIN = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was made.

    Attributes:
        content: an AVI with one picture a second, each a JPEG (Motion JPEG); browsers do not play it.
        milliseconds: how long it is.
    """

    content: bytes
    milliseconds: int


def shoot(described: str) -> Film:
    """A film of one colour.

    Raises:
        Unreadable: it is not described as in ``blue 320x240 2s``.
    """
    found = DESCRIBED.fullmatch(described)
    if found is None or found[2] == "0":
        raise Unreadable('a film is described as in "blue 320x240 2s"')
    picture, seconds = draw(found[1], "JPEG"), int(found[2])
    width, height = map(int, found[1].split(" ")[1].split("x"))
    return Film(_avi(picture, width, height, seconds), seconds * 1000)


def first_frame(content: bytes, width: int = 0, height: int = 0) -> bytes:
    """The first picture as PNG, made to fit into a box.

    Raises:
        Unreadable: the film is not made of JPEGs.
    """
    begin = content.find(JPEG_BEGIN)
    if content[:4] != b"RIFF" or begin < 0:
        raise Unreadable("of films, only Motion JPEG is decoded here")
    return as_png(content[begin:], width, height)


def _avi(picture: bytes, width: int, height: int, seconds: int) -> bytes:
    """One picture a second (Microsoft: AVI RIFF File Reference)."""
    bitmap = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    main = struct.pack("<14I", 1_000_000, 0, 0, 0, seconds, 0, 1, len(picture), width, height, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIII4H", 0, 0, 0, 0, 1, 1, 0, seconds, len(picture), 0, 0, 0, 0, width, height
    )
    streams = _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", bitmap))
    body = _list(b"hdrl", _chunk(b"avih", main) + streams) + _list(
        b"movi", _chunk(b"00dc", picture) * seconds
    )
    return _chunk(b"RIFF", b"AVI " + body)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
