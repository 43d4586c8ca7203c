"""Copies about a message that was sent before: what is read of them, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.config.bots import Bots
from relay.config.settings import load_settings
from relay.errors import RequestRefused
from relay.inbound.taken_back import changes_in
from relay.messages import Change, Message, Turn
from tests.conftest import EXAMPLE
from tests.kit import RelayKit

RECALL = {
    "eventType": "7",
    "clientId": "abc",
    "msgId": "900",
    "from": "Alice",
    "to": "Helper",
    "fromClientType": "IOS",
    "selfMsg": "true",
    "sendTime": "1700000000000",
    "deleteTime": "1700000060000",
}
EDIT = {
    "eventType": "89",
    "from": "t3",
    "to": "helper",
    "msgId": 1223,
    "clientId": "dddd",
    "modifyAccountId": "T3",
    "modifyTime": 1608877682237,
    "text": "dfsfsffs",
}
VERDICT = {
    "type": "P2P_MSG_AUDIO",
    "audioUrl": "https://nim-nosdn.netease.im/abc",
    "from": "alice",
    "to": "helper",
    "clientMsgId": "abc",
    "serverMsgId": "900",
    "antispam": "true",
    "yidunRes": "{}",
}


@pytest.fixture(scope="module")
def bots() -> Bots:
    return RelayKit(load_settings(EXAMPLE)).app.bots


def verdicts(*objects: object) -> dict[str, Any]:
    return {"eventType": "20", "objects": json.dumps(objects)}


def test_a_recall_names_the_message_as_its_copy_does(bots: Bots) -> None:
    at = 1_700_000_000_000
    message = Message("helper", "alice", "c:alice:abc", at, "", server_id="900")
    assert changes_in(RECALL, bots) == [(message, Change("recall", ("c:alice:abc", "s:900")))]


@pytest.mark.parametrize(
    ("event", "kind", "team_kind"),
    [
        ("8", "recall", "team"),
        ("25", "recall", "super_team"),
        ("90", "edit", "team"),
        ("91", "edit", "super_team"),
    ],
)
def test_a_change_in_a_group_names_no_bot(bots: Bots, event: str, kind: str, team_kind: str) -> None:
    body = (RECALL if kind == "recall" else EDIT) | {"eventType": event, "to": "77"}
    changes = changes_in(body, bots)
    assert isinstance(changes, list)
    ((message, change),) = changes
    assert (message.bot, message.team, message.team_kind, change.kind) == ("", "77", team_kind, kind)


def test_the_vendors_edit_is_read(bots: Bots) -> None:
    message = Message("helper", "t3", "c:t3:dddd", 0, "dfsfsffs", dated=False, server_id="1223")
    change = Change("edit", ("c:t3:dddd", "s:1223"), at=1608877682237)
    assert changes_in(EDIT, bots) == [(message, change)]
    assert Turn.from_json(Turn(message, 1, change=change).to_json()) == Turn(message, 1, change=change)


def test_an_edit_by_somebody_else_changes_nothing(bots: Bots) -> None:
    assert changes_in(EDIT | {"modifyAccountId": "owner"}, bots) == []


def test_verdicts_come_several_in_one(bots: Bots) -> None:
    body = verdicts(
        VERDICT,
        VERDICT | {"type": "TEAM_MSG_PICTURE", "to": "77", "clientMsgId": ""},
        VERDICT | {"antispam": "false"},
        VERDICT | {"type": "CHATROOM_MSG_PICTURE"},
        VERDICT | {"to": "bob"},
        VERDICT | {"from": "helper"},
    )
    changes = changes_in(body, bots)
    assert isinstance(changes, list)
    assert [(message.bot, message.team, change.ids) for message, change in changes] == [
        ("helper", None, ("c:alice:abc", "s:900")),
        ("", "77", ("s:900",)),
    ]
    assert changes_in(body | {"objects": json.loads(body["objects"])}, bots) == changes


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (RECALL | {"to": "bob"}, "unknown_bot"),
        (RECALL | {"from": "helper"}, "own_message"),
        (RECALL | {"from": "HELPER", "eventType": "8"}, "own_message"),
        (EDIT | {"from": "echo", "modifyAccountId": "echo"}, "own_message"),
        (verdicts(), "event"),
        (verdicts(VERDICT | {"to": "bob"}), "unknown_bot"),
        (verdicts(VERDICT | {"type": "CHATROOM_MSG_VIDEO"}), "event"),
        ({"eventType": "9"}, "event"),
    ],
)
def test_a_change_that_is_about_no_bot_says_why(bots: Bots, body: dict[str, Any], reason: str) -> None:
    assert changes_in(body, bots) == reason


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (RECALL | {"from": None}, "from: is missing"),
        (RECALL | {"to": {}}, "to: must be a string or a whole number"),
        (RECALL | {"clientId": "", "msgId": "0"}, "clientId: is missing, as is msgId"),
        (RECALL | {"sendTime": "soon"}, "sendTime: must be a time in Unix milliseconds, at most 13 digits"),
        (
            EDIT | {"modifyAccountId": "", "modifyTime": ""},
            "modifyAccountId: is missing; modifyTime: is missing",
        ),
        ({"eventType": "20"}, "objects: must be a list of objects, or such a list in a string"),
        (
            {"eventType": "20", "objects": "["},
            "objects: must be a list of objects, or such a list in a string",
        ),
        (verdicts(7), "objects: must hold objects"),
        (verdicts({"from": "a", "to": "b"}), "type: is missing"),
    ],
)
def test_a_change_that_cannot_be_read_says_what_is_wrong(
    bots: Bots, body: dict[str, Any], detail: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        changes_in(body, bots)
    assert refused.value.detail == detail


def test_an_attachment_that_is_nested_too_deeply_is_refused(bots: Bots) -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(RequestRefused) as refused:
        changes_in(EDIT | {"attachment": deep}, bots)
    assert refused.value.detail == "attachment: is nested too deeply"


def test_what_cannot_be_queued_is_refused(relay: RelayKit) -> None:
    relay.queues.down = True
    assert relay.post_body(RECALL, run=False).status_code == 503


def test_an_edit_that_would_fit_no_queue_message_is_refused(relay: RelayKit) -> None:
    assert relay.post_body(EDIT | {"text": "&" * 20_000}, run=False).status_code == 413
