"""``dev.py post``: what arrives at the webhook, and what is told of it."""

from __future__ import annotations

import argparse
import os
import shlex
import struct
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from playground import posting, running
from playground.cli import _parser
from playground.im.chats import Delivered
from playground.im_server import ImServer
from playground.posting import post, to_stack, to_url
from playground.running import announced, running_stack
from playground.runs import Process
from playground.steps import SetupFailed
from relay.inbound import wire
from relay.inbound.routing import identities
from relay.messages import message_hash
from relay.signature import verify
from tests.playground.receiver import Received, Receiver, receiving

SECRET = "pa55word"

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"


def options(*arguments: str) -> argparse.Namespace:
    return _parser().parse_args(["post", *arguments])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def im(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ImServer]:
    """The emulator of a stack, whose bot answers what it is posted, in one part."""
    monkeypatch.setattr(posting, "MORE_SECONDS", 0.1)
    async with ImServer(app_key="key", secret=SECRET, webhook=receiver.url) as im:

        async def answer(received: Received) -> web.Response:
            body = received.body
            await im.chats.deliver(
                Delivered(
                    sender="helper",
                    to=body["to"] if body["convType"] == "TEAM" else body["fromAccount"].lower(),
                    team_kind="team" if body["convType"] == "TEAM" else None,
                    text=f"You said: {body['body']}",
                    client_id="r-1",
                    server_id=im.chats.next_id(),
                    at=im.chats.now(),
                    origin="api",
                )
            )
            return web.json_response({"status": "queued"})

        receiver.answer = answer
        yield im


async def test_the_stack_posts_it_and_shows_what_comes_of_it(im: ImServer, receiver: Receiver) -> None:
    told: list[str] = []
    chosen = options("helper", "hello", "--as", "Bob", "--topic", "trip", "--context", "page 3")
    assert await to_stack(im.url, chosen, None, told.append) == 0
    (received,) = receiver.received
    verify([SECRET], received.headers, received.raw)
    found = wire.read(received.body)
    assert (found.sender, found.to, found.text) == ("bob", "helper", "hello")
    assert (found.topic, found.custom) == ("trip", "page 3")
    called = message_hash(identities("bob", found.client_id, found.server_id)[0])
    assert told[0].startswith("webhook  200 in ")
    assert told[1:] == [f"message  {called}", "reply    You said: hello"]


async def test_in_a_group_the_bot_is_named_without_a_mention(im: ImServer, receiver: Receiver) -> None:
    im.create_team("t1", ["alice", "helper"])
    told: list[str] = []
    assert (
        await to_stack(im.url, options("helper", "hi", "--team", "t1", "--as", "bob"), None, told.append) == 0
    )
    found = wire.read(receiver.bodies[0])
    assert (found.conversation, found.to, found.account) == ("TEAM", "t1", "helper")
    assert im.chats.teams["t1"].members == ("alice", "helper", "bob")
    assert told[-1] == "reply    You said: hi"


async def test_a_picture_of_this_machine_is_kept_by_the_stack(
    im: ImServer, receiver: Receiver, tmp_path: Path
) -> None:
    picture = tmp_path / "way.png"
    picture.write_bytes(PNG)
    chosen = options("helper", "look", "--picture", str(picture))
    assert await to_stack(im.url, chosen, None, lambda _: None) == 0
    attach = wire.read(receiver.bodies[0]).attach
    assert attach["name"] == "way.png"
    item = im.storage.get(str(attach["url"]).rpartition("/")[2])
    assert item is not None
    assert item.content == PNG


async def test_a_captured_body_is_posted_byte_for_byte_under_a_fresh_signature(
    im: ImServer, receiver: Receiver
) -> None:
    fields = '"eventType":"1", "convType":"PERSON", "msgType":"TEXT", "to":"helper","fromAccount":"alice","body":"é"'
    body = f'{{ "msgidClient":"c-1",\n{fields}}}'
    told: list[str] = []
    assert await to_stack(im.url, options("--file", "body.json"), body.encode(), told.append) == 0
    (received,) = receiver.received
    assert received.raw == body.encode()
    verify([SECRET], received.headers, received.raw)
    assert told[-1] == "reply    You said: é"


