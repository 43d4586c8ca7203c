"""What a history row says, and how it is laid out in a table's properties.

A property holds at most 32,768 UTF-16 units (64 KiB; Azure: Understanding the Table service data model), so a long
text is spread over ``text``, ``text_1``, …
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from relay.frozen import replaced
from relay.keys import day_of, is_server_id, reply_key, time_of
from relay.messages import Message
from relay.outgoing import Medium, from_fields, to_fields
from relay.ports import Completion, Row, Value

PROPERTY_MAX_UNITS = 32_000
"""UTF-16 units that one property gets, a little under Azure's limit of 32,768."""

WINDOW_WORDS_MAX_CHARS = 2_000
"""So much of a file's or a recording's words stays in later windows."""

REPLY_MAX_CHARS = 60_000
"""Where a model's answer is cut: text and parts together stay well under an entity's 1 MiB."""

COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
"""What a completion has cost."""

Kind = Literal["text", "help", "new", "forget", "greeting", "reply", "round"]
Unread = Literal["gone", "late", "refused", "unclear"]
State = Literal["waiting", "answered", "closed", "heard", "stored", "sent", "undelivered"]


@dataclass(frozen=True)
class Entry:
    """One row of a conversation: a message of a user, a command, or a reply.

    Attributes:
        key: row key; its order is the order of the conversation, newest first.
        etag: of the version that was read.
        kind: what it is. Whatever waits for an answer is ``text``, and so claimed, batched, kept and forgotten alike.
            A ``greeting`` stands where the bot came into the group: it is no message, but has a reply. A ``round``
            is what the model asked of tools on the way to a reply; its text is what the model said beside that.
        medium: what else it is that a person sent (a picture, a recording, …); empty for words alone.
        attached: of a medium, what came with it: JSON of :class:`relay.attachments.Attachment`.
        words: of a medium, what stands for it once it was heard or read: a transcript, the text of a file.
        unread: of a medium for which there will be no words, why.
        state: of a message: ``waiting`` → ``answered`` (by a person, where it has no ``reply``), or ``closed`` without
            an answer (see ``forgotten``, ``looping``). ``heard``: it was for nobody; ``waiting`` once a delivery of it
            is for the bot.
            Of a reply: ``stored`` → ``sent``, ``closed``, or ``undelivered`` (the IM server refused it).
        sender: the user who wrote it, or whom the reply answers.
        text: what was said; blank once forgotten.
        id: of a message, its id; of a reply, the id of the newest message it answers.
        server_id: of a message, the platform's id of it, if it has one. For people who look it up, as is
        bot: accid of the bot, which no partition tells; empty on rows of older versions.
        excluded: never shown to the model: an error text, a blocked message.
        forgotten: why its words are gone: key of the ``/forget`` that blanked it, ``late`` if that came to be known
            first, ``recalled`` by its sender, ``refused`` by moderation while it waited.
        edited: of a message whose words are not the first ones, when they were changed (Unix ms).
        promised: a ``response`` bot has said "still thinking"; the answer goes by the API.
        reply: key of the reply that covers this message.
        covers: of a reply, how many messages it answers; 0 on rows of older versions, which do not say.
        client_id: of a reply, the IM id of its first part.
        parts: of a reply in several messages, each as text. Of a medium that is the line which goes in its place where
            it is refused, and in every version that does not know ``media``.
        stream: of a message, and of the reply that was begun under it: what was shown while it grew; see
            :class:`relay.turn.notes.Note`.
        media: of a reply with media, what each part is instead of its text, None for a text.
        parts_sent: how many of the parts were sent.
        cause: of a failure text, why; a record of it goes to the queue ``relay-failed``.
        fresh: of a message, that the claim which gave it was its first; not stored.
        limited: of a message over a limit, until when it is (Unix ms): it is refused, the model never sees it.
        warned: of the last message that a limit allowed, likewise: its reply says so.
        note: of a reply, what is sent below the text and not remembered.
        plain: of a reply, what is shown instead of its text: its Markdown made readable. Empty where that is the text.
        withheld: of a reply, that its text is the one which tells that moderation refused it.
        returned: of a reply that an HTTP response carried, the id of that request.
        sent_at: of a reply, when its last part was sent (Unix ms); its ``at`` is the time of the question.
        delivered: of a reply, the platform's id and time (Unix ms) of each part that it has taken.
        covered: of a round, hashes of the messages that it is for.
        calls, results: of a round, what was asked and what came of it so far, JSON; see :mod:`relay.turn.round_rows`.
        pending: of a reply that asks the user whether a tool may do something, what is to be done, JSON; see
            :mod:`relay.turn.rounds`.
        taken_by: of such a reply, hash of the message that has answered it.
        staff: of a reply, that a person wrote it, from the bot's account; it answers no message in particular.
        looping: of a message, that it was closed because two machines answered each other.
        unknown: names of properties that this version does not know; not stored.
    """

    key: str
    kind: Kind
    state: State
    sender: str
    text: str
    id: str
    etag: str = ""
    server_id: str = ""
    bot: str = ""
    medium: str = ""
    attached: str = ""
    words: str = ""
    unread: str = ""
    nick: str = ""
    custom: str = ""
    function: str = ""
    excluded: bool = False
    forgotten: str = ""
    promised: bool = False
    reply: str = ""
    client_id: str = ""
    parts: tuple[str, ...] = ()
    media: tuple[Medium | None, ...] = ()
    parts_sent: int = 0
    stream: str = ""
    cause: str = ""
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    fresh: bool = False
    limited: str = ""
    warned: str = ""
    note: str = ""
    plain: str = ""
    withheld: bool = False
    returned: str = ""
    sent_at: str = ""
    delivered: tuple[tuple[str, int], ...] = ()
    edited: str = ""
    covers: int = 0
    covered: tuple[str, ...] = ()
    calls: str = ""
    results: str = ""
    pending: str = ""
    taken_by: str = ""
    staff: bool = False
    looping: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What the user reads of a reply where there is only text."""
        text = self.plain or self.text
        beside = [
            line
            for line, medium in zip(self.parts, self.media, strict=False)
            if medium is not None and line not in text
        ]
        return "\n\n".join(filter(None, (text, self.note, *beside)))

    @property
    def length(self) -> int:
        """About how many characters of a window it takes."""
        return len(self.text) + min(len(self.words), WINDOW_WORDS_MAX_CHARS)

    @property
    def shown_between(self) -> tuple[int, int]:
        """Of a reply that was sent, when the first and the last of its parts were there, Unix milliseconds.

        The platform's times count beside our own: its clock dates the messages, and may be ahead of ours.
        """
        times = [int(self.sent_at or 0), *(at for _, at in self.delivered if at)]
        return min(times), max(times)

    @property
    def at(self) -> int:
        """Time of the message, or of the newest message that the reply answers; Unix milliseconds."""
        return time_of(self.key)

    @property
    def day(self) -> int:
        """The UTC day whose table holds it."""
        return day_of(self.at)

    @classmethod
    def of(cls, message: Message, kind: Kind, key: str) -> Self:
        """A message that is about to be claimed. Of a command the row is its effect: it keeps no words.

        What a person wrote from the bot's account is a reply that was sent.
        """
        return cls(
            key=key,
            kind=kind,
            state="sent" if message.staff else "waiting",
            sender=message.sender,
            text=message.text if kind in ("text", "reply") else "",
            id=message.id,
            server_id=message.server_id if is_server_id(message.server_id) else "",
            bot=message.bot,
            medium=message.medium,
            attached=message.attached,
            nick=message.nick,
            custom=message.custom,
            function=message.function,
            staff=message.staff,
        )

    @classmethod
    def reply_to(cls, batch: Sequence[Entry], text: str, client_id: str) -> Self:
        """A reply that covers a batch, in one message."""
        newest = batch[-1]
        return cls(
            key=reply_key(newest.key),
            kind="reply",
            state="stored",
            sender=newest.sender,
            function=newest.function,
            text=text,
            id=newest.id,
            bot=newest.bot,
            client_id=client_id,
            covers=len(batch),
        )

    def with_usage(self, completion: Completion) -> Self:
        """The row with who has answered, and what that cost."""
        counts = {name: getattr(completion, name) for name in COUNTS}
        return replaced(self, model=completion.model, **counts)

    def values(self) -> dict[str, Value]:
        """The properties of the row; what is empty is left out."""
        held = {name: value for name, value in vars(self).items() if value}
        stored = {name: value for name, value in held.items() if name in _PLAIN}
        for name in _SPREAD:
            value = held.get(name, "")
            stored |= spread(name, value if isinstance(value, str) else to_json(value))
        return stored

    @classmethod
    def from_row(cls, row: Row, fresh: bool = False) -> Self:
        """Read a row. Most properties of most rows are not there: for those the class's defaults stand, unset."""
        values: dict[str, Any] = {**_NEEDED, "key": row.key, "etag": row.etag}
        unknown: list[str] = []
        for name, value in row.values.items():
            if (type_ := _PLAIN.get(name)) is not None:
                values[name] = type_(value)
            elif (read := _SPREAD.get(base := _base(name))) is None:
                unknown.append(name)
            elif base == name or base not in row.values:
                values[base] = read(gather(base, row.values))
        entry = cls.__new__(cls)
        entry.__dict__.update(values, unknown=tuple(unknown), fresh=fresh)
        return entry

    def changed(self, values: Mapping[str, Value], etag: str) -> Self:
        """The entry after a change of its row."""
        return self.from_row(Row(self.key, {**self.values(), **values}, etag), self.fresh)

    def blanked(self) -> dict[str, Value]:
        """Changes that empty every property which holds, or in a newer version may hold, words of anybody."""
        return {name: "" for name in (*self.values(), *self.unknown) if _base(name) not in WORDLESS}

    def gone(self, why: str) -> dict[str, Value]:
        """Changes that take its words away, and close it if it still waits to be answered or sent."""
        changes = self.blanked() | {"forgotten": why}
        return changes | ({"state": "closed"} if self.state in ("waiting", "heard", "stored") else {})

    def reworded(self, text: str, at: int, attached: str) -> dict[str, Value]:
        """Changes that give a message other words; ``at`` is when, Unix milliseconds."""
        old = {name: "" for name in spread("text", self.text)}
        return old | spread("text", text) | {"attached": attached, "edited": str(at)}


