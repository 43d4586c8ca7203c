"""The emulator's platform side: users talk, the webhook is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from playground.im.signing import sign_request
from playground.im_server import Delivery, ImServer
from tests.playground.receiver import Received, Receiver, receiving

NOW = 1_700_000_000_000


@pytest.fixture
async def webhook() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def im(webhook: Receiver) -> AsyncIterator[ImServer]:
    async with ImServer(app_key="key", secret="secret", webhook=webhook.url, now=lambda: NOW) as server:
        yield server


def test_the_signature_matches_the_known_vector() -> None:
    assert sign_request("testAppSecret", b"{}", 1440570500855) == {
        "CurTime": "1440570500855",
        "MD5": "99914b932bd37a50b983c5e7c90ae93b",
        "CheckSum": "aefee176e827f1ba06ca6536edebe08b7a2dbab7",
    }


async def test_a_copy_holds_the_documented_fields_as_strings(im: ImServer, webhook: Receiver) -> None:
    said = await im.say("Alice", "你好", to="Helper", nick="Al", client_id="c1")

    assert webhook.bodies == [
        {
            "eventType": "1",
            "convType": "PERSON",
            "to": "Helper",
            "fromAccount": "Alice",
            "fromClientType": "WEB",
            "fromNick": "Al",
            "msgTimestamp": str(NOW),
            "msgType": "TEXT",
            "msgidClient": "c1",
            "msgidServer": said.message.server_id,
            "body": "你好",
            "resendFlag": "0",
            "attach": "",
            "ext": "",
        }
    ]
    assert (said.status, said.answer, said.delivered) == (200, {"status": "queued"}, True)


async def test_a_copy_is_signed_over_its_raw_bytes(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "héllo")

    request = webhook.received[0]
    md5 = hashlib.md5(request.raw).hexdigest()  # noqa: S324
    assert request.headers["AppKey"] == "key"
    assert request.headers["CurTime"] == str(NOW)
    assert request.headers["MD5"] == md5
    assert request.headers["CheckSum"] == hashlib.sha1(f"secret{md5}{NOW}".encode()).hexdigest()  # noqa: S324


async def test_the_function_key_of_the_address_is_sent_unchanged(im: ImServer, webhook: Receiver) -> None:
    im.webhook = f"{webhook.url}?code=a%2Fb%3D%3D"
    await im.say("alice", "hello")
    assert webhook.received[0].query == "code=a%2Fb%3D%3D"


async def test_the_users_message_is_in_the_chat_in_lower_case(im: ImServer) -> None:
    await im.say("Alice", "hello", to="Helper")
    (message,) = im.chat("helper", "alice")
    assert (message.sender, message.to, message.text, message.origin) == ("alice", "helper", "hello", "user")


async def test_server_ids_have_19_digits_and_never_repeat(im: ImServer) -> None:
    ids = [(await im.say("alice", "hello")).message.server_id for _ in range(3)]
    assert len(set(ids)) == 3
    assert {len(server_id) for server_id in ids} == {19}


async def test_robot_info_travels_in_the_ext_of_a_copy(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "hello", function="translate", topic="t1", custom="vip")
    assert "robotInfo" not in webhook.bodies[0]
    assert json.loads(webhook.bodies[0]["ext"]) == {
        "robotInfo": {"function": "translate", "topic": "t1", "customContent": "vip"}
    }


async def test_a_copy_cannot_carry_both_ext_and_robot_info(im: ImServer) -> None:
    with pytest.raises(ValueError, match="robotInfo"):
        await im.say("alice", "hello", ext="mine", topic="t1")


async def test_a_chatbot_request_names_the_bot_and_the_robot_info(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "hello", to="helper", topic="t1", input="chatbot")
    (body,) = webhook.bodies
    assert "eventType" not in body
    assert (body["robotAccid"], body["fromAccount"], body["body"]) == ("helper", "alice", "hello")
    assert body["robotInfo"] == {"topic": "t1"}


async def test_with_both_inputs_the_webhook_gets_the_same_message_twice(
    im: ImServer, webhook: Receiver
) -> None:
    said = await im.say("alice", "hello", input="both")
    assert [body["msgidClient"] for body in webhook.bodies] == [said.message.client_id] * 2
    assert [post.input for post in said.posts] == ["copy", "chatbot"]


async def test_a_reply_in_the_chatbot_response_reaches_the_user(im: ImServer, webhook: Receiver) -> None:
    async def reply(_: Received) -> web.Response:
        return web.json_response({"errCode": 0, "reply": {"type": 0, "text": "Hi alice"}})

    webhook.answer = reply
    said = await im.say("alice", "hello", to="helper", input="chatbot")
    assert [(m.sender, m.text, m.origin) for m in im.chat("alice", "helper")][1:] == [
        ("helper", "Hi alice", "response")
    ]

    await im.deliver(said)
    assert len(im.chat("alice", "helper")) == 2, "the answer to a repeated request is not shown again"


async def test_a_reply_in_the_answer_to_a_copy_is_not_read(im: ImServer, webhook: Receiver) -> None:
    async def reply(_: Received) -> web.Response:
        return web.json_response({"errCode": 0, "reply": {"type": 0, "text": "Hi alice"}})

    webhook.answer = reply
    await im.say("alice", "hello")
    assert len(im.chat("alice", "helper")) == 1


async def test_a_group_message_names_the_group_and_its_members(im: ImServer, webhook: Receiver) -> None:
    im.create_team("123", ["alice", "bob", "helper"], kind="super_team")
    await im.say("alice", "@Helper hello", team="123", account="helper")
    (body,) = webhook.bodies
    assert (body["convType"], body["to"], body["tMembers"]) == ("SUPER_TEAM", "123", "[alice, bob, helper]")
    assert [message.text for message in im.team_chat("123")] == ["@Helper hello"]


async def test_the_webhook_hears_who_is_added_to_a_group(im: ImServer, webhook: Receiver) -> None:
    im.add_to_team("123", ["alice", "helper"])
    await im.wait_for(lambda: len(webhook.received) == 1)
    im.add_to_team("123", ["alice", "helper"])  # nobody is new
    im.add_to_team("123", ["alice", "helper", "bob"], kind="super_team")
    await im.wait_for(lambda: len(webhook.received) == 2)
    first, second = webhook.bodies
    assert (first["msgType"], first["convType"], first["fromAccount"]) == ("NOTIFICATION", "TEAM", "alice")
    assert json.loads(first["attach"]) == {"id": 0, "data": {"ids": ["helper"], "tinfo": {"1": "123"}}}
    assert json.loads(second["attach"])["id"] == 401
    assert json.loads(second["attach"])["data"]["ids"] == ["bob"]


async def test_who_is_not_in_a_group_cannot_speak_there(im: ImServer) -> None:
    im.create_team("123", ["alice"])
    with pytest.raises(ValueError, match="not in the group"):
        await im.say("mallory", "hello", team="123")


@pytest.mark.parametrize(("status", "delivered"), [(200, True), (500, True), (401, False), (503, False)])
async def test_200_and_500_count_as_delivered(
    im: ImServer, webhook: Receiver, status: int, delivered: bool
) -> None:
    async def answer(_: Received) -> web.Response:
        return web.Response(status=status)

    webhook.answer = answer
    assert (await im.say("alice", "hello")).delivered is delivered


async def test_a_webhook_that_does_not_answer_in_time_is_recorded_as_failed(webhook: Receiver) -> None:
    never = asyncio.Event()

    async def hang(_: Received) -> web.Response:
        await never.wait()
        return web.Response()

    webhook.answer = hang
    async with ImServer(app_key="key", secret="secret", webhook=webhook.url, copy_seconds=0.05) as im:
        said = await im.say("alice", "hello")
    never.set()
    assert (said.status, said.delivered, said.posts[0].failure) == (None, False, "no answer in time")


async def test_a_webhook_that_is_not_there_is_recorded_as_failed(im: ImServer) -> None:
    im.webhook = "http://127.0.0.1:1/api/webhook"
    said = await im.say("alice", "hello")
    assert not said.delivered
    assert said.posts[0].failure == "ClientConnectorError"


async def test_nothing_is_sent_again_by_default(im: ImServer, webhook: Receiver) -> None:
    async def fail(_: Received) -> web.Response:
        return web.Response(status=503)

    webhook.answer = fail
    await im.say("alice", "hello")
    assert len(webhook.received) == 1


async def test_the_high_guarantee_copy_is_sent_again_until_it_is_delivered(webhook: Receiver) -> None:
    async def fail_once(_: Received) -> web.Response:
        return web.Response(status=503 if len(webhook.received) == 1 else 200)

    webhook.answer = fail_once
    async with ImServer(app_key="key", secret="secret", webhook=webhook.url, resend_seconds=(0, 0, 0)) as im:
        said = await im.say("alice", "hello")
    assert [body["resendFlag"] for body in webhook.bodies] == ["0", "1"]
    assert said.delivered


async def test_a_message_can_come_several_times_at_once(im: ImServer, webhook: Receiver) -> None:
    said = await im.say("alice", "hello", delivery=Delivery(copies=3))
    assert len(webhook.received) == len(said.posts) == 3
    assert len({request.raw for request in webhook.received}) == 1


async def test_messages_can_come_late_and_in_another_order(im: ImServer, webhook: Receiver) -> None:
    first = await im.say("alice", "one", post=False)
    second = await im.say("alice", "two", post=False)
    assert webhook.received == []
    await im.deliver(second)
    await im.deliver(first.message.server_id)
    assert [body["body"] for body in webhook.bodies] == ["two", "one"]


async def test_a_message_that_is_held_back_comes_after_the_next_one(im: ImServer, webhook: Receiver) -> None:
    held = asyncio.create_task(im.say("alice", "one", delivery=Delivery(hold=True)))
    await im.wait_for(lambda: len(im.chat("alice", "helper")) == 1)
    await im.say("alice", "two")
    await held
    assert [body["body"] for body in webhook.bodies] == ["two", "one"]


async def test_a_message_that_is_held_back_does_not_wait_for_ever(webhook: Receiver) -> None:
    async with ImServer(app_key="key", secret="secret", webhook=webhook.url, hold_seconds=0.01) as im:
        await im.say("alice", "one", delivery=Delivery(hold=True))
    assert [body["body"] for body in webhook.bodies] == ["one"]


async def test_every_request_has_a_trace_of_its_own(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "hello", delivery=Delivery(copies=2))
    traces = [request.headers["traceparent"] for request in webhook.received]
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace) for trace in traces)
    assert len(set(traces)) == 2


async def test_a_request_is_kept_as_it_was_posted(im: ImServer, webhook: Receiver) -> None:
    said = await im.say("alice", "你好")
    (post,), (request,) = said.posts, webhook.received
    assert post.request.encode() == request.raw
    assert post.headers.items() <= request.headers.items()
    assert (post.url, post.at) == (webhook.url, NOW)


async def test_a_signature_can_be_wrong_or_missing_or_old(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "1", delivery=Delivery(signature="bad"))
    await im.say("alice", "2", delivery=Delivery(signature="missing"))
    await im.say("alice", "3", delivery=Delivery(clock_offset_seconds=-3600))
    bad, missing, old = webhook.received
    assert bad.headers["CheckSum"] == "0" * 40
    assert "CheckSum" not in missing.headers
    assert old.headers["CurTime"] == str(NOW - 3_600_000)
    assert old.headers["CheckSum"] == sign_request("secret", old.raw, NOW - 3_600_000)["CheckSum"]


async def test_fields_can_be_added_and_replaced(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "hello", fields={"antispam": "true", "fromClientType": "16"})
    assert (webhook.bodies[0]["antispam"], webhook.bodies[0]["fromClientType"]) == ("true", "16")


async def test_the_address_check_posts_two_bytes(im: ImServer, webhook: Receiver) -> None:
    assert await im.check_address()
    assert webhook.received[0].raw == b"{}"


async def test_waiting_ends_with_an_error_when_nothing_comes(im: ImServer) -> None:
    with pytest.raises(TimeoutError):
        await im.wait_for(lambda: bool(im.chats.events), seconds=0.01)


PICTURE = {
    "name": "a",
    "md5": "1",
    "url": "http://127.0.0.1:1/media/x",
    "ext": "png",
    "w": 4,
    "h": 3,
    "size": 9,
}


async def test_a_copy_of_another_kind_holds_its_attach_as_a_string_and_the_caption_as_its_body(
    im: ImServer, webhook: Receiver
) -> None:
    await im.say("alice", "look!", to="helper", msg_type="PICTURE", attach=PICTURE)
    (body,) = webhook.bodies
    assert (body["msgType"], body["body"]) == ("PICTURE", "look!")
    assert isinstance(body["attach"], str)
    assert json.loads(body["attach"]) == PICTURE
    assert "robotInfo" not in body


async def test_a_picture_in_a_group_mentions_nobody(im: ImServer, webhook: Receiver) -> None:
    im.create_team("4711", ["alice", "helper"])
    await im.say("alice", "", team="4711", msg_type="PICTURE", attach=PICTURE)
    (body,) = webhook.bodies
    assert (body["convType"], body["to"], body["body"]) == ("TEAM", "4711", "")
    assert "helper" not in json.dumps({name: value for name, value in body.items() if name != "tMembers"})


async def test_a_chatbot_request_about_a_picture_holds_it_too(im: ImServer, webhook: Receiver) -> None:
    await im.say("alice", "", to="helper", msg_type="PICTURE", attach=PICTURE, input="chatbot")
    assert json.loads(webhook.bodies[0]["attach"]) == PICTURE


async def test_an_attach_that_the_platform_would_not_take_is_refused(im: ImServer) -> None:
    with pytest.raises(ValueError, match="4096"):
        await im.say("alice", "", msg_type="CUSTOM", attach={"much": "x" * 4096})
