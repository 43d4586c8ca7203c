"""A file that is sent: its bytes put into the platform's storage, and the message that shows it.

The platform asks the sender for what an app shows before the bytes are there: size, name, width and height.
"""

from __future__ import annotations

import hashlib
import mimetypes
import struct
from typing import Literal

from relay.attachments import NAME_MAX_CHARS
from relay.outgoing import File, Picture, Video, Voice, extension_of
from relay.ports import Messenger

UploadKind = Literal["picture", "audio", "video", "file"]


async def upload(
    im: Messenger,
    content: bytes,
    *,
    kind: UploadKind,
    name: str,
    milliseconds: int = 0,
    content_type: str = "",
    seconds: float,
) -> Picture | Voice | Video | File:
    """Upload a file; what is returned is ready to be sent.

    Args:
        im: the way to the IM server.
        content: the bytes.
        kind: what it is shown as.
        name: of the file; its ending says what it is where ``content_type`` does not.
        milliseconds: how long a recording or a video lasts, 0 when it is not known.
        content_type: such as ``image/png``.
        seconds: for the upload.

    Raises:
        ImUnavailable, ImRejected: see :meth:`relay.ports.Messenger.upload`.
        ValueError: the name is blank.
    """
    guessed = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    url = await im.upload(content, guessed, seconds=seconds)
    ext, size = extension_of(name), len(content)
    name = name[-NAME_MAX_CHARS:]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()  # what the platform asks for
    if kind == "picture":
        width, height = size_of_picture(content)
        return Picture(url, name=name, ext=ext, md5=md5, size=size, width=width, height=height)
    if kind == "audio":
        return Voice(url, milliseconds, ext=ext, md5=md5, size=size)
    if kind == "video":
        return Video(url, milliseconds, name=name, ext=ext, md5=md5, size=size)
    return File(url, name, ext=ext, md5=md5, size=size)


def size_of_picture(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF, WebP or JPEG as its header says; (0, 0) for anything else."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
            return struct.unpack_from(">II", content, 16)
        if content.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack_from("<HH", content, 6)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
    except (struct.error, IndexError):  # cut off
        return 0, 0
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    """RFC 9649: three kinds of first chunks, each with the size in a form of its own."""
    match content[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return (
                int.from_bytes(content[24:27], "little") + 1,
                int.from_bytes(content[27:30], "little") + 1,
            )
    return 0, 0


def _jpeg(content: bytes) -> tuple[int, int]:
    """The first frame header (ITU T.81, B.2.2) behind segments that each tell their length."""
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
    return 0, 0
