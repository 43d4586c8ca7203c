"""The webhook's answer table: which row an answer is, and that it has the documented form."""

from __future__ import annotations

import json
from typing import Any, get_args

from relay.inbound import chatbot
from relay.inbound.routing import Reason

QUEUED = "queued"
ACKNOWLEDGED = "acknowledged"
REPLY = "reply"
NOTED = "noted"
HEARD = "heard"
ADDRESS_CHECK = "address check"
CALLBACK = "callback"
UNAUTHORIZED = "401 signature"
BAD_REQUEST = "400 body"
BODY_TOO_LARGE = "413 body"
TURN_TOO_LARGE = "413 turn"
UNAVAILABLE = "503 storage"

IGNORED = {reason: f"ignored: {reason}" for reason in get_args(Reason)}

ROWS = (
    QUEUED,
    ACKNOWLEDGED,
    REPLY,
    NOTED,
    HEARD,
    ADDRESS_CHECK,
    *IGNORED.values(),
    CALLBACK,
    UNAUTHORIZED,
    BAD_REQUEST,
    BODY_TOO_LARGE,
    TURN_TOO_LARGE,
    UNAVAILABLE,
)
"""Every row of the table."""

ANSWER_MAX_CHARS = 4096
"""No answer but a reply is longer: the platform wants acknowledgements small."""

_ERRORS = {
    400: ("bad_request", BAD_REQUEST),
    401: ("unauthorized", UNAUTHORIZED),
    503: ("unavailable", UNAVAILABLE),
}


class NotInTable(Exception):
    """An answer that the table does not have; the text shows it."""


def row_of(status: int, body: bytes) -> str:
    """The row of an answer.

    Raises:
        NotInTable: status, or form of the body.
    """
    try:
        answer = json.loads(body.decode())
    except ValueError as error:
        raise NotInTable(f"{status} with a body that is not JSON: {error}") from None
    row = _row(status, answer)
    if row is None or (row != REPLY and len(body) > ANSWER_MAX_CHARS):
        raise NotInTable(f"{status} {answer!r}")
    return row


def reply_text(body: bytes) -> str:
    """The text of a reply row."""
    return str(json.loads(body)["reply"]["text"])


def _row(status: int, answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return None
    if status == 200:
        return _accepted(answer)
    word, detail = answer.get("error"), answer.get("detail")
    if answer.keys() != {"error", "detail"} or not isinstance(detail, str) or not detail:
        return None
    if (status, word) == (413, "too_large"):
        return TURN_TOO_LARGE if "queue message" in detail else BODY_TOO_LARGE
    expected, row = _ERRORS.get(status, ("", None))
    return row if word == expected else None


def _accepted(answer: dict[str, Any]) -> str | None:
    if answer == chatbot.acknowledgement():
        return ACKNOWLEDGED
    for row, word in ((QUEUED, "queued"), (NOTED, "noted"), (HEARD, "heard"), (ADDRESS_CHECK, "ok")):
        form = {"status": word}
        if answer == form:
            return row
    if answer == {"errCode": 0}:
        return CALLBACK
    if answer.keys() == {"status", "reason"} and answer["status"] == "ignored":
        return IGNORED.get(answer["reason"])
    reply = answer.get("reply")
    text = reply.get("text") if isinstance(reply, dict) else None
    return REPLY if isinstance(text, str) and text and answer == chatbot.reply(text) else None