async def test_what_no_bot_answers_is_not_waited_for(im: ImServer, receiver: Receiver) -> None:
    async def ignore(_: Received) -> web.Response:
        return web.json_response({"status": "ignored", "reason": "unknown_bot"})

    receiver.answer = ignore
    told: list[str] = []
    assert await to_stack(im.url, options("nobody", "hi"), None, told.append) == 1
    assert told[0].endswith('{"status": "ignored", "reason": "unknown_bot"}')


async def test_a_webhook_elsewhere_is_posted_to_with_the_apps_secret(receiver: Receiver) -> None:
    async def respond(_: Received) -> web.Response:
        return web.json_response({"errCode": 0, "reply": {"type": 0, "text": "Hi"}})

    receiver.answer = respond
    told: list[str] = []
    chosen = options("helper", "hello", "--url", f"{receiver.url}?code=a-key", "--input", "chatbot")
    assert await to_url(chosen, None, SECRET, told.append) == 0
    (received,) = receiver.received
    verify([SECRET], received.headers, received.raw)
    assert wire.read(received.body).input == "chatbot"
    assert received.query == "code=a-key"
    assert told[-1] == "reply    Hi"
    assert SECRET not in "".join(told)


@pytest.mark.parametrize("content", [None, b'{"body": "it\'s"}'])
async def test_as_curl_it_is_shown_and_not_posted(receiver: Receiver, content: bytes | None) -> None:
    told: list[str] = []
    chosen = options("helper", "it's", "--url", f"{receiver.url}?code=a-key", "--curl")
    assert await to_url(chosen, content, SECRET, told.append) == 0
    assert receiver.received == []
    (line,) = told
    words = shlex.split(line.replace("\\\n", ""))
    headers = dict(word.split(": ", 1) for name, word in pairwise(words) if name == "-H")
    verify([SECRET], headers, words[-1].encode())
    assert SECRET not in line
    assert "a-key" not in line


async def test_a_file_of_this_machine_does_not_go_elsewhere(receiver: Receiver) -> None:
    chosen = options("helper", "x", "--url", receiver.url, "--picture", "way.png")
    with pytest.raises(SetupFailed, match="give an https address"):
        await to_url(chosen, None, SECRET, print)


async def test_where_nothing_listens_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    chosen = options("helper", "x", "--url", "http://127.0.0.1:1/api/webhook?code=a-key")
    assert await to_url(chosen, None, SECRET, told.append) == 1
    assert told[0].endswith("does anything listen at http://127.0.0.1:1/api/webhook?code=***?")


def test_without_a_stack_it_says_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "running_stack", lambda: "")
    with pytest.raises(SetupFailed, match=r"start `python3 dev\.py play`"):
        post(options("helper", "hi"))


def test_without_a_secret_it_says_where_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "setting", lambda name, default: default)
    with pytest.raises(SetupFailed, match="IM_APP_SECRET is set neither"):
        post(options("helper", "hi", "--url", "http://127.0.0.1:1"))


def test_the_secret_may_be_typed_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []

    async def to(_: Any, __: Any, secret: str, ___: Any) -> int:
        used.append(secret)
        return 0

    monkeypatch.setattr(posting, "to_url", to)
    monkeypatch.setattr("getpass.getpass", lambda _: SECRET)
    assert post(options("helper", "hi", "--url", "http://127.0.0.1:1", "--secret", "-")) == 0
    assert used == [SECRET]


def test_a_stack_is_found_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "live_runs", lambda: [Process("dev.py", os.getpid(), "")])
    (tmp_path / "1").write_text("http://127.0.0.1:1")  # of a run that was killed
    with announced("http://127.0.0.1:8766", tmp_path):
        assert running_stack(tmp_path) == "http://127.0.0.1:8766"
    assert running_stack(tmp_path) == ""


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SetupFailed, match=r"--file: no\.json: No such file"):
        post(options("--file", "no.json"))
