"""What is shown beside messages: the requests of both versions, and how few of them there are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from playground.im_server import ApiFault, ImServer
from relay.clock import SystemClock
from relay.errors import ImRejected, ImUnavailable
from relay.im.client import PAUSE_SECONDS, ImClient
from relay.im.hosts import ApiVersion
from relay.im.presence import Budget
from relay.ports import Outgoing
from relay.signals import Original, Read, Signal, Typing
from tests.doubles import ManualClock
from tests.im.api_server import ApiServer, Fault

TYPING = Typing("helper", "alice")
ASKED = Original("alice", "helper", 1_700_000_000_000, server_id="9007199254740993", client_id="c-1")
IN_TEAM = replace(ASKED, to="4711", team_kind="team")
REPLY = Outgoing(bot="helper", to="alice", text="Hi", client_id="id-1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@asynccontextmanager
async def connected(
    url: str, clock: ManualClock | SystemClock, version: ApiVersion = "v2", calls_per_minute: int = 150
) -> AsyncIterator[ImClient]:
    client = ImClient(
        app_key="key",
        app_secret="secret",
        region="china",
        api_version=version,
        api_url=url,
        clock=clock,
        calls_per_minute=calls_per_minute,
    )
    try:
        yield client
    finally:
        await client.aclose()


async def test_v2_types_by_a_notification_that_leaves_no_trace(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock) as im:
        await im.signal(TYPING, seconds=5)
    (call,) = api.calls
    assert call.path == "/im/v2/custom_notification"
    assert call.json == {
        "sender_id": "helper",
        "type": 1,
        "receiver_id": "alice",
        "content": '{"typing":1}',
        "notification_config": {"offline_enabled": False, "unread_enabled": False},
        "push_config": {"push_enabled": False},
        "route_config": {"route_enabled": False},
    }


async def test_v1_types_by_a_notification_that_leaves_no_trace(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock, "v1") as im:
        await im.signal(TYPING, seconds=5)
    (call,) = api.calls
    assert call.path == "/nimserver/msg/sendAttachMsg.action"
    assert call.form == {
        "from": "helper",
        "msgtype": "0",
        "to": "alice",
        "attach": '{"typing":1}',
        "save": "1",
        "option": '{"badge":false,"needPushNick":false,"route":false}',
    }


async def test_v2_names_what_was_read_by_its_server_id(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock) as im:
        await im.signal(Read("helper", ASKED), seconds=5)
        await im.signal(Read("helper", IN_TEAM), seconds=5)
    private, team = api.calls
    assert private.path == "/im/v2/messages/actions/p2p_read_receipt"
    assert private.json == {
        "from_account_id": "helper",
        "to_account_id": "alice",
        "message_server_id": 9007199254740993,
    }
    assert team.path == "/im/v2/messages/actions/team_read_receipt"
    assert team.json == {
        "from_account_id": "helper",
        "team_id": 4711,
        "message_server_ids": [9007199254740993],
    }


async def test_v1_names_it_by_its_client_id_in_a_private_chat(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock, "v1") as im:
        await im.signal(Read("helper", ASKED), seconds=5)
        await im.signal(Read("helper", IN_TEAM), seconds=5)
    private, team = api.calls
    assert private.path == "/nimserver/msg/markReadMsg.action"
    assert private.form == {"from": "helper", "to": "alice", "msgidClient": "c-1"}
    assert team.path == "/nimserver/msg/markReadTeamMsg.action"
    assert team.form == {"accid": "helper", "tid": "4711", "msgids": "[9007199254740993]"}


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("v2", replace(ASKED, server_id="")),
        ("v1", replace(ASKED, client_id="")),
        ("v2", replace(IN_TEAM, server_id="")),
        ("v1", replace(IN_TEAM, server_id="")),
        ("v2", replace(IN_TEAM, team_kind="super_team")),
        ("v2", replace(IN_TEAM, to="no number")),
    ],
)
async def test_what_has_no_receipt_or_no_name_for_one_is_not_marked_read(
    api: ApiServer, clock: ManualClock, version: ApiVersion, message: Original
) -> None:
    async with connected(api.url, clock, version) as im:
        await im.signal(Read("helper", message), seconds=5)
    assert api.calls == []


async def test_v2_quotes_by_every_name_of_the_message(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock) as im:
        await im.send(replace(REPLY, quote=ASKED), seconds=5)
    (call,) = api.calls
    message = {
        "sender_id": "alice",
        "receiver_id": "helper",
        "create_time": 1_700_000_000_000,
        "message_server_id": 9007199254740993,
        "message_client_id": "c-1",
    }
    assert call.json["thread_config"] == {"thread_root": message, "thread_reply": message}


async def test_v1_sends_a_quoting_message_without_its_quote(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock, "v1") as im:
        await im.send(REPLY, seconds=5)
        await im.send(replace(REPLY, quote=ASKED), seconds=5)
    plain, quoting = api.calls
    assert plain.body == quoting.body


async def test_a_form_that_is_refused_may_be_the_quotes(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 414, "desc": "bad parameter"}]
    async with connected(api.url, clock) as im:
        with pytest.raises(ImRejected):
            await im.send(replace(REPLY, quote=ASKED), seconds=5)


async def test_what_the_platform_has_not_in_the_chat_is_not_quoted(clock: ManualClock) -> None:
    async with ImServer(app_key="key", secret="secret") as server:
        system = SystemClock()
        async with connected(server.url, system) as im:
            with pytest.raises(ImRejected):
                await im.send(replace(REPLY, quote=ASKED), seconds=5)
            await im.send(REPLY, seconds=5)  # under the same id
        assert [said.text for said in server.chat("helper", "alice")] == ["Hi"]


@pytest.mark.parametrize("answer", [{"code": 500}, {"code": 403}, Fault.CLOSE, Fault.HANG])
async def test_what_fails_is_asked_for_once_and_leaves_the_log_to_its_caller(
    api: ApiServer, clock: ManualClock, answer: dict[str, int] | Fault, caplog: pytest.LogCaptureFixture
) -> None:
    api.script = [answer]
    caplog.set_level(logging.INFO, "relay")
    async with connected(api.url, clock) as im:
        with pytest.raises(ImUnavailable):
            await im.signal(TYPING, seconds=0.5)
    assert len(api.calls) == 1
    assert caplog.records == []


async def test_a_message_is_sent_right_after_a_signal_that_was_cut_off(
    api: ApiServer, clock: ManualClock
) -> None:
    api.script = [Fault.HANG]
    async with connected(api.url, clock) as im:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await im.signal(TYPING, seconds=5)
        await im.send(REPLY, seconds=5)
    assert len(api.calls) == 2


@pytest.mark.parametrize("first", [TYPING, REPLY])
async def test_nothing_is_shown_while_the_app_is_shut_out(
    api: ApiServer, clock: ManualClock, first: Signal | Outgoing
) -> None:
    api.script = [{"code": 416}]
    async with connected(api.url, clock) as im:
        with pytest.raises(ImUnavailable):
            await (im.send(first, seconds=2) if isinstance(first, Outgoing) else im.signal(first, seconds=2))
        await im.signal(TYPING, seconds=5)
        assert len(api.calls) == 1
        clock.advance(PAUSE_SECONDS)
        await im.signal(TYPING, seconds=5)
    assert len(api.calls) == 2


async def test_replies_go_first_and_typing_has_what_they_leave(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, clock, calls_per_minute=120) as im:
        for number in range(5):
            await im.send(replace(REPLY, client_id=f"id-{number}"), seconds=5)
        await im.signal(TYPING, seconds=5)
        assert len(api.calls) == 5
        clock.advance(1.5)  # of two seconds' calls, that many too many were made
        await im.signal(TYPING, seconds=5)
        await im.signal(TYPING, seconds=5)
    assert len(api.calls) == 6


async def test_without_a_share_nothing_is_shown_but_messages_are_sent(
    api: ApiServer, clock: ManualClock
) -> None:
    async with connected(api.url, clock, calls_per_minute=0) as im:
        await im.send(REPLY, seconds=5)
        clock.advance(3600)
        await im.signal(TYPING, seconds=5)
    assert len(api.calls) == 1


def test_a_small_share_is_saved_up_for_one_call_and_a_clock_set_back_gives_none(clock: ManualClock) -> None:
    budget = Budget(6, clock.now)
    assert budget.has_spare()
    budget.spend()
    clock.advance(9)
    assert not budget.has_spare()
    clock.advance(-3600)
    assert not budget.has_spare()
    clock.advance(1)
    assert budget.has_spare()
    clock.advance(3600)
    budget.spend()
    assert not budget.has_spare()


async def test_the_emulator_takes_every_signal_as_it_is_documented() -> None:
    async with ImServer(app_key="key", secret="secret") as server:
        server.create_team("4711", ["alice", "helper"])
        private = (await server.say("alice", "hello", post=False)).message
        team = (await server.say("alice", "hello", team="4711", account="helper", post=False)).message
        for version in ("v2", "v1"):
            async with connected(server.url, SystemClock(), version, 6000) as im:
                await im.signal(TYPING, seconds=5)
                for message in (private, team):
                    read = Original(
                        "alice",
                        message.to,
                        message.at,
                        message.server_id,
                        message.client_id,
                        message.team_kind,
                    )
                    await im.signal(Read("helper", read), seconds=5)
        typed = [shown for shown in server.signals if shown.kind == "notification"]
        assert {(shown.content, shown.to) for shown in typed} == {('{"typing":1}', "alice")}
        assert not any(shown.kept or shown.counted or shown.pushed or shown.routed for shown in typed)
        assert [shown.server_ids for shown in server.signals if shown.kind == "read"] == [
            (private.server_id,),
            (team.server_id,),
        ] * 2
        server.fail(ApiFault("code", 500, what="signal"))
        async with connected(server.url, SystemClock()) as im:
            with pytest.raises(ImUnavailable):
                await im.signal(TYPING, seconds=5)
