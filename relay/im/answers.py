"""What the IM server says to one request."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2

from relay.im.codes import Outcome, result_code
from relay.ports import Sent


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one request.

    Attributes:
        outcome: on the server's result code; None when the answer was lost or holds no code.
        cause: the outcome in words.
        code: the server's result code; 0 when the answer was lost or holds none.
        arrived: whether the request may have reached the server.
        sent: what the server says of the message that it took.
        url: of an upload, where it is.
        text: of a recording, what was said.
    """

    outcome: Outcome | None
    cause: str
    code: int = 0
    arrived: bool = True
    sent: Sent = field(default_factory=Sent)
    url: str = ""
    text: str = ""


def read(response: httpx2.Response) -> Attempt:
    """The result code is in the JSON body, also when the HTTP status says 200."""
    status = f"HTTP {response.status_code}"
    if response.status_code >= 500:
        return Attempt(None, status)
    try:
        fields = response.json()
    except (ValueError, RecursionError):
        return Attempt(None, f"{status} without a result code")
    code = fields.get("code") if isinstance(fields, dict) else None
    if not isinstance(code, int):
        return Attempt(None, f"{status} without a result code")
    data = fields.get("data")
    if code == 200 and isinstance(data, dict) and data.get("antispam") is True:
        # v1's way to say that moderation withheld the text.
        return Attempt(Outcome.BLOCKED, "result code 200 with antispam: refused by moderation", code)
    known = result_code(code)
    text = data.get("text") if isinstance(data, dict) else None  # of a recording
    url = fields.get("url")  # of an upload; it stands beside the code
    return Attempt(
        known.outcome,
        f"result code {code}: {known.reason}",
        code,
        sent=_sent(data),
        url=url if isinstance(url, str) else "",
        text=text if isinstance(text, str) else "",
    )


def _sent(data: object) -> Sent:
    """The platform's id and time of a message (v2: doc TEzMDQwODc; v1: doc DQ2NTg4ODE); ids have up to 19 digits."""
    if not isinstance(data, dict):
        return Sent()
    server_id = data.get("message_server_id") or data.get("msgid") or ""
    at = str(data.get("create_time") or data.get("timetag"))
    return Sent(str(server_id), int(at) if at.isascii() and at.isdigit() else 0)
