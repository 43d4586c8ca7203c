"""What the row of a round of tool calls says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.memory.rows import Entry
from relay.outgoing import Medium, from_fields, to_fields
from relay.ports import FunctionCall
from relay.tools import Result


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a round.

    Attributes:
        call: what the model asked for.
        key: the same for every run of it, ``Call.idempotency_key``.
        is_approved: the user has said yes to it.
    """

    call: FunctionCall
    key: str
    is_approved: bool = False

    def to_fields(self) -> dict[str, Any]:
        """For the row."""
        call = self.call
        fields = {"id": call.id, "name": call.name, "arguments": call.arguments, "key": self.key}
        return fields | ({"approved": True} if self.is_approved else {})

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Asked:
        """What :meth:`to_fields` wrote."""
        call = FunctionCall(fields["id"], fields["name"], fields["arguments"])
        return cls(call, fields["key"], bool(fields.get("approved")))


@dataclass(frozen=True, slots=True)
class Round:
    """One request of the model for calls, and their results.

    Attributes:
        entry: its row.
        asked: the calls.
        results: what came of each, None as long as that is not known.
        reasoning: the model's, as long as this turn goes on; see :class:`relay.ports.Completion`.
    """

    entry: Entry
    asked: tuple[Asked, ...]
    results: tuple[Result | None, ...]
    reasoning: str = ""

    @classmethod
    def of(cls, entry: Entry) -> Round:
        """What a row says."""
        asked = tuple(map(Asked.of, json.loads(entry.calls)))
        known = [result_of(fields) for fields in json.loads(entry.results or "[]")]
        return cls(entry, asked, (*known, *[None] * (len(asked) - len(known))))

    @property
    def pairs(self) -> tuple[tuple[Asked, Result | None], ...]:
        """Each call with its result."""
        return tuple(zip(self.asked, self.results, strict=True))

    @property
    def media(self) -> tuple[Medium, ...]:
        """What its calls have made for the user."""
        return tuple(medium for result in self.results if result for medium in result.media)


def result_fields(result: Result | None) -> dict[str, Any] | None:
    if result is None:
        return None
    media = [to_fields(medium) for medium in result.media]
    return {"text": result.text, "outcome": result.outcome, **({"media": media} if media else {})}


def result_of(fields: Mapping[str, Any] | None) -> Result | None:
    if not fields:
        return None
    media = [medium for each in fields.get("media", ()) if (medium := from_fields(each))]
    return Result(fields["text"], tuple(media), fields["outcome"])


def results_json(results: Sequence[Result | None]) -> str:
    return json.dumps([result_fields(result) for result in results], ensure_ascii=False)
