"""What ``dev.py capture`` prints can be shown to anybody."""

import json
from typing import Any

from aiohttp import ClientSession

from playground.capture import capture_app, describe, mask
from playground.loopback import serving
from relay.signature import sign_inbound

SECRET = "testAppSecret"
PRIVATE = ("alice@example", "support.bot", "my PIN is 1234", "Alice Liddell", "9781", "Wonderland")
COPY = {
    "eventType": "1",
    "convType": "PERSON",
    "msgType": "TEXT",
    "fromAccount": PRIVATE[0],
    "to": PRIVATE[1],
    "body": PRIVATE[2],
    "fromNick": PRIVATE[3],
    "pin": 9781,
    "attach": json.dumps({"place": PRIVATE[5]}),
    "msgTimestamp": "1523362388713",
    "resendFlag": "0",
}


def described(content: Any, *, secret: str = "", signed_with: str = SECRET) -> str:
    body = json.dumps(content).encode()
    return describe("/api/webhook", sign_inbound(signed_with, body, 1440570500855), body, secret)


def test_no_text_of_a_person_is_shown() -> None:
    shown = described(COPY)
    assert [private for private in PRIVATE if private in shown] == []


def test_the_shape_and_the_words_of_the_platform_are_shown() -> None:
    assert mask(COPY) == {
        "eventType": "1",
        "convType": "PERSON",
        "msgType": "TEXT",
        "fromAccount": "<13 characters>",
        "to": "<11 characters>",
        "body": "<14 characters>",
        "fromNick": "<13 characters>",
        "pin": "<number, 4 characters>",
        "attach": {"<JSON in a string>": {"place": "<10 characters>"}},
        "msgTimestamp": "<13 digits>",
        "resendFlag": "0",
    }


def test_a_text_in_a_field_of_the_platforms_words_is_masked() -> None:
    assert mask({"type": "my secret plan"}) == {"type": "<14 characters>"}
    assert mask({"msgType": ["4111 1111 1111 1111"]}) == {"msgType": ["<19 characters>"]}


def test_nulls_and_flags_are_shown_as_they_are() -> None:
    assert mask({"function": None, "topic": "", "antispam": True}) == {
        "function": None,
        "topic": "",
        "antispam": True,
    }


def test_the_recognised_fields_are_listed() -> None:
    shown = described(COPY)
    assert "as copy" in shown
    assert 'sender = "<13 characters>"' in shown
    assert 'conversation = "PERSON"' in shown
    assert 'time = "<number, 13 characters>"' in shown


def test_what_the_relay_would_refuse_is_said() -> None:
    assert "refused with 400: fromAccount: is missing" in described({"robotAccid": "helper"})


def test_a_good_signature_verifies() -> None:
    assert "Signature  verifies with IM_APP_SECRET" in described(COPY, secret=SECRET)


def test_a_wrong_signature_is_told() -> None:
    shown = described(COPY, secret=SECRET, signed_with="another")
    assert "Signature  does NOT verify: the header CheckSum does not fit" in shown


def test_without_a_secret_nothing_is_claimed() -> None:
    assert "Signature  not checked: IM_APP_SECRET is not set" in described(COPY)


def test_header_values_are_not_shown() -> None:
    shown = describe("/", {"AppKey": "45c6af3c98409b18a84451215d0bdd6e"}, b"{}", "")
    assert "AppKey" in shown
    assert "45c6af3c98409b18a84451215d0bdd6e" not in shown


def test_the_address_check_is_recognised() -> None:
    assert "the console's address check" in describe("/", {}, b"{}", "")


def test_a_body_that_is_no_json_is_not_quoted() -> None:
    shown = describe("/", {}, b"eventType=1&body=secret", "")
    assert "no JSON that can be read" in shown
    assert "secret" not in shown


def test_any_body_can_be_shown() -> None:
    for body in (b'{"\\ud800": "\\udfff"}', b"[" * 5000 + b"]" * 5000, b"\xff\xfe", b"7", b'"{"'):
        assert describe("/", {}, body, "").encode()


async def test_every_post_is_answered_and_shown() -> None:
    shown: list[str] = []
    async with (
        serving(capture_app("", shown.append)) as url,
        ClientSession() as session,
        session.post(f"{url}/any/path?code=key", json=COPY) as response,
    ):
        assert response.status == 200
        assert await response.json() == {}
    assert "POST /any/path," in shown[0]
