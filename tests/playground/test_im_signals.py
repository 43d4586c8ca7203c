"""The emulator's calls for what is shown beside messages, and quotes: taken as documented, and no other way."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from playground.im_server import ApiFault, ImServer

V2 = "/im/v2/custom_notification"
V1 = "/nimserver/msg/sendAttachMsg.action"
P2P = "/im/v2/messages/actions/p2p_read_receipt"
TEAM = "/im/v2/messages/actions/team_read_receipt"
V1_P2P = "/nimserver/msg/markReadMsg.action"
V1_TEAM = "/nimserver/msg/markReadTeamMsg.action"
SEND = "/im/v2/conversations/helper%7C1%7Calice/messages"

NOTIFICATION = {"sender_id": "helper", "type": 1, "receiver_id": "alice", "content": '{"typing":1}'}
FORM = {"from": "helper", "msgtype": "0", "to": "alice", "attach": '{"typing":1}'}


class Caller:
    """Calls the server API, and knows the two messages that were written to the bot."""

    def __init__(self, im: ImServer, session: aiohttp.ClientSession, private: Any, team: Any) -> None:
        self.im, self._session = im, session
        self.private, self.team = private, team

    async def call(self, path: str, body: dict[str, Any], *, signed: str = "secret") -> Any:
        now = str(int(time.time()))
        checksum = hashlib.sha1(f"{signed}n{now}".encode()).hexdigest()  # noqa: S324
        headers = {"AppKey": "key", "Nonce": "n", "CurTime": now, "CheckSum": checksum}
        sent: dict[str, Any] = {"json": body} if path.startswith("/im/v2") else {"data": body}
        async with self._session.post(self.im.url + path, headers=headers, **sent) as response:
            return await response.json()

    async def code(self, path: str, body: dict[str, Any]) -> int:
        code = (await self.call(path, body))["code"]
        assert isinstance(code, int)
        return code

    def quote(self, **changes: Any) -> dict[str, Any]:
        said = self.private
        original = {
            "sender_id": "alice",
            "receiver_id": "helper",
            "create_time": said.at,
            "message_server_id": int(said.server_id),
            "message_client_id": said.client_id,
        } | changes
        message = {"message_type": 0, "text": "Hi", "message_client_id": "id-1"}
        return {"message": message, "thread_config": {"thread_root": original, "thread_reply": original}}


@pytest.fixture
async def caller(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with ImServer(app_key="key", secret="secret") as im, aiohttp.ClientSession() as session:
        im.chats.accounts = {"alice", "bob", "helper"}
        im.create_team("4711", ["alice", "helper"])
        private = await im.say("alice", "hello", post=False)
        team = await im.say("alice", "hello", team="4711", account="helper", post=False)
        yield Caller(im, session, private.message, team.message)


@pytest.mark.parametrize(("path", "body"), [(V2, NOTIFICATION), (V1, FORM)])
async def test_a_notification_is_kept_counted_and_copied_unless_it_says_otherwise(
    caller: Caller, path: str, body: dict[str, Any]
) -> None:
    assert await caller.call(path, body) == {"code": 200}
    (shown,) = caller.im.signals
    assert (shown.sender, shown.to, shown.content) == ("helper", "alice", '{"typing":1}')
    assert (shown.kept, shown.counted, shown.routed) == (True, True, True)
    assert caller.im.chat("helper", "alice") == [caller.private]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": 4},
        {"type": "1"},
        {"content": "typing"},
        {"content": json.dumps({"x": "x" * 4096})},
        {"content": {"typing": 1}},
        {"sound": "s" * 31},
        {"notification_config": {"offline": False}},
        {"push_config": {"push_enabled": "false"}},
        {"offline_enabled": False},
    ],
)
async def test_a_notification_that_is_not_as_documented_is_refused(
    caller: Caller, wrong: dict[str, Any]
) -> None:
    assert await caller.code(V2, NOTIFICATION | wrong) == 414
    assert caller.im.signals == []


@pytest.mark.parametrize(
    "wrong",
    [{"msgtype": "2"}, {"attach": "typing"}, {"save": "0"}, {"option": '{"offline":false}'}, {"text": "x"}],
)
async def test_so_is_one_by_v1(caller: Caller, wrong: dict[str, Any]) -> None:
    assert await caller.code(V1, FORM | wrong) == 414


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (V2, NOTIFICATION | {"receiver_id": "nobody"}, 102404),
        (V2, NOTIFICATION | {"sender_id": "nobody"}, 102404),
        (V2, NOTIFICATION | {"type": 2, "receiver_id": "1"}, 108404),
        (V2, NOTIFICATION | {"type": 2, "receiver_id": "4711", "sender_id": "bob"}, 109404),
        (V1, FORM | {"to": "nobody"}, 404),
        (V1, FORM | {"msgtype": "1", "to": "1"}, 803),
    ],
)
async def test_a_notification_goes_to_somebody(
    caller: Caller, path: str, body: dict[str, Any], code: int
) -> None:
    assert await caller.code(path, body) == code


async def test_a_private_message_is_read_by_whom_it_was_written_to(caller: Caller) -> None:
    receipt = {
        "from_account_id": "helper",
        "to_account_id": "alice",
        "message_server_id": int(caller.private.server_id),
    }
    assert await caller.call(P2P, receipt) == {"code": 200}
    assert [shown.server_ids for shown in caller.im.signals] == [(caller.private.server_id,)]
    for wrong in ({"message_server_id": 1}, {"to_account_id": "bob"}, {"from_account_id": "bob"}):
        assert await caller.code(P2P, receipt | wrong) == 107404
    assert await caller.code(P2P, receipt | {"message_server_id": caller.private.server_id}) == 414  # a text
    assert await caller.code(P2P, receipt | {"more": 1}) == 414


async def test_v1_knows_it_by_its_client_id(caller: Caller) -> None:
    receipt = {"from": "helper", "to": "alice", "msgidClient": caller.private.client_id}
    assert await caller.code(V1_P2P, receipt) == 200
    assert await caller.code(V1_P2P, receipt | {"msgidClient": "other"}) == 404
    assert await caller.code(V1_P2P, {"from": "helper", "to": "alice", "msgidServer": "1"}) == 414


async def test_a_groups_messages_are_read_by_its_members_and_each_is_told_of(caller: Caller) -> None:
    known = int(caller.team.server_id)
    receipt = {"from_account_id": "helper", "team_id": 4711, "message_server_ids": [known, 1]}
    answer = await caller.call(TEAM, receipt)
    assert answer["data"] == {"success_list": [known], "failed_list": [1]}
    assert await caller.code(TEAM, receipt | {"from_account_id": "bob"}) == 109404
    assert await caller.code(TEAM, receipt | {"team_id": 1}) == 108404
    assert await caller.code(TEAM, receipt | {"team_id": "4711"}) == 414
    assert await caller.code(TEAM, receipt | {"message_server_ids": []}) == 414
    assert await caller.code(TEAM, receipt | {"message_server_ids": [1]}) == 107404
    assert await caller.code(TEAM, receipt | {"message_server_ids": [known] * 51}) == 414


async def test_v1_names_them_in_a_list(caller: Caller) -> None:
    receipt = {"accid": "helper", "tid": "4711", "msgids": f"[{caller.team.server_id}]"}
    assert await caller.code(V1_TEAM, receipt) == 200
    assert await caller.code(V1_TEAM, receipt | {"msgids": caller.team.server_id}) == 414
    assert await caller.code(V1_TEAM, receipt | {"msgids": f'["{caller.team.server_id}"]'}) == 414


async def test_a_message_quotes_one_of_its_own_chat(caller: Caller) -> None:
    assert await caller.code(SEND, caller.quote()) == 200
    assert caller.im.chat("helper", "alice")[-1].quotes == caller.private.server_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"message_server_id": 1}, 107404),
        ({"message_server_id": "1"}, 414),
        ({"sender_id": "bob"}, 414),
        ({"receiver_id": "bob"}, 414),
        ({"create_time": 1}, 414),
        ({"message_client_id": "other"}, 414),
        ({"message_client_id": ""}, 414),
        ({"text": "hello"}, 414),
    ],
)
async def test_a_quote_that_names_no_message_or_several_is_refused(
    caller: Caller, changes: dict[str, Any], code: int
) -> None:
    assert await caller.code(SEND, caller.quote(**changes)) == code
    assert await caller.code(SEND, {"message": caller.quote()["message"]}) == 200  # its id is free still


async def test_a_message_of_another_chat_is_not_quoted(caller: Caller) -> None:
    team = caller.team
    other = caller.quote(
        receiver_id="4711",
        create_time=team.at,
        message_server_id=int(team.server_id),
        message_client_id=team.client_id,
    )
    assert await caller.code(SEND, other) == 107404


async def test_other_processes_read_what_was_shown(caller: Caller) -> None:
    await caller.call(V2, NOTIFICATION)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{caller.im.url}/_control/signals") as response,
    ):
        (shown,) = await response.json()
    assert (shown["kind"], shown["content"]) == ("notification", '{"typing":1}')


async def test_a_signal_is_signed_and_fails_on_demand_by_itself(caller: Caller) -> None:
    assert (await caller.call(V2, NOTIFICATION, signed="other"))["code"] == 414
    caller.im.fail(ApiFault("code", 416))
    assert await caller.code(V2, NOTIFICATION) == 200  # that waits for a message
    caller.im.fail(ApiFault("code", 449, what="signal"))
    assert await caller.code(V2, NOTIFICATION) == 449
    caller.im.fail(ApiFault("code", 503, seconds=60))
    assert await caller.code(V2, NOTIFICATION) == 503  # nothing passes in an outage
