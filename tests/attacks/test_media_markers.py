"""What ``/forget`` leaves of a medium: a search for what it held in every table, queue, log line and span."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from relay.errors import MediumRefused, ModelUnavailable
from tests.kit import RelayKit
from tests.tracing import finished_spans

MARKS = ("mark-url", "mark-name", "mark-md5", "mark-words", "mark-caption", "mark-title", "mark-thing")
URL = "https://nim-nosdn.netease.im/mark-url"
FETCHED = {"url": URL, "name": "mark-name.txt", "md5": "mark-md5", "size": 10}

SENT: dict[str, tuple[str, dict[str, Any]]] = {
    "a voice message": ("AUDIO", FETCHED),
    "a file": ("FILE", FETCHED),
    "a picture": ("PICTURE", FETCHED),
    "a video": ("VIDEO", FETCHED),
    "a place": ("LOCATION", {"lat": 1, "lng": 2, "title": "mark-title"}),
    "a custom message": ("CUSTOM", {"thing": "mark-thing"}),
}


def stored(relay: RelayKit) -> str:
    """Everything in every table and queue."""
    queued = [(name, relay.queues.texts(name)) for name in relay.queues.queues]
    return f"{relay.tables.tables}{queued}"


def marks_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


@pytest.fixture
def hearing(relay: RelayKit) -> RelayKit:
    kinds = ["text", "picture", "audio", "video", "file", "location", "custom"]
    relay.configure_bot(transcribe={"model": "gpt-transcribe"}, kinds=kinds)
    relay.media.transcripts[URL] = relay.media.texts[URL] = "mark-words"
    relay.media.pictures[URL] = "data:image/png;base64,mark-words"
    return relay


@pytest.mark.parametrize("kind", SENT)
@pytest.mark.parametrize("trouble", ["none", "a retry", "no words"])
def test_forget_leaves_nothing_of_a_medium_anywhere(
    hearing: RelayKit, kind: str, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    finished = finished_spans()
    finished.clear()
    if trouble == "a retry":
        hearing.model.script = [ModelUnavailable("HTTP 503")]
    if trouble == "no words":
        hearing.media.transcripts[URL] = hearing.media.texts[URL] = hearing.media.pictures[URL] = (
            MediumRefused("it is no medium")
        )
    name, attach = SENT[kind]
    hearing.post("mark-caption", msgType=name, attach=attach, run=False)
    assert marks_in(stored(hearing)) != []
    hearing.settle()
    assert marks_in(stored(hearing)) != []  # it is remembered
    hearing.clock.advance(1)
    hearing.post("/forget")
    hearing.settle()
    assert marks_in(stored(hearing)) == []
    assert marks_in(caplog.text) == []
    assert marks_in("".join(span.to_json() for span in finished.all())) == []
