"""Taking a sent message back: the request in both dialects, and what its answers mean."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from relay.errors import ImRejected, ImUnavailable
from relay.im.hosts import ApiVersion
from relay.ports import Outgoing, Sent
from tests.im.api_server import ApiServer, Fault, calling

PRIVATE = Outgoing(bot="helper", to="alice", text="", client_id="id-1")
GROUP = Outgoing(bot="helper", to="4711", text="", client_id="id-2", team_kind="super_team")
SENT = Sent("1200510468189", 1_545_635_366_312)

both_versions = pytest.mark.parametrize("version", ["v2", "v1"])


async def recall(api: ApiServer, version: ApiVersion, outgoing: Outgoing = PRIVATE) -> None:
    async with calling(api, version) as im:
        await im.recall(outgoing, SENT, seconds=4)


@pytest.mark.parametrize(
    ("outgoing", "conversation"), [(PRIVATE, "helper|1|alice"), (GROUP, "helper|3|4711")]
)
async def test_v2_deletes_the_message_of_its_conversation(
    api: ApiServer, outgoing: Outgoing, conversation: str
) -> None:
    await recall(api, "v2", outgoing)
    (call,) = api.calls
    path, _, query = call.path.partition("?")
    assert (call.method, call.body, "CheckSum" in call.headers) == ("DELETE", b"", True)
    assert unquote(path) == f"/im/v2/conversations/{conversation}/messages/1200510468189"
    assert query == "type=2&message_time=1545635366312&ignore_revoke_time=true"


@pytest.mark.parametrize(("outgoing", "kind", "to"), [(PRIVATE, "7", "alice"), (GROUP, "8", "4711")])
async def test_v1_posts_a_form(api: ApiServer, outgoing: Outgoing, kind: str, to: str) -> None:
    await recall(api, "v1", outgoing)
    (call,) = api.calls
    assert (call.method, call.path) == ("POST", "/nimserver/msg/recall.action")
    assert call.form == {
        "deleteMsgid": "1200510468189",
        "timetag": "1545635366312",
        "type": kind,
        "from": "helper",
        "to": to,
        "ignoreTime": "1",
    }


@both_versions
@pytest.mark.parametrize("code", [107404, 414, 508])
async def test_what_cannot_be_recalled_is_refused_at_once(
    api: ApiServer, version: ApiVersion, code: int
) -> None:
    api.script = [{"code": code}]
    with pytest.raises(ImRejected):
        await recall(api, version)
    assert len(api.calls) == 1


@both_versions
async def test_a_lost_answer_is_asked_for_once_more(api: ApiServer, version: ApiVersion) -> None:
    api.script = [Fault.CLOSE]
    await recall(api, version)
    assert len(api.calls) == 2


async def test_a_server_that_fails_is_tried_later(api: ApiServer) -> None:
    api.script = [Fault.CLOSE] * 9
    with pytest.raises(ImUnavailable):
        await recall(api, "v2")
