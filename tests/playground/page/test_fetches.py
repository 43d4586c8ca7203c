"""The timeline tells what was fetched, heard and spoken, in the turn that did it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from playground.page.steps import Step
from playground.page.timeline import timeline_of
from relay import spans
from tests.playground.page.story import BEGAN, Story, answered_turn

URL = "http://127.0.0.1:8766/media/key"
_numbers = count(10_000)


def carried(story: Story, msg_type: str = "PICTURE", url: str = URL, to: str = "helper") -> str:
    """A user's message that carries something is in the chat; returns its id."""
    message = story.says("", to=to)
    told = story.journal.messages[message]
    fields = {name: getattr(told, name) for name in told.__slots__}
    story.journal.add({"kind": "message", **fields, "msg_type": msg_type, "attach": json.dumps({"url": url})})
    return message


def fetched(story: Story, at: int, *, url: str = URL, form: str = "", status: int | None = 200) -> None:
    """The storage got a request."""
    story.journal.add(
        {
            "kind": "fetch",
            "number": next(_numbers),
            "at": BEGAN + at,
            "url": url,
            "form": form,
            "status": status,
            "content_type": "image/png",
            "bytes": 99,
            "milliseconds": None if status is None else 3,
        }
    )


def sounded(
    story: Story, at: int, path: str = "transcriptions", *, status: int | None = 200, answer: Any = None
) -> None:
    """An audio endpoint got a request."""
    story.journal.add(
        {
            "kind": "request",
            "number": next(_numbers),
            "at": BEGAN + at,
            "path": f"/v1/audio/{path}",
            "headers": {},
            "body": {"model": "ear", "file": {"md5": "1"}},
            "status": status,
            "answer": json.dumps({"text": "What time is it?"} if answer is None else answer),
            "milliseconds": 4,
        }
    )


def turn_of(story: Story, message: str, *more: str) -> Step:
    """The turn that answered the message, from 60 to 160 ms; with ``more``, a medium's span inside, and one in that."""
    trace = story.posted(message)
    story.span(trace, spans.WEBHOOK, 1, 10, MESSAGE="aaa", parent="1" * 16)
    turn = answered_turn(story, trace, "aaa", 60, reply="r1", covers=["aaa"])
    parent: Any = turn
    for name in more:
        parent = story.span(trace, name, 75, 20, parent=parent, MEDIUM_KIND="audio")
    story.called("r1", 112)
    story.replies("hi", 115, client_id="r1")
    story.settle()
    (found,) = (step for step in timeline_of(story.journal, message).steps if step.kind == "turn")
    return found


def media(step: Step) -> list[tuple[str, str, str]]:
    """Title, status and summary of what a step did with media itself."""
    return [(one.title, one.status, one.summary) for one in step.children if one.kind == "media"]


def test_what_was_fetched_is_a_step_of_the_turn_with_the_form() -> None:
    story = Story()
    message = carried(story)
    fetched(story, 80, form="imageView&thumbnail=1536x1536")
    turn = turn_of(story, message)
    assert media(turn) == [("Fetched from the storage: picture", "ok", "made smaller, image/png, 99 bytes")]
    (step,) = (one for one in turn.children if one.kind == "media")
    assert step.details[0].value == f"GET {URL}?imageView&thumbnail=1536x1536"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, ("error", "404: it is no longer there")),
        (500, ("error", "500: the storage refused")),
        (None, ("waiting", "not answered yet")),
    ],
)
def test_what_did_not_come_is_said_so(status: int | None, expected: tuple[str, str]) -> None:
    story = Story()
    message = carried(story)
    fetched(story, 80, status=status)
    assert media(turn_of(story, message)) == [("Fetched from the storage: picture", *expected)]


def test_what_another_turn_or_another_chat_fetched_is_not_shown() -> None:
    story = Story()
    message = carried(story)
    carried(story, url=f"{URL}2", to="translator")
    fetched(story, 500)
    fetched(story, 80, url=f"{URL}2")
    fetched(story, 80, url=f"{URL}3")
    assert media(turn_of(story, message)) == []


def test_without_spans_what_is_heard_is_told_by_time() -> None:
    story = Story()
    message = carried(story, "AUDIO")
    sounded(story, 80)
    sounded(story, 90, "speech", answer={})
    assert media(turn_of(story, message)) == [
        ("Transcription asked: ear", "ok", "heard: What time is it?"),
        ("Speech asked: ear", "ok", "a sound was made of the words"),
    ]


def test_a_recording_that_is_heard_is_one_step_with_download_and_transcript_inside() -> None:
    story = Story()
    message = carried(story, "AUDIO")
    fetched(story, 80, form="audioTrans&type=mp3")
    sounded(story, 85)
    turn = turn_of(story, message, spans.MEDIUM, f"{spans.TRANSCRIBE}ear")
    assert media(turn) == [("Voice message heard", "ok", "")]
    (heard,) = (one for one in turn.children if one.kind == "media")
    assert sorted(media(heard)) == [
        ("Fetched from the storage: voice message", "ok", "as MP3, image/png, 99 bytes"),
        ("Transcription asked: ear", "ok", "heard: What time is it?"),
    ]


def test_a_server_that_nobody_sees_into_is_named_by_its_span() -> None:
    story = Story()
    message = carried(story, "AUDIO")
    turn = turn_of(story, message, spans.MEDIUM, f"{spans.SPEAK}voice")
    (heard,) = (one for one in turn.children if one.kind == "media")
    assert [title for title, _, _ in media(heard)] == ["Speech asked: "]


def test_a_recording_that_is_refused_says_why() -> None:
    story = Story()
    message = carried(story, "AUDIO")
    sounded(story, 80, status=400, answer={"error": {"message": "Audio file is too short."}})
    sounded(story, 85, status=429, answer={})
    assert [summary for _, _, summary in media(turn_of(story, message))] == [
        "400: Audio file is too short.",
        "429: the model is throttled",
    ]
