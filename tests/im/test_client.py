"""The client of the server API over real HTTP, against a server that answers from a script."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from relay.errors import ImBlocked, ImRejected, ImUnavailable
from relay.im import hosts
from relay.im.client import ATTEMPTS, PAUSE_SECONDS, ImClient
from relay.im.hosts import ApiVersion
from relay.outgoing import Picture
from relay.ports import Clock, Outgoing, Sent
from tests.doubles.clock import ManualClock
from tests.im.api_server import ApiServer, Fault

KEY, SECRET = "app-key", "app-secret"
PRIVATE = Outgoing(bot="helper", to="alice", text="Hello, “you” 👋", client_id="id-1")
GROUP = Outgoing(bot="helper", to="4711", text="Hi", client_id="id-2", team_kind="team", mention="alice")

both_versions = pytest.mark.parametrize("version", ["v2", "v1"])


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@asynccontextmanager
async def connected(url: str | None, version: ApiVersion, clock: Clock) -> AsyncIterator[ImClient]:
    client = ImClient(
        app_key=KEY, app_secret=SECRET, region="china", api_version=version, api_url=url, clock=clock
    )
    try:
        yield client
    finally:
        await client.aclose()


def request_ids(api: ApiServer, version: ApiVersion) -> list[str]:
    name = "RequestId" if version == "v1" else "X-custom-traceid"
    return [call.headers[name] for call in api.calls]


# --- what is sent


async def test_v2_posts_the_text_to_the_conversation(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=20)
    (call,) = api.calls
    assert call.path == "/im/v2/conversations/helper%7C1%7Calice/messages"
    assert call.headers["Content-Type"] == "application/json"
    assert call.json["message"] == {"message_type": 0, "text": PRIVATE.text, "message_client_id": "id-1"}
    assert "push_config" not in call.json


async def test_v1_posts_the_text_as_a_form(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v1", clock) as im:
        await im.send(replace(PRIVATE, moderate=True), seconds=20)
    (call,) = api.calls
    assert call.path == "/nimserver/msg/sendMsg.action"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded;charset=utf-8"
    assert call.form == {
        "from": "helper",
        "ope": "0",
        "to": "alice",
        "type": "0",
        "body": '{"msg":"Hello, “you” 👋"}',
    }


@pytest.mark.parametrize(
    ("version", "data", "sent"),
    [
        (
            "v2",
            {"message_server_id": 9_007_199_254_740_993_123, "create_time": 1_545_635_366_312},
            Sent("9007199254740993123", 1_545_635_366_312),
        ),
        ("v2", {"message_server_id": "17", "create_time": "1545635366312"}, Sent("17", 1_545_635_366_312)),
        (
            "v1",
            {"msgid": 1_200_510_468_189, "timetag": 1_545_635_366_312},
            Sent("1200510468189", 1_545_635_366_312),
        ),
        ("v2", {"message_server_id": None, "create_time": "soon"}, Sent()),
        ("v1", "none", Sent()),
    ],
)
async def test_the_platforms_id_and_time_of_a_message_are_told(
    api: ApiServer, clock: ManualClock, version: ApiVersion, data: Any, sent: Sent
) -> None:
    api.script = [{"code": 200, "data": data}]
    async with connected(api.url, version, clock) as im:
        assert await im.send(PRIVATE, seconds=20) == sent


@both_versions
async def test_every_request_is_signed_in_seconds(
    api: ApiServer, clock: ManualClock, version: ApiVersion
) -> None:
    async with connected(api.url, version, clock) as im:
        await im.send(PRIVATE, seconds=20)
        await im.send(PRIVATE, seconds=20)
    for headers in (call.headers for call in api.calls):
        signed = SECRET + headers["Nonce"] + headers["CurTime"]
        assert headers["AppKey"] == KEY
        assert headers["CurTime"] == str(clock.now() // 1000)
        assert headers["CheckSum"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    assert len({call.headers["Nonce"] for call in api.calls}) == 2


@pytest.mark.parametrize(("kind", "number"), [("team", 2), ("super_team", 3)])
async def test_v2_notifies_the_asker_in_a_group(
    api: ApiServer, clock: ManualClock, kind: str, number: int
) -> None:
    outgoing = replace(GROUP, team_kind="super_team" if kind == "super_team" else "team")
    async with connected(api.url, "v2", clock) as im:
        await im.send(outgoing, seconds=20)
    (call,) = api.calls
    assert call.path == f"/im/v2/conversations/helper%7C{number}%7C4711/messages"
    assert call.json["push_config"] == {
        "push_forcepush_enable": True,
        "push_forcepush_all": False,
        "push_forcepush_ids": ["alice"],
    }


async def test_v1_notifies_the_asker_in_a_group(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v1", clock) as im:
        await im.send(GROUP, seconds=20)
    (call,) = api.calls
    assert (call.form["ope"], call.form["to"]) == ("1", "4711")
    assert (call.form["forcepushlist"], call.form["forcepushall"]) == ('["alice"]', "false")


async def test_v2_asks_for_neither_moderation_nor_a_copy(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=20)
        await im.send(replace(PRIVATE, moderate=True), seconds=20)
    plain, moderated = (call.json for call in api.calls)
    assert plain["antispam_config"] == {"antispam_enabled": False}
    assert plain["route_config"] == {"route_enabled": False}
    assert not {"antispam_config", "route_config"} & moderated.keys()


async def test_v1_asks_for_neither_moderation_nor_a_copy(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v1", clock) as im:
        await im.send(PRIVATE, seconds=20)
    (call,) = api.calls
    assert (call.form["useYidun"], call.form["option"]) == ("0", '{"route":false}')


async def test_an_accid_cannot_break_out_of_the_path(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v2", clock) as im:
        await im.send(replace(PRIVATE, to="a/../b?c|d"), seconds=20)
    assert api.calls[0].path == "/im/v2/conversations/helper%7C1%7Ca%2F..%2Fb%3Fc%7Cd/messages"


@both_versions
async def test_half_an_emoji_is_sent_as_a_question_mark(
    api: ApiServer, clock: ManualClock, version: ApiVersion
) -> None:
    async with connected(api.url, version, clock) as im:
        await im.send(replace(PRIVATE, text="\ud83d!"), seconds=20)
    (call,) = api.calls
    assert b"?!" in call.body or b"%3F%21" in call.body


# --- answers that settle it


async def test_a_duplicate_is_a_success(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 107306, "msg": "duplicate"}]
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("version", "answer"),
    [("v1", {"code": 200, "data": {"antispam": True}}), ("v2", {"code": 107451}), ("v2", {"code": 195002})],
)
async def test_moderation_is_a_refusal_and_not_repeated(
    api: ApiServer, clock: ManualClock, version: ApiVersion, answer: dict[str, object]
) -> None:
    api.script = [answer]
    async with connected(api.url, version, clock) as im:
        with pytest.raises(ImBlocked, match="refused by"):
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1


async def test_v1_without_the_antispam_flag_is_delivered(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 200, "data": {"msgid": 1200510468189, "antispam": False}}]
    async with connected(api.url, "v1", clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1


@pytest.mark.parametrize("code", [404, 422, 7101, 102404, 104404, 106403, 804, 109404, 987654])
async def test_a_definite_no_is_not_repeated_and_names_its_code(
    api: ApiServer, clock: ManualClock, code: int
) -> None:
    api.script = [{"code": code}]
    async with connected(api.url, "v2", clock) as im:
        with pytest.raises(ImRejected, match=f"result code {code}: "):
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("code", "advice"),
    [(414, "IM_APP_SECRET"), (403, "IM_APP_SECRET"), (101303, "IM_REGION"), (315, "console")],
)
async def test_a_fault_of_the_configuration_may_pass_and_the_log_says_what_to_do(
    api: ApiServer, clock: ManualClock, caplog: pytest.LogCaptureFixture, code: int, advice: str
) -> None:
    api.script = [{"code": code}]
    async with connected(api.url, "v2", clock) as im:
        with pytest.raises(ImUnavailable, match=advice):
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1
    assert advice in caplog.text


@both_versions
@pytest.mark.parametrize("code", [414, 403])
async def test_of_what_is_no_text_such_a_fault_may_be_its_form_and_is_a_refusal(
    api: ApiServer, clock: ManualClock, version: ApiVersion, code: int
) -> None:
    api.script = [{"code": code}]
    picture = replace(PRIVATE, text="", medium=Picture("https://cdn.example.com/a.png"))
    async with connected(api.url, version, clock) as im:
        with pytest.raises(ImRejected, match=f"result code {code}: "):
            await im.send(picture, seconds=20)
    assert len(api.calls) == 1


# --- answers that ask for patience


@both_versions
@pytest.mark.parametrize("code", [449, 500, 503, 408])
async def test_a_refusal_that_passes_is_repeated_under_a_new_request_id(
    api: ApiServer, clock: ManualClock, version: ApiVersion, code: int
) -> None:
    api.script = [{"code": code}]
    before = clock.now()
    async with connected(api.url, version, clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert len(set(request_ids(api, version))) == 2
    assert clock.now() > before


async def test_patience_ends_after_a_few_requests(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 449}] * 10
    async with connected(api.url, "v1", clock) as im:
        with pytest.raises(ImUnavailable, match="449"):
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == ATTEMPTS


@both_versions
async def test_over_the_rate_limit_the_message_waits_out_the_pause(
    api: ApiServer, clock: ManualClock, version: ApiVersion
) -> None:
    api.script = [{"code": 416}]
    before = clock.now()
    async with connected(api.url, version, clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert clock.now() - before >= PAUSE_SECONDS * 1000
    assert len(set(request_ids(api, version))) == 2


async def test_the_pause_holds_back_every_other_message(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 416}]
    async with connected(api.url, "v2", clock) as im:
        with pytest.raises(ImUnavailable, match="416"):
            await im.send(PRIVATE, seconds=8)
        with pytest.raises(ImUnavailable, match="416"):
            await im.send(GROUP, seconds=8)
        assert len(api.calls) == 1
        await im.send(GROUP, seconds=20)
    assert api.calls[1].json["message"]["message_client_id"] == "id-2"


async def test_the_pause_is_not_waited_out_when_no_time_for_an_answer_is_left(
    api: ApiServer, clock: ManualClock
) -> None:
    api.script = [{"code": 416}]
    async with connected(api.url, "v1", clock) as im:
        with pytest.raises(ImUnavailable, match="416"):
            await im.send(PRIVATE, seconds=PAUSE_SECONDS + 1)
    assert len(api.calls) == 1


async def test_after_the_pause_messages_go_out_at_once(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 416}]
    async with connected(api.url, "v2", clock) as im:
        with pytest.raises(ImUnavailable):
            await im.send(PRIVATE, seconds=8)
        clock.advance(PAUSE_SECONDS)
        before = clock.now()
        await im.send(PRIVATE, seconds=8)
    assert clock.now() == before


async def test_a_clock_set_back_does_not_prolong_the_pause(api: ApiServer, clock: ManualClock) -> None:
    api.script = [{"code": 416}]
    async with connected(api.url, "v2", clock) as im:
        with pytest.raises(ImUnavailable):
            await im.send(PRIVATE, seconds=8)
        clock.advance(-3600)
        await im.send(PRIVATE, seconds=8)
    assert len(api.calls) == 2


# --- answers that never came

LOST: dict[str, Callable[[], Fault | web.Response]] = {
    "closed": lambda: Fault.CLOSE,
    "HTTP 500": lambda: web.Response(status=500),
    "HTTP 502 with a code": lambda: web.Response(status=502, text='{"code":404}'),
    "no JSON": lambda: web.Response(text="<html>"),
    "JSON too deep to be read": lambda: web.Response(text="[" * 100_000),
    "not UTF-8": lambda: web.Response(body=b'{"code":"\xff"}'),
    "no code": lambda: web.Response(text='{"status":200}'),
    "no object": lambda: web.Response(text="[200]"),
    "a wrong path": lambda: web.Response(status=404, text="not found"),
}
lost_answers = pytest.mark.parametrize("lost", LOST.values(), ids=LOST)


@lost_answers
async def test_v2_repeats_after_a_lost_answer_under_the_same_client_id(
    api: ApiServer, clock: ManualClock, lost: Callable[[], Fault | web.Response]
) -> None:
    api.script = [lost(), {"code": 107306}]
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert [call.json["message"]["message_client_id"] for call in api.calls] == ["id-1", "id-1"]
    assert len(set(request_ids(api, "v2"))) == 2


@lost_answers
async def test_v1_repeats_after_a_lost_answer_under_the_same_request_id(
    api: ApiServer, clock: ManualClock, lost: Callable[[], Fault | web.Response]
) -> None:
    api.script = [lost(), {"code": 431}]
    async with connected(api.url, "v1", clock) as im:
        await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 2
    assert len(set(request_ids(api, "v1"))) == 1


@both_versions
@lost_answers
async def test_two_lost_answers_are_enough(
    api: ApiServer, clock: ManualClock, version: ApiVersion, lost: Callable[[], Fault | web.Response]
) -> None:
    api.script = [lost(), lost()]
    async with connected(api.url, version, clock) as im:
        with pytest.raises(ImUnavailable):
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 2


async def test_v1_takes_no_repetition_for_delivered_when_nothing_was_in_doubt(
    api: ApiServer, clock: ManualClock
) -> None:
    api.script = [{"code": 431}]
    async with connected(api.url, "v1", clock) as im:
        with pytest.raises(ImUnavailable, match="431"):
            await im.send(PRIVATE, seconds=20)


async def test_v1_takes_no_repetition_for_delivered_when_the_first_request_never_left(
    api: ApiServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.script = [{"code": 431}]
    with nothing_listening() as dead:
        monkeypatch.setitem(hosts._HOSTS, ("china", "v1"), (dead, api.url))
        async with connected(None, "v1", clock) as im:
            with pytest.raises(ImUnavailable, match="431"):
                await im.send(PRIVATE, seconds=20)


async def test_v1_takes_no_repetition_for_delivered_after_a_definite_refusal(
    api: ApiServer, clock: ManualClock
) -> None:
    api.script = [Fault.CLOSE, {"code": 449}, {"code": 431}]
    async with connected(api.url, "v1", clock) as im:
        with pytest.raises(ImUnavailable, match="431"):
            await im.send(PRIVATE, seconds=20)
    first, second, third = request_ids(api, "v1")
    assert first == second != third


async def test_v1_begins_every_message_with_a_request_id_of_its_own(
    api: ApiServer, clock: ManualClock
) -> None:
    async with connected(api.url, "v1", clock) as im:
        await im.send(PRIVATE, seconds=20)
        await im.send(PRIVATE, seconds=20)
    assert len(set(request_ids(api, "v1"))) == 2


@both_versions
async def test_the_repetition_goes_to_the_backup_host(
    api: ApiServer, clock: ManualClock, version: ApiVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ApiServer() as backup:
        monkeypatch.setitem(hosts._HOSTS, ("china", version), (api.url, backup.url))
        api.script = [Fault.CLOSE]
        async with connected(None, version, clock) as im:
            await im.send(PRIVATE, seconds=20)
        assert (len(api.calls), len(backup.calls)) == (1, 1)


@both_versions
async def test_a_host_that_is_down_is_no_obstacle_when_the_backup_is_up(
    api: ApiServer, clock: ManualClock, version: ApiVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nothing_listening() as dead:
        monkeypatch.setitem(hosts._HOSTS, ("china", version), (dead, api.url))
        async with connected(None, version, clock) as im:
            await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 1


async def test_a_server_that_hangs_leaves_time_for_the_repetition(api: ApiServer, clock: ManualClock) -> None:
    api.script = [Fault.HANG]
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=1)
    assert len(api.calls) == 2


async def test_nobody_waits_longer_than_allowed(api: ApiServer) -> None:
    api.script = [{"code": 449}]
    async with connected(api.url, "v2", StoppedClock()) as im:
        with pytest.raises(ImUnavailable, match=r"no answer within 0\.2 s"):
            await im.send(PRIVATE, seconds=0.2)


# --- the rest


@both_versions
async def test_no_log_at_any_level_holds_a_secret_or_a_text(
    api: ApiServer, clock: ManualClock, version: ApiVersion, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.script = [Fault.CLOSE, {"code": 449}, {"code": 404, "desc": "echo of the private words"}]
    async with connected(api.url, version, clock) as im:
        with pytest.raises(ImRejected) as caught:
            await im.send(replace(PRIVATE, text="private words"), seconds=20)
    assert "result code 404" in caplog.text
    assert "message=id-1" in caplog.text
    for secret in (SECRET, "private words", "private+words"):
        assert secret not in caplog.text + caught.value.cause


async def test_a_closed_client_connects_anew(api: ApiServer, clock: ManualClock) -> None:
    async with connected(api.url, "v2", clock) as im:
        await im.send(PRIVATE, seconds=20)
        await im.aclose()
        await im.send(PRIVATE, seconds=20)
    assert len(api.calls) == 2


class StoppedClock(ManualClock):
    """A clock on which no wait ever ends."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


@contextmanager
def nothing_listening() -> Iterator[str]:
    """A base URL at which connections are refused: the port is taken, but nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
