"""What a history row says, and how it is laid out in a table's properties.

A property holds at most 32,768 UTF-16 units (64 KiB; Azure: Understanding the Table service data model), so a long
text is spread over ``text``, ``text_1``, …
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from relay.keys import day_of, time_of
from relay.ports import Row, Value

PROPERTY_MAX_UNITS = 32_000
"""UTF-16 units that one property gets, a little under Azure's limit of 32,768."""

REPLY_MAX_CHARS = 60_000
"""Where a model's answer is cut: text and parts together stay well under an entity's 1 MiB."""

Kind = Literal["text", "help", "new", "forget", "reply"]
State = Literal["waiting", "answered", "closed", "stored", "sent", "undelivered"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a conversation: a message of a user, a command, or a reply.

    Attributes:
        key: row key; its order is the order of the conversation, newest first.
        etag: of the version that was read.
        kind: what it is.
        state: of a message: ``waiting`` → ``answered``, or ``closed`` by ``/forget``.
            Of a reply: ``stored`` → ``sent``, ``closed`` by ``/forget``, or ``undelivered`` (the IM server refused it).
        sender: the user who wrote it, or whom the reply answers.
        text: what was said; blank once forgotten.
        id: of a message, its id; of a reply, the id of the newest message it answers.
        excluded: never shown to the model: an error text, a blocked message.
        forgotten: key of the ``/forget`` that blanked it.
        promised: a ``response`` bot has said "still thinking"; the answer goes by the API.
        reply: key of the reply that covers this message.
        client_id: of a reply, the IM id of its first part.
        parts: of a long reply, the messages it is sent as.
        parts_sent: how many of them were sent.
        cause: of a failure text, why; a record of it goes to the queue ``relay-failed``.
        fresh: of a message, that the claim which gave it was its first; not stored.
        limited: of a message over a limit, until when it is (Unix ms): it is refused, the model never sees it.
        warned: of the last message that a limit allowed, likewise: its reply says so.
        note: of a reply, what is sent below the text and not remembered.
        returned: of a reply that an HTTP response carried, the id of that request.
    """

    key: str
    kind: Kind
    state: State
    sender: str
    text: str
    id: str
    etag: str = ""
    nick: str = ""
    custom: str = ""
    function: str = ""
    excluded: bool = False
    forgotten: str = ""
    promised: bool = False
    reply: str = ""
    client_id: str = ""
    parts: tuple[str, ...] = ()
    parts_sent: int = 0
    cause: str = ""
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fresh: bool = False
    limited: str = ""
    warned: str = ""
    note: str = ""
    returned: str = ""

    @property
    def shown(self) -> str:
        """What the user reads of a reply."""
        return f"{self.text}\n\n{self.note}" if self.note else self.text

    @property
    def at(self) -> int:
        """Time of the message, or of the newest message that the reply answers; Unix milliseconds."""
        return time_of(self.key)

    @property
    def day(self) -> int:
        """The UTC day whose table holds it."""
        return day_of(self.at)

    def values(self) -> dict[str, Value]:
        """The properties of the row; what is empty is left out."""
        plain: dict[str, Value] = {
            "kind": self.kind,
            "state": self.state,
            "sender": self.sender,
            "id": self.id,
            "nick": self.nick,
            "function": self.function,
            "excluded": self.excluded,
            "promised": self.promised,
            "client_id": self.client_id,
            "parts_sent": self.parts_sent,
            "cause": self.cause,
            "model": self.model,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "limited": self.limited,
            "warned": self.warned,
            "note": self.note,
            "returned": self.returned,
        }
        parts = json.dumps(self.parts, ensure_ascii=False) if self.parts else ""
        texts = spread("text", self.text) | spread("custom", self.custom) | spread("parts", parts)
        return {name: value for name, value in plain.items() if value} | texts

    @classmethod
    def from_row(cls, row: Row) -> Entry:
        """Read a row; properties of a newer version are ignored."""
        values = row.values
        parts = gather("parts", values)
        return cls(
            key=row.key,
            etag=row.etag,
            kind=values["kind"],  # type: ignore[arg-type]
            state=values["state"],  # type: ignore[arg-type]
            text=gather("text", values),
            custom=gather("custom", values),
            parts=tuple(json.loads(parts)) if parts else (),
            excluded=bool(values.get("excluded", False)),
            promised=bool(values.get("promised", False)),
            parts_sent=int(values.get("parts_sent", 0)),
            prompt_tokens=int(values.get("prompt_tokens", 0)),
            completion_tokens=int(values.get("completion_tokens", 0)),
            fresh=False,
            **{name: str(values.get(name, "")) for name in _STRINGS},
        )


_WORDED = re.compile(r"(text|custom|parts|nick|note)(_\d+)?")
_STRINGS = (
    *("sender", "id", "nick", "function", "forgotten", "reply", "client_id", "cause", "model"),
    *("limited", "warned", "note", "returned"),
)


def is_earlier(first: Entry, second: Entry) -> bool:
    """Whether the first stands before the second in the conversation."""
    return first.key > second.key


def in_time_order(entries: Iterable[Entry]) -> list[Entry]:
    """Oldest first."""
    return sorted(entries, key=lambda entry: entry.key, reverse=True)


def spread(name: str, text: str) -> dict[str, Value]:
    """Lay a text of any length out over properties ``name``, ``name_1``, …; nothing for an empty text."""
    if len(text) * 2 <= PROPERTY_MAX_UNITS:
        return {name: text} if text else {}
    pieces: list[str] = []
    start = units = 0
    for position, character in enumerate(text):
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > PROPERTY_MAX_UNITS:
            pieces.append(text[start:position])
            start, units = position, 0
        units += width
    pieces.append(text[start:])
    return {name if n == 0 else f"{name}_{n}": piece for n, piece in enumerate(pieces)}


def gather(name: str, values: Mapping[str, Value]) -> str:
    """Put a spread text together again."""
    pieces = [str(values.get(name, ""))]
    while (piece := values.get(f"{name}_{len(pieces)}")) is not None:
        pieces.append(str(piece))
    return "".join(pieces)


def blanked(values: Iterable[str]) -> dict[str, Value]:
    """Changes that empty every property among ``values`` which holds words of a person or a model."""
    return {name: "" for name in values if _WORDED.fullmatch(name)}
