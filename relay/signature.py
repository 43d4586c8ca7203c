"""Signatures between the IM platform and the relay, in both directions.

Inbound (message copies, chatbot requests, callbacks; docs jU5MzA5MDE, jQ4ODE0NTY): the headers ``CurTime``
(UTC milliseconds), ``MD5`` (of the raw body) and ``CheckSum = sha1(AppSecret + MD5 + CurTime)``.

Outbound (server API; doc jk3MzY2MTI): the headers ``AppKey``, ``Nonce``, ``CurTime`` (UTC seconds) and
``CheckSum = sha1(AppSecret + Nonce + CurTime)``.

All digests are lower-case hex. SHA-1 and MD5 are the platform's choice, not ours.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from relay.errors import BadSignature

HEADER_MAX_CHARS = 64
"""No header of a genuine signature is longer: SHA-1 in hex has 40 characters."""

CUR_TIME_MAX_DIGITS = 20
"""Room for any 64-bit number; a genuine time in milliseconds has 13 digits."""


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> None:
    """Check that the platform signed this very body with one of the secrets.

    An old ``CurTime`` is fine: the platform may deliver late. The message's own age is checked elsewhere.

    Args:
        secrets: the app secrets accepted now; during a rotation the previous one too.
        headers: of the request, names in any case.
        body: the raw bytes; nothing of them has been parsed yet.

    Raises:
        BadSignature: the text says which check failed.
    """
    found = {name.lower(): value for name, value in headers.items()}
    cur_time, md5, check_sum = (_header(found, name) for name in ("CurTime", "MD5", "CheckSum"))
    if not (cur_time.isascii() and cur_time.isdigit() and len(cur_time) <= CUR_TIME_MAX_DIGITS):
        raise BadSignature("the header CurTime is not a time in milliseconds")
    body_md5 = _md5(body)
    if not _equal(md5, body_md5):
        raise BadSignature("the header MD5 is not the MD5 of the body")
    # Every secret is tried, so that the time taken does not tell which one fits. An empty one fits nobody.
    fits = [_equal(check_sum, _sha1(secret, body_md5, cur_time)) for secret in secrets if secret]
    if not any(fits):
        raise BadSignature("the header CheckSum does not fit: is IM_APP_SECRET the secret of this app?")


def sign_inbound(secret: str, body: bytes, cur_time_ms: int) -> dict[str, str]:
    """The headers with which the platform signs a request to us (beside ``AppKey``, which is not signed)."""
    md5, cur_time = _md5(body), str(cur_time_ms)
    return {"CurTime": cur_time, "MD5": md5, "CheckSum": _sha1(secret, md5, cur_time)}


def sign_outbound(app_key: str, secret: str, nonce: str, cur_time_s: int) -> dict[str, str]:
    """The headers that open the server API for one request; valid for 5 minutes.

    Args:
        nonce: random, 1–128 characters.
        cur_time_s: now, in Unix **seconds**.
    """
    cur_time = str(cur_time_s)
    check_sum = _sha1(secret, nonce, cur_time)
    return {"AppKey": app_key, "Nonce": nonce, "CurTime": cur_time, "CheckSum": check_sum}


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name.lower(), "")
    if not value:
        raise BadSignature(f"the header {name} is missing")
    if len(value) > HEADER_MAX_CHARS:
        raise BadSignature(f"the header {name} is too long")
    return value


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _sha1(*parts: str) -> str:
    return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _equal(received: str, expected: str) -> bool:
    """Compare in constant time; as bytes, since ``compare_digest`` refuses non-ASCII strings."""
    return hmac.compare_digest(received.encode("utf-8", "surrogatepass"), expected.encode())
