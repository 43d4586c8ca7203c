"""The requests that the model server has received, as they are recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

KEY_HEADERS = ("authorization", "api-key")
"""Never recorded."""

DATA_SHOWN_CHARS = 100
"""Of a ``data:`` URL, so much is recorded for other processes."""


@dataclass(slots=True)
class ModelRequest:
    """One request as received.

    Attributes:
        number: counts the requests.
        at: Unix milliseconds.
        path: path of the URL.
        headers: names in lower case; without those that hold a key.
        body: its JSON; of a recording, what stands for it.
        status: HTTP status of the answer; None before it, and when the connection was cut.
        answer: body of the answer, as text; a stream as it went over the line.
        answer_headers: those that say when to come back.
        milliseconds: until the end of the answer; None before it.
    """

    number: int
    at: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int | None = None
    answer: str = ""
    answer_headers: dict[str, str] = field(default_factory=dict)
    milliseconds: int | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The prompt; empty where the request has none."""
        if self.is_audio:
            return []
        return list(self.body["input"] if self.is_response else self.body["messages"])

    @property
    def is_response(self) -> bool:
        """Whether it came by the Responses API."""
        return self.path.endswith("/responses")

    @property
    def is_audio(self) -> bool:
        """Whether it is about a sound."""
        return "/audio/" in self.path


def without_tool_headers(body: dict[str, Any]) -> dict[str, Any]:
    """A request's body without what the headers of its tools hold."""
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body
    return body | {
        "tools": [
            tool | {"headers": dict.fromkeys(tool["headers"], "…")}
            if isinstance(tool, dict) and isinstance(tool.get("headers"), dict)
            else tool
            for tool in tools
        ]
    }


def headers_of(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers that are recorded."""
    return {name.lower(): value for name, value in headers if name.lower() not in KEY_HEADERS}


def in_short(value: Any) -> Any:
    """A JSON value without the bytes of its pictures."""
    match value:
        case str() if value.startswith("data:") and len(value) > DATA_SHOWN_CHARS:
            return f"{value[:DATA_SHOWN_CHARS]}… ({len(value)} characters)"
        case Mapping():
            return {name: in_short(inner) for name, inner in value.items()}
        case list():
            return [in_short(inner) for inner in value]
    return value
