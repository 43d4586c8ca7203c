"""The audio endpoints of the scripted model: as strict as OpenAI's, and honest about what they hear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from playground.control import Control
from playground.faults import FAULTS, Scope, Switches
from playground.im_server import ImServer
from playground.media import sounds
from playground.model.audio import FILE_MAX_BYTES, md5_of
from playground.model_server import Fault, ModelServer, Reply


@dataclass
class Asker:
    """Who asks the model server."""

    model: ModelServer
    session: aiohttp.ClientSession

    async def transcribe(
        self, content: bytes, name: str = "voice.mp3", key: str = "", **fields: str
    ) -> tuple[int, Any]:
        form = aiohttp.FormData({"model": "scripted", **fields})
        form.add_field("file", BytesIO(content), filename=name, content_type="audio/mpeg")
        url, headers = f"{self.model.url}/v1/audio/transcriptions", {"Authorization": f"Bearer {key}"}
        async with self.session.post(url, data=form, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())

    async def speak(self, **body: Any) -> tuple[int, str, bytes]:
        body = {"model": "scripted", "voice": "alloy", "input": "hello", **body}
        async with self.session.post(f"{self.model.url}/v1/audio/speech", json=body) as response:
            return response.status, response.content_type, await response.read()


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with ModelServer() as model, aiohttp.ClientSession() as session:
        yield Asker(model, session)


async def test_a_recording_is_heard_as_who_knows_its_bytes_has_said(asker: Asker) -> None:
    mp3 = sounds.to_mp3(sounds.tone(2))
    control = Control(asker.session, asker.model.url, "the model server")
    await control.call("POST", "heard", json={"md5": md5_of(mp3), "text": "What time is it?"})
    status, answer = await asker.transcribe(mp3)
    assert (status, answer["text"]) == (200, "What time is it?")


@pytest.mark.parametrize(
    ("content", "name", "heard"),
    [
        (sounds.tone(3.2), "a.wav", "a recording of 3.2 s"),
        (b"OggS" + bytes(100), "a.ogg", "a recording"),
        (b"\0\0\0\x18ftypM4A ", "a.m4a", "a recording"),
    ],
)
async def test_another_recording_is_described_by_its_length_as_far_as_that_is_known(
    asker: Asker, content: bytes, name: str, heard: str
) -> None:
    assert (await asker.transcribe(content, name))[1]["text"] == heard


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [("text", "a recording of 1.0 s"), ("verbose_json", "a recording of 1.0 s")],
)
async def test_the_form_of_the_answer_is_the_one_that_was_asked_for(
    asker: Asker, response_format: str, expected: str
) -> None:
    _, answer = await asker.transcribe(sounds.tone(1), "a.wav", response_format=response_format)
    assert (answer if response_format == "text" else answer["text"]) == expected


@pytest.mark.parametrize(
    ("content", "name", "fields", "param"),
    [
        (b"#!AMR\n" + bytes(100), "voice.amr", {}, "file"),
        (b"#!AMR\n" + bytes(100), "voice.mp3", {}, "file"),
        (sounds.tone(1), "voice", {}, "file"),
        (sounds.tone(0.05), "voice.wav", {}, "file"),
        (b"", "voice.mp3", {}, "file"),
        (sounds.tone(1), "voice.wav", {"model": ""}, "model"),
        (sounds.tone(1), "voice.wav", {"response_format": "srt"}, "response_format"),
    ],
)
async def test_what_a_real_server_would_not_take_is_refused_and_recorded(
    asker: Asker, content: bytes, name: str, fields: dict[str, str], param: str
) -> None:
    status, answer = await asker.transcribe(content, name, **fields)
    assert (status, answer["error"]["param"]) == (400, param)
    assert [request.status for request in asker.model.audio] == [400]


async def test_too_many_bytes_are_refused(asker: Asker) -> None:
    assert (await asker.transcribe(b"ID3" + bytes(FILE_MAX_BYTES), "a.mp3"))[0] == 413


async def test_a_request_that_is_no_form_is_refused(asker: Asker) -> None:
    url = f"{asker.model.url}/v1/audio/transcriptions"
    async with asker.session.post(url, json={"file": "x"}) as response:
        assert (response.status, (await response.json())["error"]["param"]) == (400, "file")


async def test_a_request_is_recorded_without_the_bytes_and_apart_from_the_chats(asker: Asker) -> None:
    wav = sounds.tone(1)
    await asker.transcribe(wav, "a.wav")
    (request,) = asker.model.audio
    assert request.path == "/v1/audio/transcriptions"
    assert request.body["file"] == {"name": "a.wav", "size": len(wav), "md5": md5_of(wav)}
    assert asker.model.requests == []
    assert request.messages == []


async def test_the_endpoints_have_a_script_of_their_own(asker: Asker) -> None:
    asker.model.next(Fault("server_error"))
    asker.model.hearing.next(Fault("rate_limited", retry_after_ms=5), Reply("as the script says"))
    assert (await asker.transcribe(sounds.tone(1), "a.wav"))[0] == 429
    assert (await asker.transcribe(sounds.tone(1), "a.wav"))[1]["text"] == "as the script says"
    assert (await asker.transcribe(sounds.tone(1), "a.wav"))[0] == 200


async def test_a_key_is_needed_where_the_chats_need_one(asker: Asker) -> None:
    async with ModelServer(key="k1") as model:
        strict = Asker(model, asker.session)
        assert (await strict.transcribe(sounds.tone(1), "a.wav"))[0] == 401
        assert (await strict.transcribe(sounds.tone(1), "a.wav", key="k1"))[0] == 200


@pytest.mark.parametrize(("form", "content_type"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
async def test_speech_is_a_sound_that_is_heard_as_its_words(
    asker: Asker, form: str, content_type: str
) -> None:
    status, kind, sound = await asker.speak(input="It is noon.", response_format=form)
    assert (status, kind) == (200, content_type)
    assert (sounds.seconds_of(sound) or 0) > 0.5
    assert (await asker.transcribe(sound, f"a.{form}"))[1]["text"] == "It is noon."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("voice", "nobody"),
        ("voice", None),
        ("input", ""),
        ("input", "x" * 4097),
        ("model", ""),
        ("response_format", "opus"),
        ("response_format", "midi"),
        ("speed", 9),
    ],
)
async def test_speech_that_a_real_server_or_this_one_would_not_make_is_refused(
    asker: Asker, field: str, value: Any
) -> None:
    status, _, answer = await asker.speak(**{field: value})
    assert (status, f'"param": "{field}"' in answer.decode()) == (400, True)


@pytest.mark.parametrize("name", ["voice-429", "voice-500"])
@pytest.mark.parametrize("scope", ["next", "on"])
async def test_a_fault_of_voices_is_met_by_the_next_recording(asker: Asker, name: str, scope: Scope) -> None:
    async with ImServer(app_key="k", secret="s") as im:
        parts = (Control(asker.session, url, "a part") for url in (im.url, asker.model.url))
        switches = Switches(next(parts), next(parts))
        await switches.turn_on(name, scope)
        await switches.arm("alice")
        expected = {"voice-429": 429, "voice-500": 500}[name]
        assert (await asker.transcribe(sounds.tone(1), "a.wav"))[0] == expected
        again = (await asker.transcribe(sounds.tone(1), "a.wav"))[0]
        assert again == (200 if scope == "next" else expected)
        await switches.turn_off()
        assert (await asker.transcribe(sounds.tone(1), "a.wav"))[0] == 200
    assert FAULTS[name].group == "Voice"
