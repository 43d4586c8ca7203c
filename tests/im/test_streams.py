"""Stream messages: the requests, and what is told of the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.errors import ImRejected, NoStreams
from relay.im.hosts import ApiVersion
from relay.outgoing import Chunk, Outgoing, Sent
from relay.signals import Original
from relay.spans import IM_CLIENT_ID, IM_SEND
from tests.im.api_server import ApiServer, calling
from tests.tracing import finished_spans

spans = finished_spans()

GROWING = Outgoing("helper", "alice", "", "client-1")
BEGUN: dict[str, Any] = {"code": 200, "data": {"message_server_id": 17, "create_time": 1700}}


async def stream(
    api: ApiServer, chunk: Chunk, version: ApiVersion = "v2", outgoing: Outgoing = GROWING
) -> Sent:
    async with calling(api, version) as im:
        return await im.stream(outgoing, chunk, seconds=4)


async def test_the_first_piece_has_no_server_id_and_gets_one(api: ApiServer) -> None:
    api.script = [BEGUN]
    assert await stream(api, Chunk("hel", 0)) == Sent("17", 1700)
    (call,) = api.calls
    assert call.path == "/im/v2/conversations/helper%7C1%7Calice/messages/actions/stream_message"
    assert call.json == {
        "message": {
            "message_type": 0,
            "message_client_id": "client-1",
            "attachment": {"text": "hel", "index": 0, "finish": 0},
        },
        "route_config": {"route_enabled": False},
    }


async def test_the_first_piece_quotes_for_all(api: ApiServer) -> None:
    api.script = [BEGUN, BEGUN]
    original = Original("alice", "helper", 1600, "16", "client-0")
    for chunk in (Chunk("hel", 0), Chunk("lo", 1, "17")):
        await stream(api, chunk, outgoing=replace(GROWING, quote=original))
    named = {
        "sender_id": "alice",
        "receiver_id": "helper",
        "create_time": 1600,
        "message_server_id": 16,
        "message_client_id": "client-0",
    }
    first, second = api.calls
    assert first.json["thread_config"] == {"thread_root": named, "thread_reply": named}
    assert second.json.keys() == {"message"}


async def test_the_last_piece_says_so(api: ApiServer) -> None:
    api.script = [BEGUN]
    await stream(api, Chunk("lo", 3, "17", is_last=True))
    message = api.calls[0].json["message"]
    assert message["message_server_id"] == "17"
    assert message["attachment"] == {"text": "lo", "index": 3, "finish": 1}


@pytest.mark.parametrize("code", [189318, 189319, 189320, 189321])
async def test_a_chat_without_streams_is_told_by_the_first_piece_alone(api: ApiServer, code: int) -> None:
    api.script = [{"code": code, "msg": "no"}, {"code": code, "msg": "no"}]
    with pytest.raises(NoStreams):
        await stream(api, Chunk("hel", 0))
    with pytest.raises(ImRejected) as refusal:
        await stream(api, Chunk("lo", 1, "17"))
    assert not isinstance(refusal.value, NoStreams)


async def test_v1_has_no_streams(api: ApiServer) -> None:
    with pytest.raises(NoStreams):
        await stream(api, Chunk("hel", 0), "v1")
    assert api.calls == []


async def test_the_message_has_one_span_which_its_last_chunk_ends(api: ApiServer) -> None:
    spans.clear()
    api.script = [BEGUN] * 3
    for chunk in (Chunk("hel", 0), Chunk("l", 1, "17"), Chunk("o", 2, "17", is_last=True)):
        await stream(api, chunk)
    (sent,) = spans.named(IM_SEND)
    assert dict(sent.attributes or {}) == {IM_CLIENT_ID: "client-1"}
