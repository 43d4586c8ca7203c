"""What the wire module recognises in a request, and how it refuses the rest."""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import Any

import pytest

from relay.errors import RequestRefused
from relay.inbound.strict_json import parse_object
from relay.inbound.wire import Inbound, read
from tests.posted import copy

# The vendor's own samples (pages DI3OTg5Mjg and jI3ODc2ODE, old pages for the others).
VENDOR_TEXT = (
    '{"attach":"thisisattach","body":"hello","convType":"PERSON","eventType":"1","fromAccount":"111",'
    '"fromClientType":"IOS","fromDeviceId":"thisisfromdeviceid","fromNick":"mike",'
    '"msgTimestamp":"1441977355557","msgType":"TEXT","msgidClient":"1234567","msgidServer":"3456789",'
    '"resendFlag":"0","to":"222"}'
)
VENDOR_MODERATED = (
    '{"attach":"","body":"文字消息","convType":"PERSON","eventType":"1","fromAccount":"zhangsan",'
    '"fromClientType":"IOS","fromDeviceId":"B0BFF2EB-E2E1-4063-9E73-92FB926BF388","fromNick":"zhangsan",'
    '"msgTimestamp":"1456888017105","msgType":"TEXT","msgidClient":"f33f0716-6027-47de-a582-37a8dc2d217c",'
    '"msgidServer":"8364607","resendFlag":"0","to":"lisi",'
    '"yidunRes":"{\\"yidunBusType\\":0,\\"action\\":0,\\"labels\\":[]}"}'
)
VENDOR_SERVER_API = (
    '{"ext":"","msgTimestamp":"1523362388713","msgType":"TEXT","msgidServer":"13608728302","fromAccount":"1",'
    '"fromClientType":"REST","to":"ceshi","eventType":"1","body":"这是测试消息","convType":"PERSON",'
    '"msgidClient":"93a28e7d-051e-44bc-b668-37eb87f1b25d","resendFlag":"0"}'
)
VENDOR_NOTICE = (
    '{"attach":"{\\"myKey1\\":\\"myValue1\\",\\"myKey2\\":10}","body":"","convType":"CUSTOM_PERSON",'
    '"customApnsText":"","customSafeFlag":"0","eventType":"1","fromAccount":"zhangsan",'
    '"msgTimestamp":"1456913798613","msgType":"CUSTOM_P2P_MSG","msgidServer":"381209","to":"lisi"}'
)
VENDOR_UPDATE = (
    '{"from":"t3","to":"t2","msgId":1223,"clientId":"dddd","eventType":"89","modifyAccountId":"t3",'
    '"modifyTime":1608877682237,"text":"dfsfsffs"}'
)
VENDOR_CALLBACK = (
    '{"body":"Hello","eventType":1,"fromAccount":"000266","fromClientType":"WEB",'
    '"fromDeviceId":"617715aa8579db03f0cf054c199****","fromNick":"yj000266","msgTimestamp":"1541560157286",'
    '"msgType":"TEXT","msgidClient":"","to":"005877","fromClientIp":"115.211.51.**","fromClientPort":"568**"}'
)


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(RequestRefused) as refused:
        read(body)
    assert (refused.value.status, refused.value.word) == (400, "bad_request")
    return refused.value.detail


