"""The signatures of both directions, against vectors from outside the relay."""

from __future__ import annotations

import hashlib

import pytest

from relay.errors import BadSignature
from relay.signature import sign_inbound, sign_outbound, verify

SECRET = "testAppSecret"
BODY = b"{}"
HEADERS = {
    "AppKey": "key",
    "CurTime": "1440570500855",
    "MD5": "99914b932bd37a50b983c5e7c90ae93b",
    "CheckSum": "aefee176e827f1ba06ca6536edebe08b7a2dbab7",
}

# A body as the platform posted it, with the MD5 header that came along.
CAPTURED_BODY = (
    '{"ext":"","msgTimestamp":"1523362388713","msgType":"TEXT","msgidServer":"13608728302","fromAccount":"1",'
    '"fromClientType":"REST","to":"ceshi","eventType":"1","body":"这是测试消息","convType":"PERSON",'
    '"msgidClient":"93a28e7d-051e-44bc-b668-37eb87f1b25d","resendFlag":"0"}'
).encode()
CAPTURED_MD5 = "d4262973f27df1e4a6438493a20360f4"


def refusal(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,)) -> str:
    """Why the request is refused."""
    with pytest.raises(BadSignature) as caught:
        verify(secrets, headers, body)
    return str(caught.value)


def test_the_known_inbound_vector_is_accepted() -> None:
    verify([SECRET], HEADERS, BODY)


def test_the_inbound_signer_writes_the_known_vector() -> None:
    assert {"AppKey": "key", **sign_inbound(SECRET, BODY, 1440570500855)} == HEADERS


def test_the_md5_of_a_captured_body_is_recomputed() -> None:
    assert sign_inbound("any", CAPTURED_BODY, 1523362388617)["MD5"] == CAPTURED_MD5


def test_the_outbound_signer_writes_the_known_vector() -> None:
    assert sign_outbound("key", SECRET, "nonce123", 1700000000) == {
        "AppKey": "key",
        "Nonce": "nonce123",
        "CurTime": "1700000000",
        "CheckSum": "bc201d406e2eb5b7b88e1743b315a11429dbea76",
    }


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_header_names_are_read_in_any_case(change: type[str]) -> None:
    verify([SECRET], {change(name): value for name, value in HEADERS.items()}, BODY)


def test_a_missing_app_key_is_accepted() -> None:
    verify([SECRET], {name: value for name, value in HEADERS.items() if name != "AppKey"}, BODY)


def test_a_stale_signature_is_accepted() -> None:
    verify([SECRET], sign_inbound(SECRET, BODY, 1), BODY)


@pytest.mark.parametrize("secrets", [("new", SECRET), (SECRET, "old"), ("a", SECRET, "b")])
def test_any_of_the_secrets_opens(secrets: tuple[str, ...]) -> None:
    verify(secrets, HEADERS, BODY)


def test_a_wrong_secret_is_refused() -> None:
    assert "CheckSum" in refusal(HEADERS, secrets=("another",))


def test_no_secret_at_all_opens_nothing() -> None:
    assert "CheckSum" in refusal(HEADERS, secrets=())


def test_an_empty_secret_opens_nothing() -> None:
    assert "CheckSum" in refusal(sign_inbound("", BODY, 1440570500855), secrets=("",))


def test_a_changed_body_is_refused() -> None:
    assert "MD5" in refusal(HEADERS, body=b"{ }")


def test_a_changed_body_with_its_own_md5_is_refused() -> None:
    body = b'{"forged":1}'
    forged = {**HEADERS, "MD5": hashlib.md5(body, usedforsecurity=False).hexdigest()}
    assert "CheckSum" in refusal(forged, body=body)


def test_a_changed_time_is_refused() -> None:
    assert "CheckSum" in refusal({**HEADERS, "CurTime": "1440570500856"})


@pytest.mark.parametrize("name", ["CurTime", "MD5", "CheckSum"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_header_is_named(name: str, value: str | None) -> None:
    headers = {key: text for key, text in HEADERS.items() if key != name}
    if value is not None:
        headers[name] = value
    assert refusal(headers) == f"the header {name} is missing"


@pytest.mark.parametrize("name", ["CurTime", "MD5", "CheckSum"])
def test_an_overlong_header_is_refused_by_its_length(name: str) -> None:
    assert refusal({**HEADERS, name: "1" * 65}) == f"the header {name} is too long"


@pytest.mark.parametrize("cur_time", ["now", "-1", "1.5", " 1", "1e3", "²", "١٢", "1" * 21])
def test_a_time_that_is_not_up_to_twenty_digits_is_refused(cur_time: str) -> None:
    check_sum = hashlib.sha1((SECRET + HEADERS["MD5"] + cur_time).encode(), usedforsecurity=False).hexdigest()
    assert "CurTime" in refusal({**HEADERS, "CurTime": cur_time, "CheckSum": check_sum})


@pytest.mark.parametrize("name", ["MD5", "CheckSum"])
@pytest.mark.parametrize("value", ["密", "\udc80", "ÿ" * 40])
def test_a_header_that_is_not_ascii_is_refused_like_any_other(name: str, value: str) -> None:
    assert name in refusal({**HEADERS, name: value})


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare_digest(received: bytes, expected: bytes) -> bool:
        compared.append(received)
        return received == expected

    monkeypatch.setattr("relay.signature.hmac.compare_digest", compare_digest)
    verify([SECRET, "older"], HEADERS, BODY)
    md5, check_sum = HEADERS["MD5"].encode(), HEADERS["CheckSum"].encode()
    assert compared == [md5, check_sum, check_sum]


def test_no_refusal_quotes_a_secret_or_the_checksum_expected() -> None:
    detail = refusal({**HEADERS, "CheckSum": "0" * 40})
    assert SECRET not in detail
    assert HEADERS["CheckSum"] not in detail
