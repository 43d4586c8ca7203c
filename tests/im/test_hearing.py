"""The platform's own speech recognition: the request, and what is told of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from relay.attachments import Attachment
from relay.errors import ImRejected, ImUnavailable
from relay.im.hosts import ApiVersion
from tests.im.api_server import ApiServer, calling

URL = "https://nim-nosdn.netease.im/a"
HEARD: dict[str, Any] = {"code": 200, "msg": "success", "data": {"text": " hello "}}


async def heard(api: ApiServer, version: ApiVersion = "v2", url: str = URL, ext: str = "aac") -> str:
    async with calling(api, version) as im:
        recording = Attachment("audio", url=url, ext=ext, milliseconds=3900)
        return await im.transcribe("helper", recording, seconds=4)


@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_a_recording_is_named_to_v2_whatever_version_sends(api: ApiServer, version: ApiVersion) -> None:
    api.script = [HEARD]
    assert await heard(api, version) == "hello"
    (call,) = api.calls
    assert call.path == "/im/v2/tools/asr"
    assert call.json == {
        "operator_account_id": "helper",
        "url": URL,
        "format": "aac",
        "sample_rate": 16000,
        "duration": 3900,
    }


@pytest.mark.parametrize(
    ("url", "asked"),
    [(URL, f"{URL}?audioTrans&type=mp3"), (f"{URL}?createTime=1", f"{URL}?createTime=1&audioTrans&type=mp3")],
)
async def test_a_form_that_it_does_not_take_is_heard_as_the_mp3_of_the_storage(
    api: ApiServer, url: str, asked: str
) -> None:
    api.script = [HEARD]
    await heard(api, url=url, ext="amr")
    assert (api.calls[0].json["url"], api.calls[0].json["format"]) == (asked, "mp3")


async def test_a_recording_that_it_refuses_is_at_fault_itself(api: ApiServer) -> None:
    api.script = [{"code": 414, "msg": "parameter error"}]
    with pytest.raises(ImRejected):
        await heard(api)


async def test_a_platform_that_cannot_hear_now_is_waited_for(api: ApiServer) -> None:
    api.script = [{"code": 503, "msg": "busy"}] * 5
    with pytest.raises(ImUnavailable):
        await heard(api)


async def test_an_answer_without_a_text_heard_nothing(api: ApiServer) -> None:
    api.script = [{"code": 200, "data": None}]
    assert await heard(api) == ""
