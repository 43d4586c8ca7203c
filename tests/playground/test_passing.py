"""What ``dev.py services`` says of what passes."""

from __future__ import annotations

import asyncio
import re
import threading

from aiohttp import web

from playground.im_server import ImServer
from playground.passing import lines_of, watch
from relay.inbound.routing import identities
from relay.messages import message_hash
from tests.playground.receiver import Received, receiving

PRIVATE = "hunter2"


async def test_each_request_is_a_line_without_a_word_of_it() -> None:
    async with receiving() as receiver, ImServer(app_key="k", secret="s", webhook=receiver.url) as im:
        said: list[str] = []
        arrived = threading.Event()

        def say(line: str) -> None:
            said.append(line)
            arrived.set()

        watching = watch(im.url, say)
        message = (await im.say("alice", PRIVATE, to="helper")).message
        called = message_hash(identities("alice", message.client_id, message.server_id)[0])
        assert await asyncio.to_thread(arrived.wait, 10)

        async def respond(_: Received) -> web.Response:
            return web.json_response({"errCode": 0, "reply": {"type": 0, "text": PRIVATE}})

        receiver.answer = respond
        await im.say("alice", PRIVATE, to="helper", input="chatbot")
        await im.post(b"{}")
        facts = [{"kind": kind, **fact} for kind, fact in im.record.facts]
    await asyncio.to_thread(watching.join, 10)
    assert not watching.is_alive()
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d → copy    200 in \d+ ms queued  TEXT alice → helper, 7 characters, message {called}",
        said[0],
    )
    lines = [*lines_of(facts)]
    assert lines[0] == said[0]
    assert "→ chatbot 200 in" in lines[1]
    assert "with a reply  TEXT alice → helper" in lines[1]
    assert len(lines) == 3
    assert PRIVATE not in "".join(lines)


def test_a_call_is_told_with_its_result_once_it_has_one() -> None:
    call = {"kind": "call", "at": 0, "path": "/im/v2/messages", "outcome": "200", "milliseconds": None}
    assert [*lines_of([call])] == []
    (line,) = lines_of([call | {"milliseconds": 3}])
    assert line.endswith(" ← /im/v2/messages  200 in 3 ms")