def test_the_vendors_text_sample_is_read_in_full() -> None:
    assert read(parse_object(VENDOR_TEXT.encode())) == Inbound(
        input="copy",
        conversation="PERSON",
        sender="111",
        nick="mike",
        client="IOS",
        to="222",
        kind="TEXT",
        text="hello",
        client_id="1234567",
        server_id="3456789",
        time=1441977355557,
    )


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (VENDOR_MODERATED, {"input": "copy", "text": "文字消息", "to": "lisi", "antispam": False}),
        (VENDOR_SERVER_API, {"input": "copy", "client": "REST", "text": "这是测试消息"}),
        (VENDOR_NOTICE, {"conversation": "CUSTOM_PERSON", "kind": "CUSTOM_P2P_MSG", "client_id": ""}),
        (VENDOR_UPDATE, {"input": "event", "text": ""}),
        (VENDOR_CALLBACK, {"input": "callback", "text": ""}),
    ],
)
def test_the_vendors_other_samples_are_read(sample: str, expected: dict[str, Any]) -> None:
    inbound = read(parse_object(sample.encode())).model_dump()
    assert {name: inbound[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"eventType": 1}, "callback"),
        ({"eventType": 36, "robotInfo": {"topic": "t"}}, "callback"),
        ({"eventType": 1.0}, "callback"),
        ({"eventType": "2"}, "event"),
        ({"eventType": "89", "robotInfo": {"topic": "t"}}, "event"),
        (copy(), "copy"),
        (copy(robotInfo=""), "copy"),
        (copy(robotInfo={}), "chatbot"),
        (copy(robotTopic="t"), "chatbot"),
        (copy(eventType=None), "chatbot"),
    ],
)
def test_the_input_is_told_by_event_type_and_robot_fields(body: dict[str, Any], expected: str) -> None:
    assert read(body).input == expected


def test_numbers_are_taken_as_ids_and_texts() -> None:
    inbound = read(
        copy(fromAccount=111, msgidServer=9223372036854775807, msgTimestamp=1700000000000, body=42)
    )
    assert (inbound.sender, inbound.server_id, inbound.time, inbound.text) == (
        "111",
        "9223372036854775807",
        1700000000000,
        "42",
    )


def test_accids_are_lower_cased_and_group_ids_are_not() -> None:
    inbound = read(copy(fromAccount="Alice", to="TID", ext={"robotInfo": {"account": "HELPER"}}))
    assert (inbound.sender, inbound.to, inbound.account) == ("alice", "TID", "helper")


@pytest.mark.parametrize("field", ["convType", "to", "fromAccount", "msgType"])
@pytest.mark.parametrize("absent", [None, ""])
def test_a_copy_without_a_required_field_names_it(field: str, absent: str | None) -> None:
    assert refusal(copy(**{field: absent})) == f"{field}: is missing"


@pytest.mark.parametrize("value", [[], {}, ["x"], {"a": 1}, True, 1.5])
@pytest.mark.parametrize(
    "field", ["convType", "to", "fromAccount", "msgType", "body", "msgidClient", "msgidServer", "fromNick"]
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: object) -> None:
    assert refusal(copy(**{field: value})) == f"{field}: must be a string or a whole number"


def test_every_wrong_field_is_named_and_no_value_is() -> None:
    detail = refusal(copy(body=["hunter2"], to={"hunter2": 1}, msgTimestamp="hunter2"))
    assert [part.split(":")[0] for part in detail.split("; ")] == ["to", "body", "msgTimestamp"]
    assert "hunter2" not in detail


@pytest.mark.parametrize("event", [True, [], {}])
def test_an_event_type_of_no_known_form_is_named(event: object) -> None:
    assert refusal(copy(eventType=event)) == "eventType: must be a string or a number"


@pytest.mark.parametrize("time", ["-1", -1, "12345678901234", 10**13, "1e12", "١٢٣", " 1", "soon"])
def test_an_absurd_time_is_named(time: object) -> None:
    assert refusal(copy(msgTimestamp=time)).startswith("msgTimestamp: must be a time in Unix milliseconds")


def test_the_time_may_be_absent() -> None:
    assert read(copy(msgTimestamp="")).time is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("True", True), (True, True), (1, True), ("false", False), (False, False), ("0", False)],
)
def test_flags_are_strings_or_booleans(value: object, expected: bool) -> None:
    inbound = read(copy(antispam=value, blacklist=value))
    assert (inbound.antispam, inbound.blacklist) == (expected, expected)


