"""The chatbot webhook: its accepted names, and its two answers."""

from __future__ import annotations

from typing import Any

import pytest

from relay.errors import RequestRefused
from relay.inbound import chatbot
from relay.inbound.wire import Inbound, read


def test_the_plainest_request_is_a_private_text() -> None:
    assert read({"from": "Alice", "to": "helper", "text": "hi"}) == Inbound(
        input="chatbot", conversation="PERSON", kind="TEXT", sender="alice", to="helper", text="hi"
    )


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (field, name)
        for field, names in chatbot.FIELDS.items()
        for name in names
        if field not in ("conversation", "kind", "time", "antispam", "blacklist", "attach")
    ],
)
def test_every_accepted_name_is_read(field: str, name: str) -> None:
    outer, _, inner = name.partition(".")
    body: dict[str, Any] = {} if field == "sender" else {"from": "alice"}
    body[outer] = {inner: "value"} if inner else "value"
    assert getattr(read(body), field).lower() == "value"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"convType": "SUPER_TEAM"}, "SUPER_TEAM"),
        ({"convType": "team"}, "TEAM"),
        ({"ope": 0}, "PERSON"),
        ({"ope": "1"}, "TEAM"),
        ({"conversation_type": 1}, "PERSON"),
        ({"conversation_type": 2}, "TEAM"),
        ({"conversationType": "3"}, "SUPER_TEAM"),
        ({"tid": "7"}, "TEAM"),
        ({"teamId": 7}, "TEAM"),
        ({"convType": "CUSTOM_TEAM"}, "CUSTOM_TEAM"),
        ({"ope": 7}, "7"),
        ({}, "PERSON"),
    ],
)
def test_the_conversation_comes_in_words_or_numbers(fields: dict[str, Any], expected: str) -> None:
    assert read({"from": "alice", **fields}).conversation == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"msgType": "TEXT"}, "TEXT"),
        ({"msgType": 0}, "TEXT"),
        ({"type": "0"}, "TEXT"),
        ({"message_type": 1}, "PICTURE"),
        ({"message_type": 5}, "5"),
        ({"msgType": "picture"}, "PICTURE"),
        ({}, "TEXT"),
    ],
)
def test_the_kind_comes_in_words_or_numbers(fields: dict[str, Any], expected: str) -> None:
    assert read({"from": "alice", **fields}).kind == expected


@pytest.mark.parametrize("name", ["msgTimestamp", "timestamp"])
def test_the_time_has_two_names(name: str) -> None:
    assert read({"from": "alice", name: 1700000000000}).time == 1700000000000


def test_an_empty_name_gives_way_to_the_next() -> None:
    assert read({"from": "alice", "body": "", "text": None, "msg": "hi"}).text == "hi"


def test_robot_info_may_be_an_object_in_a_string() -> None:
    assert read({"from": "alice", "robotInfo": '{"topic":"t1"}'}).topic == "t1"


def test_robot_info_of_the_message_goes_before_its_ext() -> None:
    body = {
        "from": "alice",
        "robotInfo": {"topic": "t1"},
        "ext": {"robotInfo": {"topic": "t2", "function": "f"}},
    }
    inbound = read(body)
    assert (inbound.topic, inbound.function) == ("t1", "")


def test_without_robot_info_the_ext_is_read() -> None:
    assert read({"from": "alice", "ext": {"robotConfig": {"topic": "t2"}}}).topic == "t2"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "fromAccount: is missing"),
        ({"from": ["alice"]}, "from: must be a string or a whole number"),
        ({"from": "alice", "content": {"msg": "hi"}}, "content: must be a string or a whole number"),
        ({"from": "alice", "robotInfo": ["t"]}, "robotInfo: must be an object"),
        ({"from": "alice", "robotInfo": "t"}, "robotInfo: must be an object"),
        (
            {"from": "alice", "robotInfo": {"topic": {}}},
            "robotInfo.topic: must be a string or a whole number",
        ),
        ({"from": "alice", "ope": [0]}, "ope: must be a string or a whole number"),
    ],
)
def test_a_refusal_uses_the_name_that_was_sent(body: dict[str, Any], detail: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read(body)
    assert (refused.value.status, refused.value.detail) == (400, detail)


def test_the_acknowledgement_is_an_empty_object() -> None:
    assert chatbot.acknowledgement() == {}


def test_the_reply_carries_the_text() -> None:
    assert chatbot.reply("hello") == {"errCode": 0, "reply": {"type": 0, "text": "hello"}}
