"""A bot with a voice speaks the answer to a voice message beside its text; what fails costs the recording alone."""

from __future__ import annotations

import pytest

from relay.errors import ImUnavailable, MediumRefused, ModelUnavailable
from relay.outgoing import Voice
from relay.turn.speaking import milliseconds_of
from tests.doubles.speech import SECOND
from tests.kit import RelayKit

URL = "https://nim-nosdn.netease.im/abc"


@pytest.fixture
def speaking(relay: RelayKit) -> RelayKit:
    relay.configure_bot(transcribe={"model": "ears"}, speak={"model": "tts", "voice": "coral"})
    relay.media.transcripts[URL] = "hello"
    return relay


def voice(relay: RelayKit) -> None:
    relay.post("", msgType="AUDIO", attach={"url": URL, "dur": 3900})


def recordings(relay: RelayKit) -> list[Voice]:
    return [shown.medium for shown in relay.im.shown if isinstance(shown.medium, Voice)]


def test_the_answer_to_a_voice_message_is_spoken_behind_its_text(speaking: RelayKit) -> None:
    voice(speaking)
    text, spoken = speaking.im.shown
    assert (text.text, text.medium) == ("Hi alice", None)
    assert isinstance(spoken.medium, Voice)
    assert (spoken.medium.milliseconds, spoken.medium.ext, spoken.medium.size) == (1000, "mp3", len(SECOND))
    assert speaking.im.uploads[spoken.medium.url] == SECOND
    assert speaking.speech.spoken == ["Hi alice"]


def test_what_was_written_is_answered_in_writing_unless_it_is_always_spoken(speaking: RelayKit) -> None:
    speaking.post("hello")
    assert recordings(speaking) == []
    speaking.configure_bot(speak={"model": "tts", "when": "always"})
    speaking.clock.advance(1)
    speaking.post("hello")
    assert len(recordings(speaking)) == 1


@pytest.mark.parametrize("failure", [MediumRefused("HTTP 400"), ModelUnavailable("HTTP 429")])
def test_a_voice_that_fails_leaves_the_text(
    speaking: RelayKit, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    speaking.speech.failure = failure  # type: ignore[assignment]
    voice(speaking)
    assert speaking.replies == ["Hi alice"]
    assert "check speak" in caplog.text


def test_an_upload_that_fails_leaves_the_text(speaking: RelayKit) -> None:
    async def fail(content: bytes, content_type: str, *, seconds: float) -> str:
        raise ImUnavailable("result code 416")

    speaking.im.upload = fail  # type: ignore[method-assign]
    voice(speaking)
    assert speaking.replies == ["Hi alice"]


def test_a_retry_of_the_sending_speaks_and_uploads_nothing_again(speaking: RelayKit) -> None:
    speaking.im.script = [None, ImUnavailable("no answer")]
    voice(speaking)
    speaking.settle()
    assert len(recordings(speaking)) == 1
    assert speaking.replies.count("Hi alice") == 1
    assert len(speaking.speech.spoken) == 1
    assert len(speaking.im.uploads) == 1


def test_plain_texts_of_ours_are_not_spoken(speaking: RelayKit) -> None:
    speaking.configure_bot(enabled=False)
    voice(speaking)
    assert speaking.speech.spoken == []


def test_a_recording_is_not_remembered_as_words(speaking: RelayKit) -> None:
    voice(speaking)
    speaking.clock.advance(1)
    speaking.post("and?")
    assert ("assistant", "Hi alice") in speaking.model.asked()[-1]


@pytest.mark.parametrize(
    ("mp3", "milliseconds"),
    [
        (SECOND, 1000),
        (b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + SECOND, 1000),
        (b"\xff\xf3\x80\x00" + bytes(7996), 1000),  # MPEG-2, 64 kbit/s
        (b"\xff\xfb\x00\x00" + bytes(100), 0),
        (b"\xff\xf3\x00\x00" + bytes(100), 0),
        (b"no MP3 at all", 0),
        (b"", 0),
    ],
)
def test_how_long_an_mp3_lasts_is_in_its_first_frame(mp3: bytes, milliseconds: int) -> None:
    assert milliseconds_of(mp3) == milliseconds