def test_a_flag_of_the_wrong_type_is_named() -> None:
    assert refusal(copy(antispam=["true"])) == 'antispam: must be a boolean, or "true" or "false"'


ROBOT = {"account": "Helper", "function": "translate", "topic": "t1", "customContent": "vip"}


@pytest.mark.parametrize(
    "ext",
    [
        {"robotInfo": ROBOT},
        json.dumps({"robotInfo": ROBOT}),
        json.dumps({"robotInfo": json.dumps(ROBOT)}),
        {"robotConfig": {**ROBOT, "accountId": "Helper", "account": None}},
    ],
)
def test_a_copy_takes_the_robot_fields_from_its_ext(ext: object) -> None:
    inbound = read(copy(ext=ext))
    assert inbound.input == "copy"
    assert (inbound.account, inbound.function, inbound.topic, inbound.custom) == (
        "helper",
        "translate",
        "t1",
        "vip",
    )


@pytest.mark.parametrize(
    "ext",
    [
        "any text",
        "{broken",
        '{"robotInfo": NaN}',
        "[1]",
        7,
        ["robotInfo"],
        {"robotInfo": 7},
        {"robotInfo": "x"},
        '{"a":' * 60,
    ],
)
def test_an_ext_that_is_not_meant_for_us_is_no_error(ext: object) -> None:
    assert read(copy(ext=ext)) == read(copy())


def test_a_wrong_robot_field_in_ext_is_named_with_its_place() -> None:
    detail = refusal(copy(ext={"robotInfo": {"topic": ["t"]}}))
    assert detail == "ext.robotInfo.topic: must be a string or a whole number"


def test_null_robot_fields_are_empty() -> None:
    robot = {"account": None, "function": None, "topic": None, "customContent": None}
    assert read(copy(ext={"robotInfo": robot})) == read(copy())


def test_custom_content_may_be_any_json() -> None:
    content = {"名": [1, None]}
    assert read(copy(ext={"robotInfo": {"customContent": content}})).custom == '{"名": [1, null]}'


def test_custom_content_nested_up_to_the_limit_of_the_reader_is_read_or_refused() -> None:
    def custom(depth: int) -> str:
        return read(copy(ext=f'{{"robotInfo":{{"customContent":{"[" * depth}{"]" * depth}}}}}')).custom

    def outcome(depth: int) -> str:
        try:
            return "read" if custom(depth) else "no object"
        except RequestRefused as refused:
            return refused.detail

    # Where reading just works, writing back may not: the limit depends on the Python and on the stack.
    deepest = bisect_left(range(30_000), True, key=lambda depth: depth > 0 and outcome(depth) != "read")
    around = {outcome(depth) for depth in range(deepest - 20, deepest + 20)}
    assert around <= {"read", "ext.robotInfo.customContent: is nested too deeply", "no object"}
    assert "read" in around


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_is_joined() -> None:
    raw = json.dumps(copy(body="a\ud83d b\udc4d c\U0001f44d", fromNick="\ud83d"))
    inbound = read(parse_object(raw.encode()))
    assert (inbound.text, inbound.nick) == ("a\ufffd b\ufffd c\U0001f44d", "\ufffd")


def test_half_a_surrogate_pair_in_custom_content_is_replaced() -> None:
    assert read(copy(ext={"robotInfo": {"customContent": ["\ud83d"]}})).custom == '["\ufffd"]'


def test_a_display_name_is_cut_where_it_ends_by_its_documentation() -> None:
    assert read(copy(fromNick="é" * 40_000)).nick == "é" * 255


def test_a_function_name_that_no_row_could_hold_is_cut() -> None:
    assert read(copy(ext={"robotInfo": {"function": "f" * 40_000}})).function == "f" * 1024


def test_a_sender_that_no_row_could_hold_is_refused() -> None:
    assert read(copy(fromAccount="A" * 256)).sender == "a" * 256
    assert refusal(copy(fromAccount="a" * 257)) == "fromAccount: must be at most 256 characters"
