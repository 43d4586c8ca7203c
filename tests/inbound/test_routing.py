"""Which bot a message goes to, its identity and its time; test_webhook.py has the reasons to ignore one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.config.bots import Bots, load_bots
from relay.errors import RequestRefused
from relay.inbound.routing import Accepted, route
from relay.inbound.wire import read
from relay.messages import Message
from tests.posted import NOW, chatbot, copy


@pytest.fixture
def bots(tmp_path: Path) -> Bots:
    file = tmp_path / "bots.toml"
    file.write_text(
        """
        [[bots]]
        accid = "Helper"
        name = "Helper"
        system_prompt = "Help."
        [bots.functions.brief]
        system_prompt = "Be brief."
        max_message_age_minutes = 1

        [[bots]]
        accid = "other"
        name = "Other"
        system_prompt = "Other."
        """
    )
    return load_bots(file)


def accepted(body: dict[str, Any], bots: Bots, *, now: int = NOW, clock: int | None = NOW) -> Accepted:
    routed = route(read(body), bots, now=now, clock=clock)
    assert isinstance(routed, Accepted), routed
    return routed


def test_a_private_copy_becomes_a_message(bots: Bots) -> None:
    routed = accepted(copy(fromAccount="Alice", fromNick="Al", to="HELPER"), bots)
    assert routed.bot is bots.get("helper")
    assert routed.message == Message(
        bot="helper", sender="alice", id="c:alice:c-1", at=NOW, text="hello", nick="Al", server_id="17"
    )


def test_a_group_message_keeps_its_group_and_loses_the_mention(bots: Bots) -> None:
    message = accepted(copy(convType="SUPER_TEAM", to="77", body="@Helper hi"), bots).message
    assert (message.team, message.team_kind, message.text) == ("77", "super_team", "hi")


def test_the_robot_fields_travel_with_the_message(bots: Bots) -> None:
    robot = {"function": "brief", "topic": "t", "customContent": "vip"}
    routed = accepted(chatbot(robotInfo=robot), bots)
    message = routed.message
    assert (message.function, message.topic, message.custom, message.source) == (
        "brief",
        "t",
        "vip",
        "chatbot",
    )
    assert (routed.bot.system_prompt, message.bot) == ("Be brief.", "helper")


def test_an_unknown_function_is_the_bot_itself(bots: Bots) -> None:
    assert accepted(chatbot(robotInfo={"function": "nope"}), bots).bot is bots.get("helper")


def test_a_function_may_have_its_own_age_limit(bots: Bots) -> None:
    body = chatbot(msgTimestamp=NOW - 90_000, robotInfo={"function": "brief"})
    assert route(read(body), bots, now=NOW, clock=NOW) == "too_old"


@pytest.mark.parametrize(
    ("fields", "bot"),
    [
        ({"to": "helper", "robotInfo": {"account": "other"}}, "helper"),
        ({"to": "helper", "robotAccount": "other"}, "helper"),
        ({"to": "whoever", "robotAccid": "Other"}, "other"),
        ({"to": None, "robotInfo": {"account": "OTHER"}}, "other"),
        ({"convType": "TEAM", "to": "7", "robotInfo": {"account": "OTHER"}}, "other"),
        ({"convType": "TEAM", "to": "7", "robotAccid": "other"}, "other"),
        ({"convType": "TEAM", "to": "7", "robotAccid": "other", "robotAccount": "helper"}, "helper"),
        ({"convType": "TEAM", "to": "7", "robotInfo": {"account": "other"}, "body": "@helper hi"}, "other"),
        ({"convType": "TEAM", "to": "7", "body": "@other hi"}, "other"),
    ],
)
def test_a_chatbot_message_names_its_bot(fields: dict[str, Any], bot: str, bots: Bots) -> None:
    assert accepted(chatbot(**fields), bots).message.bot == bot


def test_a_group_message_with_an_account_loses_the_leading_mention(bots: Bots) -> None:
    body = copy(convType="TEAM", to="7", body="@Helper hi", ext={"robotInfo": {"account": "helper"}})
    assert accepted(body, bots).message.text == "hi"


def test_the_group_id_has_fields_of_its_own_in_a_chatbot_message(bots: Bots) -> None:
    message = accepted(chatbot(convType=None, to="helper", tid=7, robotAccid="helper"), bots).message
    assert (message.bot, message.team, message.team_kind) == ("helper", "7", "team")


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"to": None}, "to: is missing, and no other field names the bot"),
        ({"to": None, "convType": "TEAM", "robotAccid": "helper"}, "tid: is missing"),
        (
            {"msgidClient": "", "msgidServer": "0", "msgTimestamp": None},
            "msgidClient: is missing, as are msgidServer and msgTimestamp",
        ),
    ],
)
def test_a_message_that_cannot_be_placed_is_refused(fields: dict[str, Any], detail: str, bots: Bots) -> None:
    with pytest.raises(RequestRefused) as refused:
        route(read(chatbot(**fields)), bots, now=NOW, clock=NOW)
    assert (refused.value.status, refused.value.detail) == (400, detail)


def test_the_identity_is_sender_and_client_id_by_either_input(bots: Bots) -> None:
    by_copy = accepted(copy(fromAccount="ALICE"), bots).message
    by_chatbot = accepted(chatbot(msgidServer=None, message_client_id=None), bots).message
    assert by_copy.id == by_chatbot.id == "c:alice:c-1"


def test_without_a_client_id_the_server_id_identifies(bots: Bots) -> None:
    assert accepted(copy(msgidClient=""), bots).message.id == "s:17"


def test_without_any_id_the_content_identifies(bots: Bots) -> None:
    def identity(**changes: Any) -> str:
        return accepted(copy(msgidClient=None, msgidServer="0", **changes), bots).message.id

    assert identity() == identity()
    assert identity().startswith("h:")
    others = [
        identity(body="other"),
        identity(fromAccount="bob"),
        identity(to="other"),
        identity(msgTimestamp=str(NOW - 1)),
    ]
    assert len({identity(), *others}) == 5


def test_a_long_identity_is_hashed(bots: Bots) -> None:
    first, second = (accepted(copy(msgidClient=end * 300), bots).message.id for end in "ab")
    assert len(first) == len(second) < 256
    assert first != second


def test_an_identity_of_256_characters_is_kept(bots: Bots) -> None:
    longest = "x" * (256 - len("c:alice:"))
    assert accepted(copy(msgidClient=longest), bots).message.id == f"c:alice:{longest}"
    assert len(accepted(copy(msgidClient=longest + "x"), bots).message.id) < 256


def test_a_message_with_a_time_ignores_the_clock_header(bots: Bots) -> None:
    message = accepted(copy(msgTimestamp=NOW - 3_600_000), bots, clock=NOW - 86_400_000).message
    assert (message.at, message.dated) == (NOW - 3_600_000, True)


def test_a_message_without_a_time_takes_the_clock_header(bots: Bots) -> None:
    message = accepted(copy(msgTimestamp=None), bots, clock=NOW - 299_000).message
    assert (message.at, message.dated) == (NOW - 299_000, False)


def test_a_message_without_time_or_clock_header_is_of_now(bots: Bots) -> None:
    message = accepted(copy(msgTimestamp=None), bots, clock=None).message
    assert (message.at, message.dated) == (NOW, False)
