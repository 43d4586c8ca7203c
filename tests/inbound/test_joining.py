"""Which notifications say that a bot has come into a group, and what becomes of all others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relay.config.bots import Bots, load_bots
from relay.errors import RequestRefused
from relay.inbound.joining import greetings
from relay.inbound.routing import Accepted, route
from relay.inbound.wire import read
from relay.messages import Message
from tests.posted import NOW, chatbot, copy


@pytest.fixture
def bots(tmp_path: Path) -> Bots:
    file = tmp_path / "bots.toml"
    file.write_text(
        """
        [defaults]
        system_prompt = "Help."
        [[bots]]
        accid = "helper"
        name = "Helper"
        greeting = "Hello, everybody."
        [[bots]]
        accid = "Second"
        name = "Second"
        greeting = "Me too."
        [[bots]]
        accid = "private"
        name = "Private"
        greeting = "Hush."
        allow = ["alice"]
        max_message_age_minutes = 1
        [[bots]]
        accid = "asleep"
        name = "Asleep"
        greeting = "Zzz."
        enabled = false
        [[bots]]
        accid = "silent"
        name = "Silent"
        """
    )
    return load_bots(file)


def notification(number: object, data: object, **fields: Any) -> dict[str, Any]:
    """A copy as the vendor's samples have it (vendor page DI3OTg5Mjg)."""
    attach = json.dumps({"id": number, "data": data})
    team = {"convType": "TEAM", "to": "77", "msgType": "NOTIFICATION", "body": "", "attach": attach}
    return copy(**{**team, **fields})


def found(body: dict[str, Any], bots: Bots, *, now: int = NOW) -> list[Accepted]:
    return greetings(read(body), bots, now=now, clock=now)


def greeting(body: dict[str, Any], bots: Bots) -> list[str]:
    return [accepted.bot.accid for accepted in found(body, bots)]


def test_a_bot_that_is_added_is_to_greet_the_group(bots: Bots) -> None:
    (accepted,) = found(notification(0, {"ids": ["bob", "HELPER"], "tinfo": {"1": "77"}}), bots)
    assert accepted.bot is bots.get("helper")
    assert accepted.message == Message(
        bot="helper", sender="helper", id="c:alice:c-1", at=NOW, text="", team="77", joined=True
    )


@pytest.mark.parametrize(
    ("number", "data", "sender"),
    [
        (0, {"ids": ["helper"]}, "alice"),
        (5, {"id": "helper"}, "alice"),
        (5, {"id": "helper"}, "helper"),  # nobody had to let it in
        (9, {"id": "alice"}, "helper"),
        ("0", {"ids": ["helper"]}, "alice"),
        (0, json.dumps({"ids": ["helper"]}), "alice"),
    ],
)
@pytest.mark.parametrize("large", [0, 401])
@pytest.mark.parametrize(("conversation", "kind"), [("TEAM", "team"), ("SUPER_TEAM", "super_team")])
def test_every_way_into_a_group_of_either_kind_is_one(
    number: int | str, data: object, sender: str, large: int, conversation: str, kind: str, bots: Bots
) -> None:
    """The samples of large groups bear the numbers of ordinary ones; the list has 401, 410 and 411."""
    if large:
        number = {0: 401, 5: 410, 9: 411}[int(number)]
    (accepted,) = found(notification(number, data, fromAccount=sender, convType=conversation), bots)
    assert (accepted.bot.accid, accepted.message.team_kind) == ("helper", kind)


def test_a_bot_that_the_apps_server_adds_is_one(bots: Bots) -> None:
    assert greeting(notification(0, {"ids": ["helper"]}, fromClientType="REST"), bots) == ["helper"]


def test_an_attachment_may_be_an_object(bots: Bots) -> None:
    body = notification(0, {}, attach={"id": 0, "data": {"ids": ["helper"]}})
    assert greeting(body, bots) == ["helper"]


def test_each_bot_that_is_named_greets_once(bots: Bots) -> None:
    names = ["helper", "second", "Helper", "silent", "asleep"]
    assert greeting(notification(0, {"ids": names}), bots) == ["helper", "second"]


@pytest.mark.parametrize(
    ("number", "data", "sender", "greets"),
    [
        (0, {"ids": ["private"]}, "alice", True),
        (0, {"ids": ["private"]}, "bob", False),
        (5, {"id": "private"}, "alice", True),
        (5, {"id": "private"}, "bob", False),
        (9, {"id": "Alice"}, "private", True),
        (9, {"id": "bob"}, "private", False),
    ],
)
def test_a_bot_for_listed_users_greets_where_one_of_them_has_added_it(
    number: int, data: object, sender: str, greets: bool, bots: Bots
) -> None:
    assert bool(greeting(notification(number, data, fromAccount=sender), bots)) is greets


@pytest.mark.parametrize("minutes", [2, -6])
def test_a_notification_that_is_too_old_or_ahead_of_the_clock_is_none(minutes: int, bots: Bots) -> None:
    body = notification(0, {"ids": ["private"]}, msgTimestamp=str(NOW - minutes * 60_000))
    assert greeting(body, bots) == []


def test_without_anything_that_identifies_it_a_notification_is_refused(bots: Bots) -> None:
    body = notification(0, {"ids": ["helper"]}, msgidClient="", msgidServer="0", msgTimestamp="")
    with pytest.raises(RequestRefused, match="msgidClient"):
        found(body, bots)


NOBODY = [
    *(notification(number, {"ids": ["helper"], "id": "helper"}) for number in (1, 2, 3, 4, 6, 7, 8, 10, 402)),
    notification(0, {"ids": ["bob"]}),
    notification(0, {"ids": ["silent"]}),
    notification(0, {"ids": ["asleep"]}),
    notification(0, {"ids": "helper"}),
    notification(0, {"ids": [["helper"], {"helper": 1}, None, True, 7, 1.5]}),
    notification(0, ["helper"]),
    notification(0, "{"),
    notification(False, {"ids": ["helper"]}),
    notification(None, {"ids": ["helper"]}),
    notification(0, {"id": "helper"}),
    notification(5, {"ids": ["helper"]}),
    notification(0, {}, attach="helper"),
    notification(0, {}, attach=""),
    notification(0, {"ids": ["helper"]}, msgType="CUSTOM"),
    notification(0, {"ids": ["helper"]}, convType="PERSON", to="bob"),
    notification(0, {"ids": ["helper"]}, convType="CUSTOM_TEAM", msgType="TEAM_INVITE"),
]


@pytest.mark.parametrize("body", NOBODY, ids=range(len(NOBODY)))
def test_everything_else_is_no_greeting_and_is_ignored_as_ever(body: dict[str, Any], bots: Bots) -> None:
    assert greeting(body, bots) == []
    assert route(read(body), bots, now=NOW, clock=NOW) in ("kind", "unknown_bot", "not_addressed")


def test_what_the_chatbot_webhook_calls_a_notification_is_none(bots: Bots) -> None:
    attach = {"id": 0, "data": {"ids": ["helper"]}}
    assert greeting(chatbot(convType="TEAM", to="77", msgType="NOTIFICATION", attach=attach), bots) == []
