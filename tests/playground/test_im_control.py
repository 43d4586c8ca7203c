"""The emulator as a process, and the HTTP interface that other processes use."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from playground.im_server import ImServer
from tests.playground.receiver import Receiver, receiving


@pytest.fixture
async def webhook() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def im(webhook: Receiver) -> AsyncIterator[ImServer]:
    async with ImServer(app_key="key", secret="secret", webhook=webhook.url) as server:
        yield server


class Control:
    """Calls the interface."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session

    async def get(self, name: str, **query: str) -> Any:
        async with self._session.get(f"{self._url}/_control/{name}", params=query) as response:
            assert response.status == 200
            return await response.json()

    async def post(self, name: str, *, status: int = 200, **arguments: Any) -> Any:
        async with self._session.post(f"{self._url}/_control/{name}", json=arguments) as response:
            assert response.status == status
            return await response.json()

    async def delete(self, name: str) -> None:
        async with self._session.delete(f"{self._url}/_control/{name}") as response:
            assert response.status == 200


@pytest.fixture
async def control(im: ImServer) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(im.url, session)


async def test_a_user_can_be_made_to_speak(control: Control, webhook: Receiver) -> None:
    said = await control.post("say", sender="alice", text="hello", to="helper", topic="t1")
    assert (said["status"], said["delivered"]) == (200, True)
    assert said["posts"][0]["milliseconds"] > 0
    assert said["message"]["text"] == webhook.bodies[0]["body"] == "hello"


async def test_a_message_can_be_kept_back_and_delivered_later(control: Control, webhook: Receiver) -> None:
    said = await control.post("say", sender="alice", text="hello", post=False)
    assert (said["status"], webhook.received) == (None, [])
    again = await control.post("deliver", message=said["message"]["server_id"], delivery={"copies": 2})
    assert len(again["posts"]) == len(webhook.received) == 2


async def test_groups_can_be_created(control: Control, im: ImServer) -> None:
    await control.post("teams", tid="123", members=["Alice", "helper"])
    assert im.chats.teams["123"].members == ("alice", "helper")


