"""Sending: the double shows users what the real client and the IM server show them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from playground.im_server import ApiFault, ImServer
from relay.clock import SystemClock
from relay.errors import ImBlocked, ImRejected, ImUnavailable, NoStreams
from relay.im.client import ImClient
from relay.im.requests import attachment
from relay.outgoing import Custom, File, Medium, Picture, Place, Tip, Video, Voice
from relay.ports import Chunk, Messenger, Outgoing, Sent
from relay.signals import Original, Read, Typing
from tests.doubles import RecordingMessenger

HELLO = Outgoing(bot="helper", to="alice", text="hello", client_id="id-1")
UNKNOWN = Original("alice", "helper", 1_700_000_000_000, "17", "never-sent")


async def _original() -> Original:
    return UNKNOWN


MEDIUM_KINDS_OF = {
    "PICTURE": "picture",
    "AUDIO": "audio",
    "VIDEO": "video",
    "FILE": "file",
    "LOCATION": "location",
    "TIPS": "tip",
    "CUSTOM": "custom",
}
EVERY: list[Medium] = [
    Picture(
        "https://cdn.example.com/a.png", name="A.png", ext="png", md5="d0" * 16, size=9, width=2, height=1
    ),
    Picture("https://cdn.example.com/a"),
    Voice("https://cdn.example.com/b.mp3", 3900, ext="mp3", size=14181),
    Video("https://cdn.example.com/c.mp4", 1456, name="c", ext="mp4", width=360, height=480),
    File("https://cdn.example.com/d.pdf", "报告.pdf", ext="pdf", size=7),
    Place(0.0, 120.19, "杭州市"),
    Place(-30, 0),
    Tip("Alice joined"),
    Custom({"type": "order", "lines": [1, 2]}),
]


@dataclass
class Sending:
    """A messenger under test, what users see of it, and how to have its next call refused."""

    messenger: Messenger
    seen: Callable[[], list[str]]
    seen_media: Callable[[], list[tuple[str, dict[str, Any]]]]
    refuse: Callable[[str], None]
    signalled: Callable[[], list[tuple[str, str]]]
    refuse_signal: Callable[[], None]
    asked: Callable[[], Awaitable[Original]]


@pytest.fixture(params=["double", "v2"])
async def sending(request: pytest.FixtureRequest) -> AsyncIterator[Sending]:
    async with sending_by(request.param) as sending:
        yield sending


@pytest.fixture(params=["double", "v2", "v1"])
async def by_any(request: pytest.FixtureRequest) -> AsyncIterator[Sending]:
    """v1, too, which knows no message by its id."""
    async with sending_by(request.param) as sending:
        yield sending


@asynccontextmanager
async def sending_by(way: Literal["double", "v2", "v1"]) -> AsyncIterator[Sending]:
    if way == "double":
        double = RecordingMessenger(now=SystemClock().now)
        errors = {
            "antispam": ImBlocked("a"),
            "no such user": ImRejected("b"),
            "server error": ImUnavailable("c"),
        }
        yield Sending(
            double,
            lambda: [shown.text for shown in double.shown],
            lambda: [
                (shown.medium.kind, attachment(shown.medium))
                for shown in double.shown
                if shown.medium is not None
            ],
            lambda why: double.script.append(errors[why]),
            lambda: [
                (signal.to, "typing") if isinstance(signal, Typing) else (signal.message.sender, "read")
                for signal in double.signals
            ],
            lambda: setattr(double, "at_signal", ImUnavailable("d")),
            _original,
        )
        return
    async with ImServer(app_key="key", secret="secret") as im:
        client = ImClient(
            app_key="key",
            app_secret="secret",
            region="overseas",
            api_version=way,
            api_url=im.url,
            clock=SystemClock(),
        )

        async def asked() -> Original:
            said = await im.say("alice", "hello?", post=False)
            message = said.message
            return Original("alice", "helper", message.at, message.server_id, message.client_id)

        faults = {
            "antispam": ApiFault("antispam"),
            "no such user": ApiFault("code", 102404),
            "server error": ApiFault("http", 500, times=9),
        }
        yield Sending(
            client,
            lambda: [said.text for said in im.chat("helper", "alice") if said.sender == "helper"],
            lambda: [
                (MEDIUM_KINDS_OF[said.msg_type], json.loads(said.attach or json.dumps({"msg": said.text})))
                for said in im.chat("helper", "alice")
            ],
            lambda why: im.fail(faults[why]),
            lambda: [
                (shown.to, "typing" if shown.kind == "notification" else "read") for shown in im.signals
            ],
            lambda: im.fail(ApiFault("code", 403, what="signal")),
            asked,
        )
        await client.aclose()


async def test_a_message_is_shown(sending: Sending) -> None:
    await sending.messenger.send(HELLO, seconds=5)
    assert sending.seen() == ["hello"]


@pytest.mark.parametrize("medium", EVERY, ids=lambda medium: medium.kind)
async def test_every_kind_is_taken_as_what_it_is(by_any: Sending, medium: Medium) -> None:
    await by_any.messenger.send(replace(HELLO, text="", medium=medium), seconds=5)
    assert by_any.seen_media() == [(medium.kind, attachment(medium))]


async def test_the_largest_of_each_kind_is_taken(by_any: Sending) -> None:
    url = "https://cdn.example.com/" + "a" * 2024
    largest: list[Medium] = [
        Picture(url, name='"' * 255, ext="e" * 16, md5="d0" * 16, size=2**53, width=2**53, height=2**53),
        File(url, "\\" * 255),
        Place(-89.999999999, -179.999999999, '"' * 255),
        Tip('"' * 500),
        Custom({"x": "x" * 4088}),
    ]
    for number, medium in enumerate(largest):
        await by_any.messenger.send(
            replace(HELLO, text="", medium=medium, client_id=f"id-{number}"), seconds=5
        )
    assert len(by_any.seen_media()) == len(largest)


async def test_what_is_uploaded_has_a_url_that_can_be_sent(by_any: Sending) -> None:
    url = await by_any.messenger.upload(b"bytes", "image/png", seconds=5)
    await by_any.messenger.send(replace(HELLO, text="", medium=Picture(url)), seconds=5)
    assert by_any.seen_media() == [("picture", {"url": url})]


async def test_nothing_is_not_uploaded(by_any: Sending) -> None:
    with pytest.raises(ImRejected):
        await by_any.messenger.upload(b"", "image/png", seconds=5)


async def test_the_same_id_is_shown_once_and_is_no_error(sending: Sending) -> None:
    await sending.messenger.send(HELLO, seconds=5)
    await sending.messenger.send(HELLO, seconds=5)
    assert sending.seen() == ["hello"]


async def test_what_is_taken_has_an_id_and_a_time_and_a_duplicate_has_none(sending: Sending) -> None:
    before = SystemClock().now()
    first = await sending.messenger.send(HELLO, seconds=5)
    assert first.server_id.isdigit()
    assert before <= first.at <= SystemClock().now()
    assert await sending.messenger.send(HELLO, seconds=5) == Sent()


@pytest.mark.parametrize(
    ("why", "error"), [("antispam", ImBlocked), ("no such user", ImRejected), ("server error", ImUnavailable)]
)
async def test_a_refusal_is_told_by_its_kind(sending: Sending, why: str, error: type[Exception]) -> None:
    sending.refuse(why)
    with pytest.raises(error):
        await sending.messenger.send(HELLO, seconds=5)
    assert sending.seen() == []


async def test_a_message_is_recalled_once(sending: Sending) -> None:
    sent = await sending.messenger.send(HELLO, seconds=5)
    await sending.messenger.recall(HELLO, sent, seconds=5)
    for unknown in (sent, Sent("17", 1)):
        with pytest.raises(ImRejected):
            await sending.messenger.recall(HELLO, unknown, seconds=5)


async def test_typing_and_a_receipt_are_shown_and_are_no_messages(by_any: Sending) -> None:
    asked = await by_any.asked()
    await by_any.messenger.signal(Typing("helper", "alice"), seconds=5)
    await by_any.messenger.signal(Read("helper", asked), seconds=5)
    assert by_any.signalled() == [("alice", "typing"), ("alice", "read")]
    assert by_any.seen() == []


async def test_what_is_not_shown_is_told_and_not_tried_again(by_any: Sending) -> None:
    by_any.refuse_signal()
    with pytest.raises(ImUnavailable):
        await by_any.messenger.signal(Typing("helper", "alice"), seconds=5)


async def test_a_quote_goes_with_its_message_or_is_left_out(by_any: Sending) -> None:
    await by_any.messenger.send(replace(HELLO, quote=await by_any.asked()), seconds=5)
    assert by_any.seen() == ["hello"]


STREAMED = replace(HELLO, text="", client_id="5f0ed3a2-stream")


async def test_a_stream_grows_and_ends(sending: Sending) -> None:
    sent = await sending.messenger.stream(STREAMED, Chunk("hel", 0), seconds=5)
    await sending.messenger.stream(STREAMED, Chunk("lo", 1, sent.server_id), seconds=5)
    assert sending.seen() == ["hello"]
    await sending.messenger.stream(STREAMED, Chunk("lo", 1, sent.server_id), seconds=5)  # a repetition
    await sending.messenger.stream(STREAMED, Chunk("!", 2, sent.server_id, is_last=True), seconds=5)
    assert sending.seen() == ["hello!"]
    with pytest.raises(ImRejected):
        await sending.messenger.stream(STREAMED, Chunk("?", 3, sent.server_id), seconds=5)


@pytest.mark.parametrize("is_whole", [False, True])
async def test_a_stream_is_taken_back_without_a_trace(sending: Sending, is_whole: bool) -> None:
    sent = await sending.messenger.stream(STREAMED, Chunk("hel", 0, is_last=is_whole), seconds=5)
    for _ in range(2):  # the second time it is not there any more, which is as well
        await sending.messenger.recall(STREAMED, sent, silently=True, seconds=5)
    assert sending.seen() == []
    with pytest.raises(ImRejected):
        await sending.messenger.stream(STREAMED, Chunk("lo", 1, sent.server_id), seconds=5)


POSTED = replace(HELLO, text="It opens", client_id="5f0ed3a2-posted")


async def test_a_message_says_what_its_last_edit_says(sending: Sending) -> None:
    sent = await sending.messenger.send(POSTED, seconds=5)
    await sending.messenger.edit(replace(POSTED, text="It opens at nine"), sent, seconds=5)
    assert sending.seen() == ["It opens at nine"]
    await sending.messenger.edit(
        replace(POSTED, text="It opens at nine."), sent, seconds=5
    )  # within a second
    assert sending.seen() == ["It opens at nine."]


async def test_what_was_taken_back_is_not_edited(sending: Sending) -> None:
    sent = await sending.messenger.send(POSTED, seconds=5)
    await sending.messenger.edit(replace(POSTED, text="It opens at nine"), sent, seconds=5)
    await sending.messenger.recall(POSTED, sent, silently=True, seconds=5)
    assert sending.seen() == []
    with pytest.raises(ImRejected) as refusal:
        await sending.messenger.edit(replace(POSTED, text="It opens at ten"), sent, seconds=5)
    assert not isinstance(refusal.value, NoStreams)
    assert sending.seen() == []


async def test_a_stream_quotes(sending: Sending) -> None:
    original = await sending.asked()
    await sending.messenger.stream(
        replace(STREAMED, quote=original), Chunk("hel", 0, is_last=True), seconds=5
    )
    assert sending.seen() == ["hel"]