WORDLESS = frozenset(
    (
        *("kind", "state", "sender", "id", "medium", "unread", "function", "model", "cause"),
        *("excluded", "forgotten", "promised", "returned", "limited", "warned", "withheld"),
        *("reply", "client_id", "parts_sent", "sent_at", "delivered", "edited", "covers", "stream"),
        *("staff", "looping", "covered", "taken_by"),
        *COUNTS,
        *("server_id", "bot"),
    )
)
"""The properties that hold no words of a person or a model. Whatever is not named here, ``/forget`` empties."""


def _list(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text)) if text else ()


def _medium(fields: Mapping[str, Any] | None) -> Medium | None:
    return from_fields(fields) if fields else None


_SPREAD: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("text", "plain", "custom", "words", "calls", "results", "pending"), str),
    **dict.fromkeys(("parts", "covered"), _list),
    "media": lambda text: tuple(map(_medium, _list(text))),
    "delivered": lambda text: tuple((id, at) for id, at in _list(text)),
}
"""Properties that may be laid out over several, and what is read from their text."""

_UNSTORED = ("key", "etag", "fresh", "unknown")
_PLAIN: dict[str, Any] = {
    field.name: {"bool": bool, "int": int}.get(str(field.type), str)
    for field in fields(Entry)
    if field.name not in (*_SPREAD, *_UNSTORED)
}
_NEEDED: dict[str, Any] = dict.fromkeys(("kind", "state", "sender", "text", "id"), "")
"""Fields without a default of their own: a row may lack what is empty."""


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


def to_json(pieces: Sequence[object]) -> str:
    """Pieces as a property holds them; nothing for none."""
    return json.dumps(pieces, ensure_ascii=False, default=to_fields) if pieces else ""


def _base(name: str) -> str:
    """The property that a piece such as ``text_1`` belongs to."""
    base, _, number = name.rpartition("_")
    return base if base and number.isdecimal() else name
