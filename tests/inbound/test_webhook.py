"""The webhook's answers, row by row, to really signed requests."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.config.bots import Bot, Bots, load_bots
from relay.config.settings import Settings, load_settings
from relay.errors import StorageUnavailable
from relay.inbound.webhook import SEE, HttpAnswer, Webhook
from relay.messages import Turn
from relay.signature import sign_inbound
from tests.posted import NOW, chatbot, copy

SECRET = "testAppSecret"
MINUTE = 60_000
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

BOTS = """
[[bots]]
accid = "Helper"
name = "Helper"
system_prompt = "Help."
[bots.functions.brief]
system_prompt = "Be brief."

[[bots]]
accid = "direct"
name = "小助手"
reply = "response"
system_prompt = "Answer at once."

[[bots]]
accid = "private"
name = "Private"
allow = ["Alice"]
max_message_age_minutes = 10
system_prompt = "Whisper."
"""


class FixedClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += int(seconds * 1000)


class Relay:
    """A webhook with what it handed on."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.clock = FixedClock()
        self.queued: list[tuple[Turn, Bot]] = []
        self.responded: list[tuple[Turn, Bot]] = []
        self.failure: Exception | None = None
        self.noted: list[Turn] = []
        self.webhook = Webhook(
            _settings(**environ), _bots(folder), self.clock, self.enqueue, self.respond, self.note
        )

    async def enqueue(self, turn: Turn, bot: Bot) -> None:
        if self.failure:
            raise self.failure
        self.queued.append((turn, bot))

    async def respond(self, turn: Turn, bot: Bot) -> str:
        if self.failure:
            raise self.failure
        self.responded.append((turn, bot))
        return "the reply"

    async def note(self, turn: Turn) -> None:
        if self.failure:
            raise self.failure
        self.noted.append(turn)

    async def post(self, body: Mapping[str, Any] | bytes, **headers: str) -> HttpAnswer:
        """Send a body signed with the current secret; ``headers`` go over the signature's."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self.webhook.handle(sign_inbound(SECRET, raw, self.clock.time) | headers, raw)


@cache
def _settings(**environ: str) -> Settings:
    base = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "IM_APP_KEY": "key",
        "IM_APP_SECRET": SECRET,
        "RELAY_MODEL_URL": "http://127.0.0.1:1/v1",
        "RELAY_MODEL_NAME": "m",
    }
    return load_settings(base | environ)


@cache
def _bots(folder: Path) -> Bots:
    file = folder / "bots.toml"
    file.write_text(BOTS, encoding="utf-8")
    return load_bots(file)


@pytest.fixture
def relay(tmp_path: Path) -> Relay:
    return Relay(tmp_path)


def ignored(reason: str) -> HttpAnswer:
    return HttpAnswer(200, {"status": "ignored", "reason": reason})


async def test_a_message_copy_is_queued(relay: Relay) -> None:
    assert await relay.post(copy()) == HttpAnswer(200, {"status": "queued"})
    ((turn, bot),) = relay.queued
    assert (turn.message.bot, turn.message.sender, turn.message.text) == ("helper", "alice", "hello")
    assert (turn.received, turn.message.at, bot.accid) == (NOW, NOW, "helper")


async def test_a_chatbot_message_is_acknowledged(relay: Relay) -> None:
    assert await relay.post(chatbot()) == HttpAnswer(200, {})
    assert [turn.message.source for turn, _ in relay.queued] == ["chatbot"]


@pytest.mark.parametrize("build", [copy, chatbot])
async def test_a_response_bot_answers_in_the_response(relay: Relay, build: Any) -> None:
    answer = await relay.post(build(to="direct"))
    assert answer == HttpAnswer(200, {"errCode": 0, "reply": {"type": 0, "text": "the reply"}})
    assert not relay.queued
    assert [bot.accid for _, bot in relay.responded] == ["direct"]


async def test_the_function_selects_an_override(relay: Relay) -> None:
    await relay.post(copy(ext={"robotInfo": {"function": "brief"}}))
    ((turn, bot),) = relay.queued
    assert (turn.message.bot, bot.accid, bot.system_prompt) == ("helper", "helper", "Be brief.")


async def test_an_attachment_may_be_an_object_or_a_string(relay: Relay) -> None:
    for attach in ({"a": 1}, '{"a": 1}', "text"):
        assert await relay.post(copy(attach=attach)) == HttpAnswer(200, {"status": "queued"})


async def test_unknown_fields_are_ignored(relay: Relay) -> None:
    assert await relay.post(copy(invented=[{"later": None}])) == HttpAnswer(200, {"status": "queued"})


async def test_a_trace_goes_on_through_the_queue(relay: Relay) -> None:
    await relay.post(copy(), TraceParent=TRACE)
    assert relay.queued[0][0].trace[3:35] == TRACE[3:35]


@pytest.mark.parametrize(
    "header",
    [
        TRACE.upper(),
        TRACE + "0",
        "ff" + TRACE[2:],
        "00-" + "0" * 32 + TRACE[35:],
        "00" + TRACE[2:36] + "0" * 16 + "-01",
        "",
    ],
)
async def test_a_malformed_trace_context_does_not_travel_on(relay: Relay, header: str) -> None:
    await relay.post(copy(), TraceParent=header)
    assert relay.queued[0][0].trace[3:35] not in (TRACE[3:35], TRACE[3:35].upper(), "0" * 32)


@pytest.mark.parametrize("headers", [{}, {"CheckSum": "wrong"}, sign_inbound(SECRET, b"{}", NOW)])
async def test_the_address_check_passes_signed_or_not(relay: Relay, headers: dict[str, str]) -> None:
    assert await relay.webhook.handle(headers, b"{}") == HttpAnswer(200, {"status": "ok"})


@pytest.mark.parametrize("body", [b"{ }", b"{}\n", b"", b"\xef\xbb\xbf{}"])
async def test_any_other_body_needs_a_signature(relay: Relay, body: bytes) -> None:
    assert (await relay.webhook.handle({}, body)).status == 401
    assert (await relay.post(body)).status == 400


@pytest.mark.parametrize("event", [1, 2, 6, 22, 3, 35, 36])
async def test_a_third_party_callback_is_allowed(relay: Relay, event: int) -> None:
    assert await relay.post(copy(eventType=event)) == HttpAnswer(200, {"errCode": 0})
    assert not relay.queued


async def test_callbacks_warn_once_an_hour(relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    warnings = []
    for minutes in (0, 1, 58, 1, 59, 1):
        relay.clock.time += minutes * MINUTE
        await relay.post(copy(eventType=1))
        warnings.append(len(caplog.records))
    assert warnings == [1, 1, 1, 2, 2, 3]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


TEAM = {"convType": "TEAM", "to": "7"}
IGNORED = [
    ({"eventType": "2"}, "event"),
    ({"eventType": "9"}, "event"),
    ({"fromAccount": "HELPER", "to": "direct"}, "own_message"),
    ({"fromClientType": "REST"}, "own_message"),
    ({"fromClientType": 32}, "own_message"),
    ({"fromClientType": "32"}, "own_message"),
    ({"msgType": "0"}, "kind"),
    ({"convType": "CHATROOM"}, "kind"),
    ({"body": None}, "kind"),
    ({"body": " \n\u3000"}, "kind"),
    ({"antispam": "true"}, "blocked"),
    ({"antispam": True}, "blocked"),
    ({"blacklist": "true"}, "blocked"),
    ({"blacklist": True}, "blocked"),
    (TEAM, "not_addressed"),
    ({**TEAM, "body": "mail me@helper"}, "not_addressed"),
    ({**TEAM, "convType": "SUPER_TEAM", "body": "@helpers hi"}, "not_addressed"),
    ({"to": "bob"}, "unknown_bot"),
    ({**TEAM, "body": "@helper hi", "ext": {"robotInfo": {"account": "nobody"}}}, "unknown_bot"),
    ({"to": "private", "fromAccount": "bob"}, "not_allowed"),
    ({**TEAM, "body": "@private hi", "fromAccount": "bob"}, "not_allowed"),
    ({"msgTimestamp": str(NOW - 1441 * MINUTE)}, "too_old"),
    ({"to": "private", "msgTimestamp": str(NOW - 11 * MINUTE)}, "too_old"),
    ({"msgTimestamp": "0"}, "too_old"),
    ({"msgTimestamp": str(NOW + 5 * MINUTE + 1)}, "bad_time"),
]


@pytest.mark.parametrize(("changes", "reason"), IGNORED)
async def test_what_is_not_answered_says_why(relay: Relay, changes: dict[str, Any], reason: str) -> None:
    assert await relay.post(copy(**changes)) == ignored(reason)
    assert not relay.queued


ORDER = [
    ({"eventType": "2"}, "event"),
    ({"fromClientType": "REST"}, "own_message"),
    ({"msgType": "NOTIFICATION"}, "kind"),
    ({"antispam": "true"}, "blocked"),
    ({"to": "bob"}, "unknown_bot"),
    ({"fromAccount": "bob"}, "not_allowed"),
    ({"msgTimestamp": "0"}, "too_old"),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
async def test_the_first_reason_counts(relay: Relay, first: int) -> None:
    changes = {"to": "private"}
    for later, _ in reversed(ORDER[first:]):
        changes |= later
    assert await relay.post(copy(**changes)) == ignored(ORDER[first][1])


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "private", "fromAccount": "ALICE"},
        {"to": "HELPER"},
        {"msgTimestamp": str(NOW - 1440 * MINUTE)},
        {"msgTimestamp": str(NOW + 5 * MINUTE)},
        {"antispam": "false", "blacklist": False},
        {**TEAM, "body": "@小助手你好", "ext": {"robotInfo": {"account": "Helper"}}},
        {**TEAM, "convType": "SUPER_TEAM", "body": "hi ＠HELPER"},
    ],
)
async def test_what_just_passes_is_queued(relay: Relay, changes: dict[str, Any]) -> None:
    assert await relay.post(copy(**changes)) == HttpAnswer(200, {"status": "queued"})


CHAT_KINDS = (
    "TEXT PICTURE AUDIO VIDEO LOCATION NOTIFICATION FILE TIPS CUSTOM NRTC_NETCALL NETCALL_AUDIO NETCALL_VEDIO"
    " DATATUNNEL_NEW"
)
NOTICES = {
    "CUSTOM_PERSON": "FRIEND_ADD FRIEND_DELETE CUSTOM_P2P_MSG",
    "CUSTOM_TEAM": "TEAM_APPLY TEAM_APPLY_REJECT TEAM_INVITE TEAM_INVITE_REJECT CUSTOM_TEAM_MSG TLIST_UPDATE"
    " SUPERTEAM_APPLY SUPERTEAM_APPLY_REJECT SUPERTEAM_INVITE SUPERTEAM_INVITE_REJECT CUSTOM_SUPERTEAM_MSG",
}
DOCUMENTED = dict.fromkeys(("PERSON", "TEAM", "SUPER_TEAM"), CHAT_KINDS) | NOTICES


@pytest.mark.parametrize(
    ("conversation", "kind"),
    [(conversation, kind) for conversation, kinds in DOCUMENTED.items() for kind in kinds.split()],
)
async def test_of_all_documented_kinds_those_that_a_bot_takes_are_answered(
    relay: Relay, conversation: str, kind: str
) -> None:
    answer = await relay.post(copy(convType=conversation, msgType=kind, body="@helper hi"))
    taken = kind.lower() in Bot.model_fields["kinds"].default
    assert answer == (HttpAnswer(200, {"status": "queued"}) if taken else ignored("kind"))


async def test_a_message_without_a_time_needs_a_fresh_clock_header(relay: Relay) -> None:
    body = json.dumps(copy(msgTimestamp=None)).encode()
    for minutes, expected in (
        (-6, ignored("bad_time")),
        (-4, HttpAnswer(200, {"status": "queued"})),
        (4, HttpAnswer(200, {"status": "queued"})),
        (6, ignored("bad_time")),
    ):
        headers = sign_inbound(SECRET, body, NOW + minutes * MINUTE)
        assert await relay.webhook.handle(headers, body) == expected
    assert [(turn.message.at - NOW, turn.message.dated) for turn, _ in relay.queued] == [
        (-4 * MINUTE, False),
        (4 * MINUTE, False),
    ]


@pytest.mark.parametrize("missing", ["CheckSum", "MD5", "CurTime"])
async def test_a_missing_signature_header_is_refused(relay: Relay, missing: str) -> None:
    body = json.dumps(copy()).encode()
    headers = sign_inbound(SECRET, body, NOW)
    del headers[missing]
    answer = await relay.webhook.handle(headers, body)
    assert (answer.status, answer.body["error"]) == (401, "unauthorized")


async def test_a_bad_signature_is_refused_before_the_body_is_parsed(relay: Relay) -> None:
    for body in (b"not json", json.dumps(copy()).encode()):
        answer = await relay.webhook.handle(sign_inbound("another", body, NOW), body)
        assert (answer.status, answer.body["error"]) == (401, "unauthorized")
    assert not relay.queued


async def test_the_signature_is_of_the_bytes_however_the_json_is_written(relay: Relay) -> None:
    for written in (
        json.dumps(copy(body="你好"), indent=2),
        json.dumps(copy(body="你好"), separators=(",", ":")),
    ):
        assert await relay.post(written.encode()) == HttpAnswer(200, {"status": "queued"})


async def test_a_valid_signature_of_last_week_is_accepted(relay: Relay) -> None:
    body = json.dumps(copy()).encode()
    headers = sign_inbound(SECRET, body, NOW - 7 * 1440 * MINUTE)
    assert (await relay.webhook.handle(headers, body)).body == {"status": "queued"}


async def test_header_names_count_in_any_case(relay: Relay) -> None:
    body = json.dumps(copy(msgTimestamp=None)).encode()
    headers = {name.upper(): value for name, value in sign_inbound(SECRET, body, NOW - MINUTE).items()}
    assert (await relay.webhook.handle(headers, body)).body == {"status": "queued"}
    assert relay.queued[0][0].message.at == NOW - MINUTE


async def test_the_previous_secret_is_accepted_during_a_rotation(tmp_path: Path) -> None:
    relay = Relay(tmp_path, IM_APP_SECRET_PREVIOUS="older")
    body = json.dumps(copy()).encode()
    assert (await relay.webhook.handle(sign_inbound("older", body, NOW), body)).status == 200


async def test_unsigned_play_takes_a_request_without_a_signature_but_no_wrong_one(tmp_path: Path) -> None:
    relay = Relay(tmp_path, RELAY_ALLOW_UNSIGNED="true")
    body = json.dumps(copy(msgTimestamp=None)).encode()
    assert (await relay.webhook.handle({}, body)).body == {"status": "queued"}
    assert relay.queued[0][0].message.at == NOW
    assert (await relay.webhook.handle({"checksum": "wrong"}, body)).status == 401
    assert (await relay.webhook.handle({"CHECKSUM": ""}, body)).status == 401


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"hello", "the body is not JSON at line 1, column 1"),
        (b"[]", "the body must be a JSON object"),
        (
            b'{"eventType":"1"}',
            "convType: is missing; to: is missing; fromAccount: is missing; msgType: is missing",
        ),
        (b'{"from":"alice","to":{}}', "to: must be a string or a whole number"),
        (b'{"from":"alice","text":"hi"}', "to: is missing, and no other field names the bot"),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(relay: Relay, body: bytes, detail: str) -> None:
    assert await relay.post(body) == HttpAnswer(400, {"error": "bad_request", "detail": f"{detail}; {SEE}"})


async def test_a_body_over_64_kib_is_refused_before_its_signature(relay: Relay) -> None:
    answer = await relay.webhook.handle({}, b" " * (64 * 1024 + 1))
    assert (answer.status, answer.body["error"]) == (413, "too_large")
    assert (await relay.webhook.handle({}, b" " * 64 * 1024)).status == 401


@pytest.mark.parametrize("to", ["helper", "direct"])
async def test_a_turn_that_does_not_fit_a_queue_message_is_refused(relay: Relay, to: str) -> None:
    answer = await relay.post(copy(to=to, body="&" * 20_000))
    assert (answer.status, answer.body["error"]) == (413, "too_large")
    assert not relay.queued
    assert not relay.responded


@pytest.mark.parametrize("character", ["x", "&", "<", ">", "文"])
async def test_a_turn_may_fill_a_queue_message_but_for_two_kibibytes(relay: Relay, character: str) -> None:
    """As Azure counts it, in the UTF-8 of its XML; the rest is for what the turn gathers on its way."""

    def size(text: str) -> int:
        return len(html.escape(text, quote=False).encode())

    await relay.post(copy(body="x"))
    [(turn, _)] = relay.queued
    room = 62 * 1024 - size(turn.to_json())
    text = "x" * (1 + room % size(character)) + character * (room // size(character))
    assert (await relay.post(copy(body=text))).status == 200
    assert (await relay.post(copy(body=text + "x"))).status == 413


@pytest.mark.parametrize("to", ["helper", "direct"])
async def test_storage_that_fails_is_told(relay: Relay, to: str) -> None:
    relay.failure = StorageUnavailable("the queue is unreachable")
    answer = await relay.post(copy(to=to))
    assert (answer.status, answer.body["error"]) == (503, "unavailable")


async def test_neither_texts_nor_secrets_are_logged(relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    private = "hunter2"
    robot = {"topic": private, "customContent": private}
    await relay.post(copy(body=private, fromNick=private, ext={"robotInfo": robot}))
    await relay.post(copy(body=private, to="bob"))
    await relay.post(copy(body=[private]))
    await relay.post(f'{{"body": {private}'.encode())
    relay.failure = StorageUnavailable("away")
    await relay.post(copy(body=private))
    assert len(caplog.records) == 5
    assert private not in caplog.text
    assert SECRET not in caplog.text


async def test_an_accepted_message_is_one_line_with_its_bot(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await relay.post(copy())
    (line,) = caplog.messages
    assert line.startswith("queued bot=helper conversation=")
    assert line.endswith("source=copy")


_NAMES = [*copy(), *chatbot(), "ext", "antispam", "robotConfig", "ope", "tid", "type", "timestamp", "from"]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["helper", "direct", "TEAM", "TEXT", "1", "@helper", '{"robotInfo":{"topic":1}}', "\ud800"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["robotInfo", "account", "topic", "customContent"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
_CHANGES = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=5)
_BODIES = st.one_of(
    st.binary(max_size=64),
    _CHANGES.map(lambda changes: json.dumps(copy(**changes)).encode()),
    _CHANGES.map(lambda changes: json.dumps(chatbot(**changes)).encode()),
    st.builds(lambda body, at: body[:at], st.just(json.dumps(copy()).encode()), st.integers(0, 250)),
)


@settings(derandomize=True, max_examples=500, deadline=None, database=None)
@given(body=_BODIES, signed=st.booleans())
def test_no_body_raises(tmp_path_factory: pytest.TempPathFactory, body: bytes, signed: bool) -> None:
    relay = Relay(tmp_path_factory.getbasetemp())
    headers = sign_inbound(SECRET, body, NOW) if signed else {}
    answer = asyncio.run(relay.webhook.handle(headers, body))
    assert answer.status in ((200, 400, 413) if signed else (200, 401))
    assert json.dumps(answer.body)
    for turn, _ in relay.queued + relay.responded:
        assert Turn.from_json(turn.to_json()) == turn
        assert turn.queue_bytes()
