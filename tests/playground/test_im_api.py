"""The emulator's server API: what bots call."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from playground.im.signing import why_refused
from playground.im_server import ApiFault, ImServer
from tests.playground.receiver import receiving


@dataclass
class Clock:
    """A clock that a test turns on."""

    ms: int = 1_700_000_000_000

    def now(self) -> int:
        return self.ms


class Bot:
    """Calls the server API as a bot does."""

    def __init__(self, im: ImServer, clock: Clock, session: aiohttp.ClientSession) -> None:
        self._im, self._clock, self._session = im, clock, session
        self.secret = "secret"

    def headers(self, **more: str) -> dict[str, str]:
        nonce, cur_time = "n", str(self._clock.ms // 1000)
        checksum = hashlib.sha1(f"{self.secret}{nonce}{cur_time}".encode()).hexdigest()  # noqa: S324
        return {"AppKey": "key", "Nonce": nonce, "CurTime": cur_time, "CheckSum": checksum, **more}

    async def v1(self, text: str = "hi", *, to: str = "alice", request_id: str = "", **form: str) -> Any:
        fields = {
            "from": "helper",
            "to": to,
            "ope": "0",
            "type": "0",
            "body": json.dumps({"msg": text}),
            **form,
        }
        headers = self.headers(RequestId=request_id) if request_id else self.headers()
        url = f"{self._im.url}/nimserver/msg/sendMsg.action"
        async with self._session.post(url, data=fields, headers=headers) as response:
            response.raise_for_status()
            return await response.json()

    async def v2(
        self, text: str = "hi", *, to: str = "helper|1|alice", client_id: str = "", **body: Any
    ) -> Any:
        message = {"message_type": 0, "text": text, "message_client_id": client_id}
        return await self._v2(to, "", {"message": message, **body})

    async def v2_content(self, message_type: Any, attachment: Any = None, text: Any = "") -> Any:
        message = {"message_type": message_type, "text": text, "message_client_id": ""}
        return await self._v2(
            "helper|1|alice", "", {"message": message | ({"attachment": attachment} if attachment else {})}
        )

    async def upload(self, **form: str) -> Any:
        url = f"{self._im.url}/nimserver/msg/upload.action"
        body, kind = io.BytesIO(urlencode(form).encode()), "application/x-www-form-urlencoded"
        async with self._session.post(
            url, data=body, headers=self.headers(**{"Content-Type": kind})
        ) as response:
            return await response.json()

    async def stream(self, text: str, index: int, *, finish: int = 0, server_id: int | None = None) -> Any:
        attachment = {"text": text, "index": index, "finish": finish}
        message: dict[str, Any] = {"message_type": 0, "message_client_id": "s1", "attachment": attachment}
        if server_id is not None:
            message["message_server_id"] = server_id
        return await self._v2("helper|1|alice", "/actions/stream_message", {"message": message})

    async def edit(self, text: str, of: Any, /, **wrong: Any) -> Any:
        """Edit what an earlier answer tells of; ``wrong`` replaces names of the message, or fields of the call."""
        message = {
            "message_server_id": of["data"]["message_server_id"],
            "sender_id": "helper",
            "receiver_id": "alice",
            "time": of["data"]["create_time"],
            "message_type": 0,
            "text": text,
        }
        named = {name: wrong.pop(name) for name in message if name in wrong}
        call = {"operator": "helper", "type": 1, "message": message | named} | wrong
        url = f"{self._im.url}/im/v2/messages/actions/modifyMsg"
        async with self._session.post(url, json=call, headers=self.headers()) as response:
            return await response.json()

    async def _v2(self, conversation: str, path: str, body: dict[str, Any]) -> Any:
        url = f"{self._im.url}/im/v2/conversations/{conversation.replace('|', '%7C')}/messages{path}"
        async with self._session.post(url, json=body, headers=self.headers()) as response:
            response.raise_for_status()
            return await response.json()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def im(clock: Clock) -> AsyncIterator[ImServer]:
    async with ImServer(app_key="key", secret="secret", now=clock.now) as server:
        yield server


@pytest.fixture
async def bot(im: ImServer, clock: Clock) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as session:
        yield Bot(im, clock, session)


def texts(im: ImServer) -> list[str]:
    return [message.text for message in im.chat("alice", "helper")]


def test_the_signature_of_a_call_matches_the_known_vector() -> None:
    headers = {"AppKey": "k", "Nonce": "nonce123", "CurTime": "1700000000"}
    headers["CheckSum"] = "bc201d406e2eb5b7b88e1743b315a11429dbea76"
    assert why_refused("k", "testAppSecret", headers, 1_700_000_000_000) is None


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("AppKey", "other"),
        ("Nonce", ""),
        ("Nonce", "n" * 129),
        ("CurTime", "soon"),
        ("CurTime", "1699999000"),
    ],
)
def test_a_wrong_header_is_named(header: str, value: str) -> None:
    headers = {"AppKey": "k", "Nonce": "n", "CurTime": "1700000000", header: value}
    text = f"s{headers['Nonce']}{headers['CurTime']}"
    headers["CheckSum"] = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324
    assert why_refused("k", "s", headers, 1_700_000_000_000) == header


async def test_v1_delivers_a_text(im: ImServer, bot: Bot, clock: Clock) -> None:
    answer = await bot.v1("hello")
    (message,) = im.chat("alice", "helper")
    assert answer == {
        "code": 200,
        "data": {"msgid": int(message.server_id), "timetag": clock.ms, "antispam": False},
    }
    assert (message.sender, message.to, message.text, message.origin) == ("helper", "alice", "hello", "api")


async def test_v2_delivers_a_text_under_the_callers_id(im: ImServer, bot: Bot) -> None:
    answer = await bot.v2("hello", client_id="r1")
    (message,) = im.chat("alice", "helper")
    assert (answer["code"], answer["data"]["message_client_id"]) == (200, "r1")
    assert answer["data"]["message_server_id"] == int(message.server_id)
    assert (message.client_id, message.text) == ("r1", "hello")


async def test_a_wrong_secret_is_refused_by_both(im: ImServer, bot: Bot) -> None:
    bot.secret = "other"
    assert (await bot.v1())["code"] == 414
    assert (await bot.v2())["code"] == 414
    assert texts(im) == []


async def test_v2_takes_a_client_id_once_for_ever(im: ImServer, bot: Bot, clock: Clock) -> None:
    await bot.v2("one", client_id="r1")
    clock.ms += 7 * 24 * 3600 * 1000
    assert (await bot.v2("one", client_id="r1"))["code"] == 107306
    assert texts(im) == ["one"]


async def test_v1_takes_a_request_id_once_a_minute(im: ImServer, bot: Bot, clock: Clock) -> None:
    assert (await bot.v1(request_id="r1"))["code"] == 200
    clock.ms += 59_999
    assert (await bot.v1(request_id="r1"))["code"] == 431
    assert (await bot.v1(request_id="r2"))["code"] == 200
    clock.ms += 1
    assert (await bot.v1(request_id="r1"))["code"] == 200
    assert len(texts(im)) == 3


async def test_v1_remembers_the_request_id_of_a_refused_call(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("code", code=416))
    assert (await bot.v1(request_id="r1"))["code"] == 416
    assert (await bot.v1(request_id="r1"))["code"] == 431
    assert texts(im) == []


@pytest.mark.parametrize(
    "form",
    [
        {"body": "not json"},
        {"body": "{}"},
        {"body": json.dumps({"msg": "x" * 5000})},
        {"from": "a" * 33},
        {"ope": "7"},
        {"type": "99"},
        {"option": "{"},
    ],
)
async def test_v1_refuses_what_is_against_the_limits(im: ImServer, bot: Bot, form: dict[str, str]) -> None:
    assert (await bot.v1(**form))["code"] == 414
    assert texts(im) == []


@pytest.mark.parametrize("to", ["helper|9|alice", "helper|1|", "helper"])
async def test_v2_refuses_what_is_not_a_conversation(bot: Bot, to: str) -> None:
    assert (await bot.v2(to=to))["code"] == 414


async def test_v2_takes_5000_characters_and_no_more(im: ImServer, bot: Bot) -> None:
    assert (await bot.v2("x" * 5000))["code"] == 200
    assert (await bot.v2("x" * 5001))["code"] == 414
    assert (await bot.v2(""))["code"] == 414


async def test_v2_refuses_a_field_of_the_wrong_type(bot: Bot) -> None:
    answer = await bot.v2(route_config={"route_enabled": "no"})
    assert answer == {"code": 414, "msg": "bad route_config.route_enabled"}


async def test_a_group_message_mentions_the_asker(im: ImServer, bot: Bot) -> None:
    im.create_team("123", ["alice", "helper"])
    await bot.v2("one", to="helper|2|123", push_config={"push_forcepush_ids": ["alice"]})
    await bot.v1("two", to="123", ope="1", forcepushlist='["alice"]')
    assert [(m.text, m.mentions) for m in im.team_chat("123")] == [("one", ("alice",)), ("two", ("alice",))]


async def test_only_members_may_write_to_a_group_that_exists(im: ImServer, bot: Bot) -> None:
    im.create_team("123", ["alice"])
    assert (await bot.v1(to="123", ope="1"))["code"] == 804
    assert (await bot.v1(to="9", ope="1"))["code"] == 803
    assert (await bot.v2(to="helper|2|123"))["code"] == 109404
    assert (await bot.v2(to="helper|3|123"))["code"] == 108404


async def test_a_user_can_block_a_bot(im: ImServer, bot: Bot) -> None:
    im.chats.blocked.add(("alice", "helper"))
    assert (await bot.v1())["code"] == 7101
    assert (await bot.v2())["code"] == 106403


async def test_with_registered_accounts_others_are_unknown(im: ImServer, bot: Bot) -> None:
    im.chats.accounts = {"helper"}
    assert (await bot.v1())["code"] == 404
    assert (await bot.v2())["code"] == 102404


async def test_a_fault_hits_as_many_calls_as_it_says(bot: Bot, im: ImServer) -> None:
    im.fail(ApiFault("code", code=449, times=2))
    assert [(await bot.v2())["code"] for _ in range(3)] == [449, 449, 200]


async def test_a_fault_can_last_for_seconds(bot: Bot, im: ImServer, clock: Clock) -> None:
    im.fail(ApiFault("code", code=416, seconds=10))
    assert (await bot.v2())["code"] == 416
    clock.ms += 9_999
    assert (await bot.v2())["code"] == 416
    clock.ms += 1
    assert (await bot.v2())["code"] == 200


async def test_a_fault_can_hit_one_receiver(bot: Bot, im: ImServer) -> None:
    im.fail(ApiFault("code", code=500, to="alice"))
    assert (await bot.v2(to="helper|1|bob"))["code"] == 200
    assert (await bot.v2())["code"] == 500


@pytest.mark.parametrize("delivered", [True, False])
async def test_a_connection_can_be_cut_with_or_without_delivery(
    im: ImServer, bot: Bot, delivered: bool
) -> None:
    im.fail(ApiFault("close", delivered=delivered))
    with pytest.raises(aiohttp.ClientError):
        await bot.v2("hello", client_id="r1")
    assert texts(im) == (["hello"] if delivered else [])
    assert im.calls[-1].outcome == "closed"
    assert (await bot.v2("hello", client_id="r1"))["code"] == (107306 if delivered else 200)


async def test_a_call_that_never_reached_the_server_leaves_no_request_id(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("close"))
    with pytest.raises(aiohttp.ClientError):
        await bot.v1(request_id="r1")
    assert (await bot.v1(request_id="r1"))["code"] == 200


async def test_a_call_can_fail_with_an_http_status(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("http", code=502))
    with pytest.raises(aiohttp.ClientResponseError, match="502"):
        await bot.v2()
    assert (im.calls[-1].outcome, texts(im)) == ("HTTP 502", [])


async def test_a_call_can_hang_until_the_faults_end(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("hang", delivered=True))
    call = asyncio.create_task(bot.v2("hello"))
    await im.wait_for(lambda: bool(im.calls) and im.calls[-1].outcome == "hung")
    assert not call.done()
    im.behave()
    with pytest.raises(aiohttp.ClientError):
        await call
    assert texts(im) == ["hello"]


async def test_moderation_refuses_in_the_words_of_each_version(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("antispam", times=2))
    answer = await bot.v1()
    assert (answer["code"], answer["data"]["antispam"]) == (200, True)
    assert (await bot.v2())["code"] == 107451
    assert texts(im) == []


async def test_calls_are_recorded_without_their_signature(im: ImServer, bot: Bot) -> None:
    await bot.v1("hello", request_id="r1")
    (call,) = im.calls
    assert (call.path, call.outcome) == ("/nimserver/msg/sendMsg.action", "200")
    assert call.headers["RequestId"] == "r1"
    assert not {"CheckSum", "AppKey"} & set(call.headers)
    assert (call.body["from"], call.server_id) == ("helper", im.chat("alice", "helper")[0].server_id)


async def test_a_reply_is_copied_to_the_webhook_unless_the_route_is_off(bot: Bot, im: ImServer) -> None:
    async with receiving() as webhook:
        im.webhook = webhook.url
        await bot.v2("quiet", route_config={"route_enabled": False})
        await bot.v1("quiet", option=json.dumps({"route": False}))
        await bot.v2("loud")
        await im.wait_for(lambda: bool(im.posts))
        assert [(b["body"], b["fromAccount"], b["fromClientType"]) for b in webhook.bodies] == [
            ("loud", "helper", "REST")
        ]


URL = "https://cdn.example.com/a"
CONTENTS: list[tuple[int, str, dict[str, Any]]] = [
    (1, "PICTURE", {"url": URL, "w": 6814, "h": 2332, "ext": "jpg", "size": 388245, "md5": "0", "name": "a"}),
    (1, "PICTURE", {"url": URL}),
    (2, "AUDIO", {"url": URL, "dur": 4551, "ext": "aac", "size": 16420}),
    (3, "VIDEO", {"url": URL, "dur": 8003, "w": 360, "h": 480, "ext": "mp4"}),
    (4, "LOCATION", {"title": "杭州市", "lng": 120.19, "lat": 30}),
    (6, "FILE", {"url": URL, "name": "a.ttf", "size": "91680", "ext": ""}),
    (100, "CUSTOM", {"myKey1": "myValue1", "myKey2": 2}),
]


@pytest.mark.parametrize(("number", "kind", "content"), CONTENTS)
async def test_both_versions_take_every_kind(
    im: ImServer, bot: Bot, number: int, kind: str, content: dict[str, Any]
) -> None:
    answer = await bot.v2_content(number, content)
    assert (answer["data"]["message_type"], answer["data"]["attachment"]) == (number, content)
    assert (await bot.v1(type=str(number), body=json.dumps(content), msgDesc="look"))["code"] == 200
    by_v2, by_v1 = im.chat("alice", "helper")
    assert (by_v2.msg_type, json.loads(by_v2.attach), by_v2.text) == (kind, content, "")
    assert (by_v1.msg_type, json.loads(by_v1.attach), by_v1.text) == (kind, content, "look")


async def test_both_versions_take_a_tip_as_text(im: ImServer, bot: Bot) -> None:
    await bot.v2_content(10, text="Alice joined")
    await bot.v1("Bob joined", type="10")
    assert [(said.msg_type, said.text, said.attach) for said in im.chat("alice", "helper")] == [
        ("TIPS", "Alice joined", ""),
        ("TIPS", "Bob joined", ""),
    ]


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (1, {}),
        (1, {"w": 1, "h": 1}),
        (1, {"url": ""}),
        (1, {"url": "cdn.example.com/a"}),
        (1, {"url": URL, "w": "6814"}),
        (1, {"url": URL, "h": 1.5}),
        (1, {"url": URL, "size": "9"}),
        (1, {"url": URL, "ext": ".jpg"}),
        (1, {"url": URL, "name": 7}),
        (2, {"url": URL, "dur": "4551"}),
        (3, {"url": URL, "dur": -1}),
        (4, {"title": "here", "latitude": 30.0, "longitude": 120.0}),
        (4, {"lat": "30", "lng": 120.0}),
        (4, {"lat": 91, "lng": 120.0}),
        (6, {"name": "a.ttf"}),
        (6, {"url": URL, "size": "large"}),
        (100, {}),
        (100, {"x": "x" * 4096}),
    ],
)
async def test_neither_version_takes_a_content_that_is_not_as_documented(
    im: ImServer, bot: Bot, number: int, content: dict[str, Any]
) -> None:
    assert (await bot.v2_content(number, content))["code"] == 414
    assert (await bot.v1(type=str(number), body=json.dumps(content)))["code"] == 414
    assert im.chat("alice", "helper") == []


@pytest.mark.parametrize("number", [5, 11, 12, "1"])
async def test_a_type_that_nobody_may_send_is_refused(bot: Bot, number: Any) -> None:
    assert (await bot.v2_content(number, {"url": URL}))["code"] == 414


@pytest.mark.parametrize("number", [1, 4, 10])
async def test_the_words_beside_what_is_no_text_have_a_limit_of_their_own(bot: Bot, number: int) -> None:
    content = {"url": URL, "lat": 1, "lng": 2}
    assert (await bot.v2_content(number, content, "x" * 500))["code"] == 200
    assert (await bot.v2_content(number, content, "x" * 501))["code"] == 414


async def test_an_upload_is_kept_and_has_a_url(im: ImServer, bot: Bot) -> None:
    answer = await bot.upload(content=base64.b64encode(b"bytes").decode(), type="image/png", ishttps="true")
    assert answer["code"] == 200
    assert answer["url"].startswith(("https://", im.url))
    assert im.calls[-1].body["content"] == "8 characters"


async def test_an_upload_may_be_larger_than_any_other_call(im: ImServer, bot: Bot) -> None:
    content = base64.b64encode(bytes(11_000_000)).decode()
    assert (await bot.upload(content=content, type="image/png"))["code"] == 200


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"type": "image/png"}, "bad content"),
        ({"content": "", "type": "image/png"}, "content is empty"),
        ({"content": "A" * 15_000_004}, "content has more than 15000000 characters"),
        ({"content": "no base64!"}, "content is not base64"),
        ({"content": "YQ==", "type": "t" * 129}, "bad type"),
        ({"content": "YQ==", "ishttps": "yes"}, "bad ishttps"),
        ({"content": "YQ==", "expireSec": "1"}, "bad expireSec"),
    ],
)
async def test_an_upload_that_is_not_as_documented_is_refused(
    bot: Bot, form: dict[str, str], why: str
) -> None:
    assert await bot.upload(**form) == {"code": 414, "desc": why}


async def test_an_upload_is_signed_and_fails_on_demand(im: ImServer, bot: Bot) -> None:
    im.fail(ApiFault("code", 416))
    assert (await bot.upload(content="YQ=="))["code"] == 416
    bot.secret = "other"
    assert (await bot.upload(content="YQ=="))["code"] == 414


async def test_a_stream_message_grows_in_order_of_its_chunks(im: ImServer, bot: Bot) -> None:
    server_id = (await bot.stream("a", 0))["data"]["message_server_id"]
    await bot.stream("c", 2, server_id=server_id)
    await bot.stream("b", 1, server_id=server_id)
    await bot.stream("b", 1, server_id=server_id)
    assert im.chat("alice", "helper")[0].finished is False
    await bot.stream("d", 3, finish=1, server_id=server_id)
    (message,) = im.chat("alice", "helper")
    assert (message.text, message.finished) == ("abcd", True)


async def test_an_ended_stream_takes_no_more(im: ImServer, bot: Bot) -> None:
    server_id = (await bot.stream("a", 0, finish=1))["data"]["message_server_id"]
    assert (await bot.stream("b", 1, server_id=server_id))["code"] == 189318
    assert texts(im) == ["a"]


async def test_a_stream_ends_after_30_seconds_without_a_chunk(im: ImServer, bot: Bot, clock: Clock) -> None:
    server_id = (await bot.stream("a", 0))["data"]["message_server_id"]
    clock.ms += 30_001
    assert (await bot.stream("b", 1, server_id=server_id))["code"] == 189319
    assert im.chat("alice", "helper")[0].finished is True


async def test_a_stream_holds_5000_characters(bot: Bot) -> None:
    server_id = (await bot.stream("a" * 5000, 0))["data"]["message_server_id"]
    assert (await bot.stream("b", 1, server_id=server_id))["code"] == 189320


async def test_an_edited_message_says_something_else_in_its_place(im: ImServer, bot: Bot) -> None:
    sent = await bot.v2("It opens")
    await bot.v2("Anything else?")
    answer = await bot.edit("It opens at nine.", sent)
    assert (answer["code"], answer["data"]["text"]) == (200, "It opens at nine.")
    assert texts(im) == ["It opens at nine.", "Anything else?"]


async def test_a_message_is_edited_once_a_second(im: ImServer, bot: Bot, clock: Clock) -> None:
    sent = await bot.v2("a")
    assert (await bot.edit("ab", sent))["code"] == 200
    clock.ms += 999
    assert (await bot.edit("abc", sent))["code"] == 107449
    clock.ms += 1
    assert (await bot.edit("abc", sent))["code"] == 200
    assert texts(im) == ["abc"]


async def test_a_message_is_edited_for_seven_days(im: ImServer, bot: Bot, clock: Clock) -> None:
    sent = await bot.v2("a")
    clock.ms += 7 * 86_400_000 + 1
    assert (await bot.edit("ab", sent))["code"] == 508
    assert texts(im) == ["a"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"message_server_id": 17}, 107404),
        ({"receiver_id": "bob"}, 414),
        ({"time": 1}, 414),
        ({"type": 2}, 414),
        ({"message_type": 1}, 414),
        ({"operator": "alice"}, 403),
        ({"text": "a" * 5001}, 414),
        ({"text": ""}, 414),
        ({"quote": "x"}, 414),
    ],
    ids=str,
)
async def test_an_edit_names_the_message_rightly_and_is_its_senders(
    im: ImServer, bot: Bot, wrong: dict[str, Any], code: int
) -> None:
    sent = await bot.v2("a")
    assert (await bot.edit("ab", sent, **wrong))["code"] == code
    assert texts(im) == ["a"]


async def test_an_edit_is_signed_and_its_answer_may_be_lost(im: ImServer, bot: Bot) -> None:
    sent = await bot.v2("a")
    im.fail(ApiFault("close", delivered=True))
    with pytest.raises(aiohttp.ClientError):
        await bot.edit("ab", sent)
    assert texts(im) == ["ab"]
    bot.secret = "other"
    assert (await bot.edit("abc", sent))["code"] == 414
    assert texts(im) == ["ab"]
