"""Signatures of both directions, written from the vendor's pages and apart from the relay's own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

CLOCK_TOLERANCE_SECONDS = 5 * 60
NONCE_MAX_CHARS = 128


def sign_request(secret: str, body: bytes, cur_time_ms: int) -> dict[str, str]:
    """Headers of a request from the platform to a webhook; CurTime in milliseconds (doc jU5MzA5MDE)."""
    md5, cur_time = hashlib.md5(body).hexdigest(), str(cur_time_ms)  # noqa: S324 (the platform's choice)
    return {"CurTime": cur_time, "MD5": md5, "CheckSum": _sha1(secret + md5 + cur_time)}


def why_refused(app_key: str, secret: str, headers: Mapping[str, str], now_ms: int) -> str | None:
    """What is wrong with the headers of a server API call, or None (docs jk3MzY2MTI, zkzMDA3NTU)."""
    nonce, cur_time = headers.get("Nonce", ""), headers.get("CurTime", "")
    if headers.get("AppKey") != app_key:
        return "AppKey"
    if not 1 <= len(nonce) <= NONCE_MAX_CHARS:
        return "Nonce"
    if not re.fullmatch("[0-9]{1,12}", cur_time):
        return "CurTime"
    if abs(now_ms / 1000 - int(cur_time)) > CLOCK_TOLERANCE_SECONDS:
        return "CurTime"
    return None if headers.get("CheckSum") == _sha1(secret + nonce + cur_time) else "CheckSum"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 (the platform's choice)
