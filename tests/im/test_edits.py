"""Editing a sent message: the request, and what its answers mean."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from relay.errors import ImBlocked, ImRejected, ImUnavailable, NoStreams
from relay.im.hosts import ApiVersion
from relay.outgoing import Outgoing, Sent
from tests.im.api_server import ApiServer, Fault, calling

PRIVATE = Outgoing("helper", "alice", "hello, you", "client-1")
GROUP = Outgoing("helper", "4711", "hello, all", "client-2", team_kind="team")


async def edit(api: ApiServer, outgoing: Outgoing = PRIVATE, version: ApiVersion = "v2") -> None:
    async with calling(api, version) as im:
        await im.edit(outgoing, Sent("17", 1700), seconds=4)


@pytest.mark.parametrize(("outgoing", "kind"), [(PRIVATE, 1), (GROUP, 2)])
async def test_it_names_the_message_and_says_all_of_it_anew(
    api: ApiServer, outgoing: Outgoing, kind: int
) -> None:
    await edit(api, outgoing)
    (call,) = api.calls
    assert (call.method, call.path, "CheckSum" in call.headers) == (
        "POST",
        "/im/v2/messages/actions/modifyMsg",
        True,
    )
    assert call.json == {
        "operator": "helper",
        "type": kind,
        "message": {
            "message_server_id": 17,
            "sender_id": "helper",
            "receiver_id": outgoing.to,
            "time": 1700,
            "message_type": 0,
            "text": outgoing.text,
        },
        "push_config": {"push_enabled": False},
        "antispam_config": {"antispam_enabled": False},
        "route_config": {"route_enabled": False},
    }


async def test_one_that_comes_too_soon_is_made_a_little_later(api: ApiServer) -> None:
    api.script = [{"code": 107449}]
    await edit(api)
    assert len(api.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [{"code": 403}, {"code": 414}, {"code": 107410}, {"code": 199999}, web.Response(status=404)],
    ids=["forbidden", "illegal", "switched off", "a code of no name", "no such call"],
)
async def test_a_definite_no_means_that_there_are_no_edits_here(
    api: ApiServer, answer: dict[str, Any] | web.Response
) -> None:
    api.script = [answer]
    with pytest.raises(NoStreams):
        await edit(api)
    assert len(api.calls) == 1


@pytest.mark.parametrize(("code", "error"), [(107404, ImRejected), (107451, ImBlocked)])
async def test_what_is_wrong_with_this_one_says_nothing_of_the_others(
    api: ApiServer, code: int, error: type[Exception]
) -> None:
    api.script = [{"code": code}]
    with pytest.raises(error) as refusal:
        await edit(api)
    assert not isinstance(refusal.value, NoStreams)


async def test_one_whose_answer_is_lost_is_not_repeated(api: ApiServer) -> None:
    """It may arrive late, behind the next edit, and take words away that were there."""
    api.script = [Fault.CLOSE]
    with pytest.raises(ImUnavailable):
        await edit(api)
    assert len(api.calls) == 1


async def test_v1_has_no_edits(api: ApiServer) -> None:
    with pytest.raises(NoStreams):
        await edit(api, version="v1")
    assert api.calls == []