async def test_the_webhook_can_be_set(control: Control, im: ImServer) -> None:
    await control.post("webhook", url="http://127.0.0.1:1/x")
    assert im.webhook == "http://127.0.0.1:1/x"


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("say", {"sender": "alice"}, "text"),
        ("say", {"sender": "alice", "text": "hello", "tonne": "x"}, "tonne"),
        ("say", {"sender": "alice", "text": "hello", "team": "404"}, "404"),
        ("deliver", {"message": "404"}, "404"),
        ("faults", {"api": {"kind": "unkind"}}, "kind"),
        ("teams", {"tid": "1"}, "members"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(
    control: Control, name: str, arguments: dict[str, Any], word: str
) -> None:
    assert word in (await control.post(name, status=400, **arguments))["error"]


async def test_events_come_as_they_happen(control: Control) -> None:
    await control.post("say", sender="alice", text="one")
    first = await control.get("events")
    assert [event["text"] for event in first["events"]] == ["one"]

    waiting = asyncio.create_task(control.get("events", after=str(first["next"]), seconds="30"))
    await control.post("say", sender="alice", text="two")
    second = await waiting
    assert [event["text"] for event in second["events"]] == ["two"]
    assert second["next"] == 2


async def test_no_event_is_an_answer_after_the_wait(control: Control) -> None:
    assert await control.get("events", seconds="0.01") == {"events": [], "next": 0}


async def test_chats_and_posts_can_be_read(control: Control) -> None:
    await control.post("teams", tid="123", members=["alice"])
    await control.post("say", sender="alice", text="hello")
    chats = await control.get("chats")
    assert [message["text"] for message in chats["chats"]["alice|helper"]] == ["hello"]
    assert chats["teams"] == [{"tid": "123", "members": ["alice"], "kind": "team"}]
    assert [post["status"] for post in await control.get("posts")] == [200]


async def test_faults_can_be_set_and_ended(control: Control, im: ImServer, webhook: Receiver) -> None:
    await control.post(
        "faults", api={"kind": "code", "code": 416, "seconds": 60}, delivery={"signature": "bad"}
    )
    await control.post("say", sender="alice", text="hello")
    assert webhook.received[0].headers["CheckSum"] == "0" * 40
    await control.delete("faults")
    await control.post("say", sender="alice", text="hello")
    assert webhook.received[1].headers["CheckSum"] != "0" * 40


async def test_calls_can_be_read(control: Control, im: ImServer) -> None:
    async with aiohttp.ClientSession() as session:
        await session.post(f"{im.url}/nimserver/msg/sendMsg.action", data={"from": "helper"})
    (call,) = await control.get("calls")
    assert (call["body"], call["outcome"]) == ({"from": "helper"}, "414")


async def test_everything_that_happens_can_be_followed_in_order(control: Control, im: ImServer) -> None:
    await control.post("teams", tid="7", members=["alice", "helper"])
    await control.post("say", sender="alice", text="hello", team="7")
    async with aiohttp.ClientSession() as session:
        await session.post(f"{im.url}/nimserver/msg/sendMsg.action", data={"from": "helper"})
    record = await control.get("record")
    assert [fact["kind"] for fact in record["facts"]] == ["team", "message", "post", "post", "call", "call"]
    begun, ended = record["facts"][2:4]
    assert (begun["number"], begun["ended"], begun["status"]) == (ended["number"], False, None)
    assert (ended["ended"], ended["status"]) == (True, 200)
    assert record["facts"][5]["milliseconds"] >= 0
    assert await control.get("record", after="6") == {"facts": [], "next": 6}


async def test_following_waits_for_the_next_fact(control: Control, im: ImServer) -> None:
    following = asyncio.create_task(control.get("record", seconds="10"))
    await im.say("alice", "hello")
    assert (await following)["facts"][0]["kind"] == "message"


async def test_a_server_that_ends_keeps_nobody_waiting() -> None:
    async with aiohttp.ClientSession() as session:
        async with ImServer(app_key="key", secret="secret") as im:
            following = asyncio.create_task(Control(im.url, session).get("record", after="0", seconds="30"))
            await im.wait_for(lambda: True)
            await Control(im.url, session).get("record")  # the one before has arrived, too
            im.create_team("7", [])
        assert [fact["kind"] for fact in (await following)["facts"]] == ["team"]


@pytest.mark.parametrize("module", ["playground.im_server", "playground.model_server"])
async def test_as_a_process_it_says_when_it_answers_and_ends_on_sigterm(module: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("listening on http://127.0.0.1:")
        name = "chats" if module.endswith("im_server") else "requests"
        async with aiohttp.ClientSession() as session:
            await Control(line.split()[-1], session).get(name)
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            code = await process.wait()
    assert code == 0


async def test_media_are_stored_and_misbehave_over_the_control_interface(
    im: ImServer, control: Control
) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": "image/png"}
        async with session.post(f"{im.url}/_control/media", data=b"bytes", headers=headers) as response:
            stored = await response.json()
        assert stored == {"url": stored["url"], "md5": "4b3a6218bb3e3a7303e8a171a60fcf92", "size": 5}
        await control.post("faults", storage={"kind": "gone", "lasting": True})
        async with session.get(stored["url"]) as response:
            assert response.status == 404
        await control.delete("faults")
        async with session.get(stored["url"]) as response:
            assert (response.content_type, await response.read()) == ("image/png", b"bytes")
        frame = {"frame_of": stored["url"]}
        async with session.post(f"{im.url}/_control/media", data=b"frame", params=frame) as response:
            assert response.status == 200
        async with session.post(f"{im.url}/_control/media", data=b"x", params={"frame_of": "x"}) as response:
            assert response.status == 400
    kinds = [fact["kind"] for fact in (await control.get("record"))["facts"]]
    assert kinds == ["fetch"] * 4


async def test_a_user_can_recall_and_edit_a_message(
    control: Control, im: ImServer, webhook: Receiver
) -> None:
    said = [await control.post("say", sender="alice", text=text) for text in ("one", "two")]
    one, two = (each["message"]["server_id"] for each in said)
    await control.post("recall", message=one)
    post = await control.post("edit", message=two, text="three")
    assert (post["status"], [each.text for each in im.chat("alice", "helper")]) == (
        200,
        ["(recalled)", "three"],
    )
    recall, edit = webhook.bodies[2:]
    assert (recall["eventType"], recall["msgId"], recall["clientId"]) == (
        "7",
        one,
        said[0]["message"]["client_id"],
    )
    assert recall["sendTime"] == str(said[0]["message"]["at"])
    assert (edit["eventType"], edit["modifyAccountId"], edit["text"]) == ("89", "alice", "three")
    assert "error" in await control.post("recall", status=400, message="7")


async def test_any_body_is_posted_signed_with_headers_of_ones_own(
    control: Control, webhook: Receiver, im: ImServer
) -> None:
    body = '{"eventType": 1, "body": "\u4f60\u597d"}'
    other = {"checksum": "abc", "X-Own": "1", "AppKey": ""}
    post = await control.post("post", body=body, headers=other)
    assert (post["status"], post["request"], post["server_id"]) == (200, body, "")
    (received,) = webhook.received
    assert received.raw == body.encode()
    assert {"checksum", "AppKey", "X-Own"} & received.headers.keys() == {"checksum", "X-Own"}
    assert received.headers["checksum"] == "abc"
    assert "CheckSum" not in received.headers
    late = await control.post("post", body="{}", delivery={"clock_offset_seconds": -3600})
    assert int(late["headers"]["CurTime"]) <= im.chats.now() - 3_600_000


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"a": "b\r\nc: d"}])
async def test_what_is_no_header_is_refused(control: Control, headers: dict[str, str]) -> None:
    assert "headers" in (await control.post("post", status=400, body="{}", headers=headers))["error"]


async def test_a_deleted_message_is_gone_and_no_copy_tells_of_it(
    control: Control, webhook: Receiver, im: ImServer
) -> None:
    said = await control.post("say", sender="alice", text="hello")
    await control.post("delete", message=said["message"]["server_id"])
    assert im.chat("alice", "helper") == []
    assert len(webhook.received) == 1
    await control.post("delete", status=400, message="17")


async def test_the_webhook_hears_that_a_group_is_no_more(
    control: Control, webhook: Receiver, im: ImServer
) -> None:
    await control.post("teams", tid="7001", members=["alice", "helper"])
    await control.post("dismiss", tid="7001")
    await im.wait_for(lambda: bool(im.posts))
    told = webhook.bodies[0]
    assert (told["msgType"], told["fromAccount"], told["to"]) == ("NOTIFICATION", "alice", "7001")
    assert json.loads(told["attach"])["id"] == 4
    assert im.chats.teams == {}
    await control.post("dismiss", status=400, tid="7001")
