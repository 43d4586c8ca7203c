"""What was spoken or written in a file becomes words: once, before the model is asked, and kept on the row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import (
    ImRejected,
    ImUnavailable,
    MediumError,
    MediumGone,
    MediumRefused,
    MediumUnavailable,
    ModelOverflow,
    ModelUnavailable,
)
from relay.texts import RELAYS_OWN, Text
from relay.turn.overflow import CUT
from tests.kit import RelayKit

URL = "https://nim-nosdn.netease.im/abc"
EARS = {"model": "gpt-transcribe"}


@pytest.fixture
def hearing(relay: RelayKit) -> RelayKit:
    relay.configure_bot(transcribe=EARS)
    return relay


def voice(relay: RelayKit, *, url: str = URL, **fields: Any) -> None:
    relay.post(fields.pop("text", ""), msgType="AUDIO", attach={"url": url, "dur": 3900}, **fields)


def file(relay: RelayKit, *, name: str = "notes.txt", url: str = URL, **fields: Any) -> None:
    attach = {"url": url, "name": name, "ext": name.rpartition(".")[2], "size": 12_000}
    relay.post(fields.pop("text", ""), msgType="FILE", attach=attach, **fields)
    relay.settle()


def said(relay: RelayKit, place: int = -1) -> dict[str, Any]:
    fields = json.loads(relay.model.prompts[-1].messages[place].content)
    assert isinstance(fields, dict)
    return fields


def test_a_voice_message_is_answered_as_what_was_spoken(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = "when do you open?"
    voice(hearing)
    assert said(hearing)["sent"] == "a voice message, 4 s"
    assert said(hearing)["words"] == "when do you open?"
    assert len(hearing.model.prompts) == 1
    assert hearing.replies == ["Hi alice"]


@pytest.fixture
def heard_by_im(relay: RelayKit) -> RelayKit:
    relay.configure_bot(transcribe="im")
    return relay


def test_the_im_server_can_hear_in_the_place_of_a_model(heard_by_im: RelayKit) -> None:
    heard_by_im.im.transcripts[URL] = "when do you open?"
    voice(heard_by_im)
    assert said(heard_by_im)["words"] == "when do you open?"
    assert heard_by_im.media.fetched == []


def test_an_im_server_that_cannot_hear_now_is_waited_for(heard_by_im: RelayKit) -> None:
    heard_by_im.im.transcripts[URL] = ImUnavailable("result code 416")
    voice(heard_by_im)
    assert heard_by_im.replies == []
    heard_by_im.im.transcripts[URL] = ImRejected("result code 414")
    heard_by_im.settle()
    assert heard_by_im.replies == [RELAYS_OWN.not_understood.en]


def test_a_later_turn_remembers_what_was_spoken_without_hearing_it_again(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = "my name is Ann"
    voice(hearing)
    hearing.clock.advance(1)
    hearing.media.fetched.clear()
    hearing.post("what is my name?")
    assert said(hearing, 1)["words"] == "my name is Ann"
    assert hearing.media.fetched == []


def test_a_retry_hears_nothing_twice(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = "hello"
    hearing.model.script = [ModelUnavailable("HTTP 503")]
    voice(hearing)
    hearing.settle()
    assert hearing.media.fetched == [URL]
    assert hearing.replies == ["Hi alice"]


def test_a_process_that_dies_after_it_has_heard_leaves_the_words(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = "hello"
    hearing.model.script = [lambda prompt: hearing.kill_host()]
    voice(hearing)
    hearing.settle()
    assert hearing.media.fetched == [URL]
    assert hearing.replies == ["Hi alice"]


def test_ears_that_are_throttled_are_waited_for_like_a_model(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = [ModelUnavailable("HTTP 429", retry_after=5), "hello"]
    voice(hearing)
    assert hearing.replies == []
    hearing.settle()
    assert hearing.replies == ["Hi alice"]
    assert said(hearing)["words"] == "hello"


def test_ears_that_stay_away_end_in_one_plain_failure_text(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = ModelUnavailable("HTTP 503")
    voice(hearing)
    hearing.settle()
    assert hearing.replies == [RELAYS_OWN.failed.en]
    assert len(hearing.failed) == 1


def test_words_before_a_recording_that_has_to_wait_are_answered(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = [ModelUnavailable("HTTP 429"), "and this"]
    hearing.post("first", run=False)
    hearing.clock.advance(0.001)
    voice(hearing, run=False)
    hearing.settle()
    assert hearing.model.prompts[0].messages[-1].content == "first"
    assert said(hearing)["words"] == "and this"
    assert len(hearing.replies) == 2


@pytest.mark.parametrize("heard", [MediumRefused("HTTP 400"), "", MediumGone("HTTP 404")])
def test_voice_that_nobody_understands_is_answered_plainly(
    hearing: RelayKit, heard: str | MediumError
) -> None:
    hearing.media.transcripts[URL] = heard
    voice(hearing)
    assert hearing.replies == [RELAYS_OWN.not_understood.en]
    assert hearing.model.prompts == []


def test_a_download_that_fails_for_a_moment_is_tried_once_more(hearing: RelayKit) -> None:
    hearing.media.transcripts[URL] = [MediumUnavailable("late"), "hello"]
    voice(hearing)
    assert said(hearing)["words"] == "hello"
    hearing.media.transcripts[URL] = MediumUnavailable("late")
    hearing.media.fetched.clear()
    voice(hearing)
    assert hearing.media.fetched == [URL, URL]
    assert hearing.replies[-1] == RELAYS_OWN.not_understood.en


@pytest.mark.parametrize(
    ("ears", "line"), [(EARS, RELAYS_OWN.did_not_hear), (None, RELAYS_OWN.does_not_listen)]
)
def test_beside_words_the_user_reads_that_the_voice_was_not_heard(
    relay: RelayKit, ears: dict[str, str] | None, line: Text
) -> None:
    if ears:
        relay.configure_bot(transcribe=ears)
    voice(relay, text="listen to this", run=False)
    relay.settle()
    assert relay.replies == [f"Hi alice\n\n{line.en}"]
    assert relay.model.asked()[-1][-1][1].count("listen to this") == 1


def test_a_file_is_read(relay: RelayKit) -> None:
    relay.media.texts[URL] = "Line one\nLine two\n"
    file(relay, text="sum this up")
    assert said(relay)["sent"] == "a file, notes.txt, 12 kB"
    assert said(relay)["words"] == "Line one\nLine two"
    assert relay.replies == ["Hi alice"]


def test_a_long_file_is_cut_with_a_mark_and_further_in_later_windows(relay: RelayKit) -> None:
    relay.configure_bot(file_characters=3000)
    relay.media.texts[URL] = "x" * 5000
    file(relay)
    assert said(relay)["words"] == "x" * 3000 + CUT
    relay.post("and?")
    assert said(relay, 1)["words"] == "x" * 2000 + CUT


@pytest.mark.parametrize(
    ("found", "told", "line"),
    [
        (MediumRefused("it is no text"), "it could not be read", ""),
        (MediumGone("HTTP 404"), "it is no longer there", RELAYS_OWN.cannot_open.en),
        (MediumUnavailable("late"), "it could not be fetched", RELAYS_OWN.cannot_open.en),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    relay: RelayKit, found: MediumError, told: str, line: str
) -> None:
    relay.media.texts[URL] = found
    file(relay)
    assert said(relay)["sent"] == f"a file, notes.txt, 12 kB; {told}"
    assert relay.replies == ["\n\n".join(filter(None, ("Hi alice", line)))]


def test_files_that_hold_no_text_are_not_fetched(relay: RelayKit) -> None:
    file(relay, name="all.zip")
    relay.configure_bot(file_characters=0)
    file(relay)
    assert relay.media.fetched == []


def test_of_a_file_that_is_too_long_for_the_model_less_is_shown(relay: RelayKit) -> None:
    relay.media.texts[URL] = "x" * 20_000
    relay.model.script = [ModelOverflow("HTTP 400"), ModelOverflow("HTTP 400")]
    file(relay)
    assert [len(json.loads(p.messages[-1].content)["words"]) - len(CUT) for p in relay.model.prompts[1:]] == [
        10_000,
        (10_000 + len(CUT)) // 2,
    ]
    assert relay.replies == ["Hi alice"]


def test_what_is_forgotten_while_it_is_heard_is_not_asked_about(hearing: RelayKit) -> None:
    def forget(url: str) -> str:
        hearing.clock.advance(0.001)
        hearing.post("/forget")
        return "a secret"

    hearing.media.on_fetch = forget
    voice(hearing)
    hearing.settle()
    assert hearing.model.prompts == []
    assert "a secret" not in str(hearing.tables.rows())


def test_what_is_limited_or_switched_off_is_not_heard(hearing: RelayKit) -> None:
    hearing.configure_bot(enabled=False)
    voice(hearing)
    hearing.configure_bot(enabled=True, limits={"per_sender": {"minute": 1}})
    hearing.media.transcripts[URL] = "hello"
    voice(hearing)
    voice(hearing)
    assert hearing.media.fetched == [URL]


def test_at_most_eight_media_are_answered_together(hearing: RelayKit) -> None:
    for number in range(10):
        hearing.media.transcripts[f"{URL}{number}"] = f"words {number}"
        voice(hearing, url=f"{URL}{number}", run=False)
        hearing.clock.advance(0.001)
    release = hearing.hold_lease()
    hearing.run()
    release()
    hearing.settle()
    asked = [sum(m.role == "user" for m in prompt.messages) for prompt in hearing.model.prompts]
    assert asked == [8, 10]  # the second time with the eight before
    assert len(hearing.media.fetched) == 10


def test_a_medium_costs_one_write_more_than_words(hearing: RelayKit) -> None:
    hearing.post("hello")
    hearing.tables.calls.clear()
    hearing.clock.advance(1)
    hearing.post("hello")
    words = len(hearing.tables.calls)
    hearing.tables.calls.clear()
    hearing.clock.advance(1)
    hearing.media.transcripts[URL] = "hello"
    voice(hearing)
    assert len(hearing.tables.calls) == words + 1
