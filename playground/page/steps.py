"""What a timeline is made of, in the form the page gets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from playground.page.words import say

Kind = Literal[
    "request",
    "answer",
    "queue",
    "turn",
    "claim",
    "limits",
    "lease",
    "storage",
    "window",
    "media",
    "model",
    "round",
    "tool",
    "store",
    "im",
    "reply",
    "note",
]
Status = Literal["ok", "warn", "error", "waiting"]


@dataclass(frozen=True, slots=True)
class Detail:
    """Something to look at. ``value`` is what ``format`` needs: see the functions below."""

    label: str
    format: Literal["text", "json", "headers", "code", "table", "window"]
    value: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step on a message's way.

    Attributes:
        kind: what it is; decides the icon.
        title: in a few plain words.
        at: begin in Unix milliseconds.
        ms: duration; None when it has none or has not ended.
        status: how it went.
        summary: one line.
        details: what can be unfolded.
        children: the steps inside.
    """

    kind: Kind
    title: str
    at: float
    ms: float | None = None
    status: Status = "ok"
    summary: str = ""
    details: tuple[Detail, ...] = ()
    children: tuple[Step, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The step for the page."""
        whole = asdict(self)
        whole["at"] = round(self.at)
        whole["ms"] = None if self.ms is None else round(self.ms, 1)
        whole["children"] = [child.as_json() for child in self.children]
        return whole


def text(label: str, value: str) -> Detail:
    """Words."""
    return Detail(label, "text", value)


def code(label: str, value: str) -> Detail:
    """Something to copy."""
    return Detail(label, "code", value)


def headers(values: Mapping[str, str]) -> Detail:
    """HTTP headers."""
    return Detail(say("Headers"), "headers", [[name, value] for name, value in values.items()])


def body(label: str, raw: str) -> Detail:
    """A body: JSON when it is that."""
    try:
        return Detail(label, "json", json.loads(raw))
    except ValueError:
        return Detail(label, "code", raw)


def table(label: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Detail:
    """A small table."""
    return Detail(label, "table", {"columns": list(columns), "rows": [list(row) for row in rows]})


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """By their begin."""
    return tuple(sorted(steps, key=lambda step: step.at))
