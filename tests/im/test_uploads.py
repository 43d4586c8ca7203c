"""Uploading: the request, what is told of the answers, and what a message says of its file."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from relay.errors import ImRejected, ImUnavailable
from relay.im.hosts import ApiVersion
from relay.im.requests import UPLOAD_MAX_BYTES, upload_request
from relay.im.uploads import size_of_picture, upload
from relay.outgoing import File, Picture, Video, Voice
from tests.doubles import RecordingMessenger
from tests.im.api_server import ApiServer, Fault, calling

URL = "https://sf.nos.netease.im/a"
UPLOADED: dict[str, Any] = {"code": 200, "url": URL}


async def put(api: ApiServer, content: bytes = b"bytes", version: ApiVersion = "v2") -> str:
    async with calling(api, version) as im:
        return await im.upload(content, "image/png", seconds=4)


@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_an_upload_is_a_signed_form_of_v1_whatever_version_sends(
    api: ApiServer, version: ApiVersion
) -> None:
    api.script = [UPLOADED]
    content = bytes(range(256)) * 3
    assert await put(api, content, version) == URL
    (call,) = api.calls
    assert call.path == "/nimserver/msg/upload.action"
    assert call.form == {
        "type": "image/png",
        "ishttps": "true",
        "content": base64.b64encode(content).decode(),
    }
    assert {"AppKey", "Nonce", "CurTime", "CheckSum", "RequestId"} <= call.headers.keys()


async def test_a_lost_answer_is_tried_again_under_an_id_of_its_own(api: ApiServer) -> None:
    api.script = [Fault.CLOSE, UPLOADED]
    assert await put(api) == URL
    assert len({call.headers["RequestId"] for call in api.calls}) == 2


@pytest.mark.parametrize("answer", [{"code": 500}, {"code": 414, "desc": "content is empty"}, {"code": 200}])
async def test_no_url_is_an_outage(api: ApiServer, answer: dict[str, Any]) -> None:
    api.script = [answer] * 3
    with pytest.raises(ImUnavailable):
        await put(api)


@pytest.mark.parametrize("content", [b"", bytes(UPLOAD_MAX_BYTES + 1)])
async def test_nothing_and_too_much_are_refused_without_a_request(api: ApiServer, content: bytes) -> None:
    with pytest.raises(ImRejected):
        await put(api, content)
    with pytest.raises(ImRejected):
        await RecordingMessenger().upload(content, "image/png", seconds=4)
    assert api.calls == []


def test_the_largest_upload_is_within_what_the_platform_takes() -> None:
    assert UPLOAD_MAX_BYTES * 4 / 3 < 15_000_000
    body = upload_request(b"\xff\xef\xbe" * 10, "a/b", "id").body
    assert body.count(b"%2F") + body.count(b"%2B") == 40 + 1  # and nothing that a form would read otherwise


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"


JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"  # a segment, a fill byte, a table, the frame
    b"\xff\xff\xc4\0\x05\0\0\0\xff\xc2\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\x03\x01\x11\0"
)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(640, 480), (640, 480)),
        (JPEG, (640, 480)),
        (b"GIF89a" + struct.pack("<HH", 640, 480), (640, 480)),
        (
            b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480 | 0x4000),
            (640, 480),
        ),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14), (640, 480)),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0", (640, 480)),
        (b"RIFF\0\0\0\0WEBPALPH", (0, 0)),
        (b"%PDF-1.7", (0, 0)),
        (b"", (0, 0)),
        (b"\xff\xd8no segment", (0, 0)),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_header(content: bytes, size: tuple[int, int]) -> None:
    assert size_of_picture(content) == size


@pytest.mark.parametrize("whole", [png(640, 480), JPEG])
def test_a_picture_that_is_cut_off_has_no_size_and_is_no_error(whole: bytes) -> None:
    assert {size_of_picture(whole[:n]) for n in range(len(whole))} <= {(0, 0), (640, 480)}


async def test_what_is_uploaded_says_what_an_app_shows_before_the_bytes_are_there() -> None:
    im = RecordingMessenger()
    md5 = "4b3a6218bb3e3a7303e8a171a60fcf92"  # of b"bytes"
    picture = await upload(im, png(4, 3), kind="picture", name="a.PNG", seconds=5)
    assert isinstance(picture, Picture)
    assert (picture.width, picture.height, picture.ext, picture.name) == (4, 3, "png", "a.PNG")
    voice = await upload(im, b"bytes", kind="audio", name="a.mp3", milliseconds=3900, seconds=5)
    assert isinstance(voice, Voice)
    assert (voice.milliseconds, voice.ext, voice.size, voice.md5) == (3900, "mp3", 5, md5)
    video = await upload(im, b"bytes", kind="video", name="a.mp4", milliseconds=7, seconds=5)
    assert isinstance(video, Video)
    assert (video.milliseconds, video.name) == (7, "a.mp4")
    file = await upload(im, b"bytes", kind="file", name="report", seconds=5)
    assert file == File(file.url, "report", md5=md5, size=5)
    assert im.uploads[file.url] == b"bytes"
