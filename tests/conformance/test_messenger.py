"""Sending: the double shows users what the real client and the IM server show them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from playground.im_server import ApiFault, ImServer
from relay.clock import SystemClock
from relay.errors import ImBlocked, ImRejected, ImUnavailable
from relay.im.client import ImClient
from relay.ports import Messenger, Outgoing, Sent
from tests.doubles import RecordingMessenger

HELLO = Outgoing(bot="helper", to="alice", text="hello", client_id="id-1")


@dataclass
class Sending:
    """A messenger under test, what users see of it, and how to have its next call refused."""

    messenger: Messenger
    seen: Callable[[], list[str]]
    refuse: Callable[[str], None]


@pytest.fixture(params=["double", "v2"])
async def sending(request: pytest.FixtureRequest) -> AsyncIterator[Sending]:
    if request.param == "double":
        double = RecordingMessenger(now=SystemClock().now)
        errors = {
            "antispam": ImBlocked("a"),
            "no such user": ImRejected("b"),
            "server error": ImUnavailable("c"),
        }
        yield Sending(
            double,
            lambda: [shown.text for shown in double.shown],
            lambda why: double.script.append(errors[why]),
        )
        return
    async with ImServer(app_key="key", secret="secret") as im:
        client = ImClient(
            app_key="key",
            app_secret="secret",
            region="overseas",
            api_version="v2",
            api_url=im.url,
            clock=SystemClock(),
        )
        faults = {
            "antispam": ApiFault("antispam"),
            "no such user": ApiFault("code", 102404),
            "server error": ApiFault("http", 500, times=9),
        }
        yield Sending(
            client,
            lambda: [said.text for said in im.chat("helper", "alice")],
            lambda why: im.fail(faults[why]),
        )
        await client.aclose()


async def test_a_message_is_shown(sending: Sending) -> None:
    await sending.messenger.send(HELLO, seconds=5)
    assert sending.seen() == ["hello"]


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
