"""What the relay knows of one IM message, and the form in which it travels through the queue."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

from relay.errors import NewerTurn

TURN_VERSION = 7
"""Newest version of the queue message that this code reads. A newer one is left to a newer instance.

A turn names the oldest version that reads it right: 7 when its bot has tools, whose rounds older ones would not find
and ask for anew; 6 when it is what a person wrote from the bot's account, which
older ones would answer, when it may have been heard before, which they would take for done, or when it belongs to a
conversation that they would look for elsewhere; 5 when it is about a change of a message, where they answer an empty
text; 4 when its bot is to greet a group, likewise; 3 when its message is a medium, which they take for words; 2 when it
was promised or is on its last try; else 1.
"""

QUEUE_MESSAGE_MAX_BYTES = 64 * 1024
"""Limit of Azure Queue Storage for one message (Azure: Put Message)."""

QUEUE_MESSAGE_ROOM_BYTES = 2 * 1024
"""Kept free when a turn is first queued: its attempts, its watch and its cause are added later."""

CHARACTER_MAX_BYTES = 6
"""What a character of a turn comes to at most: ``\\u0001``. XML's ``&amp;`` are 5, UTF-8's are 4."""

FIELDS_MAX_BYTES = 1024
"""What a turn without watch and change comes to at most beside its texts: names of fields, numbers, the hash."""

TeamKind = Literal["team", "super_team"]
Source = Literal["copy", "chatbot"]
ChangeKind = Literal["recall", "edit", "verdict"]

_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_QUEUED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an app user to a bot, normalised from whatever input it came by.

    Attributes:
        bot: accid of the addressed bot, lower case.
        sender: accid of the app user, lower case.
        id: identity for dedupe: the same message has the same id on every delivery and by every input.
        at: time of the message in Unix milliseconds.
        dated: False when the message carried no time and ``at`` is the time of its first delivery.
        text: what the user wrote, without the mention of the bot.
        team: id of the group, None in a private chat.
        team_kind: which kind of group.
        nick: the sender's display name; untrusted text.
        function: ``robotInfo.function``: selects an override of the bot.
        topic: ``robotInfo.topic``: a conversation of its own.
        custom: ``robotInfo.customContent``: context for this message; untrusted text.
        source: the input that delivered it.
        server_id: the platform's id of it, which rises with time; empty when it has none.
        medium: what it is beside its text (a picture, a recording, …); empty for words alone.
        attached: of a medium, what came with it: JSON of :class:`relay.attachments.Attachment`.
        joined: nobody has said anything: the bot has come into the group, and greets it. The sender is the bot.
        member: in this group, everybody has a conversation of their own with the bot.
        listens: the bot listens in this group: the message may have been heard before this delivery addressed the bot.
        acts: the bot has tools.
        staff: a person wrote it from the bot's own account. The sender is whom it was written to; in a group, the bot.
    """

    bot: str
    sender: str
    id: str
    at: int
    text: str
    dated: bool = True
    team: str | None = None
    team_kind: TeamKind = "team"
    nick: str = ""
    function: str = ""
    topic: str = ""
    custom: str = ""
    source: Source = "copy"
    server_id: str = ""
    medium: str = ""
    attached: str = ""
    joined: bool = False
    member: bool = False
    listens: bool = False
    acts: bool = False
    staff: bool = False


@lru_cache(maxsize=1024)
def message_hash(message_id: str) -> str:
    """What a message is called in keys, logs, spans and queues: the same 24 characters everywhere, to look for."""
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def client_id_of(message_id: str, sender: str) -> str:
    """The sender's own id of a message, out of the relay's; empty where that was made of something else."""
    begin = f"c:{sender}:"
    return message_id.removeprefix(begin) if message_id.startswith(begin) else ""


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of a message that was sent before.

    Attributes:
        kind: ``recall``: its sender has taken it back; ``edit``: has changed its words; ``verdict``: moderation has
            refused it afterwards.
        ids: under which the message may be known, the likelier first.
        at: of an edit, when, Unix milliseconds; of two, the later one counts.
        attach: of an edit, JSON of the new attachment as it came; empty for none.
    """

    kind: ChangeKind
    ids: tuple[str, ...]
    at: int = 0
    attach: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Names one queued message, so that it can be deleted before it becomes visible."""

    id: str
    pop: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The queue message of ``relay-turns``.

    Attributes:
        message: the message to answer.
        received: when the webhook took it, Unix milliseconds; ``answer_within_minutes`` counts from here.
        attempt: how often it was put back after a failure.
        waits: how often it was put back because its conversation was busy.
        watch: receipt of the delayed copy that is deleted once the message is done.
        trace: W3C ``traceparent`` of the request that brought it, or empty.
        promised: id of the request whose response said "still thinking", so that the answer goes by the API; empty for
            a message that nothing was promised for.
        last_try: the host gave up on it, its process died too often: it is tried once more, alone.
        give_up: only tell the user that it failed: the last try was in vain, too.
        gathered: it has waited for what belongs to it.
        failure: what went wrong at the last attempt, empty before any.
        change: what has become of the message, which is not answered then: its text is the new one of an edit, its
            time that of the message where the platform tells it (``dated``), and in a group it names no bot.
    """

    message: Message
    received: int
    attempt: int = 0
    waits: int = 0
    watch: Receipt | None = None
    trace: str = ""
    promised: str = ""
    last_try: bool = False
    give_up: bool = False
    gathered: bool = False
    failure: str = ""
    change: Change | None = None

    def to_json(self) -> str:
        """The text for the queue: JSON that is also legal in the XML which carries it.

        Beside the turn it has the message's hash, for people: it is what log lines call the message.
        """
        told = {"v": self._version(), "log_id": message_hash(self.message.id)}
        fields = dict(zip(_TURN_FIELDS, _turn_values(self), strict=True))
        fields["message"] = dict(zip(_MESSAGE_FIELDS, _message_values(self.message), strict=True))
        for name, part in (("watch", self.watch), ("change", self.change)):
            fields[name] = part and dataclasses.asdict(part)
        text = _QUEUED.encode(told | fields)
        return text if text.isascii() else _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

    def _version(self) -> int:
        if self.message.acts:
            return 7
        if self.message.staff or self.message.listens or self.message.member:
            return 6
        if self.change:
            return 5
        if self.message.joined:
            return 4
        if self.message.medium:
            return 3
        return 2 if self.promised or self.last_try else 1

    def fits(self, limit: int) -> bool:
        """Whether its size that counts against the queue's limit is at most this many bytes.

        Nearly every message is so short that its length in characters says it.
        """
        if self.watch is None and self.change is None:
            values = (*_message_values(self.message), *_turn_values(self))
            chars = sum(map(len, [value for value in values if isinstance(value, str)]))
            if FIELDS_MAX_BYTES + CHARACTER_MAX_BYTES * chars <= limit:
                return True
        return self.queue_bytes() <= limit

    def queue_bytes(self) -> int:
        """The size that counts against the queue's limit: UTF-8 bytes with XML's escapes."""
        text = self.to_json()
        escapes = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
        return len(text.encode()) + escapes

    @classmethod
    def from_json(cls, text: str | bytes) -> Turn:
        """Read a queue message of this version or an older one.

        Raises:
            NewerTurn: it was written by a newer version of the relay.
            ValueError: it is not a turn at all.
        """
        try:
            fields = json.loads(text)
            version = fields.pop("v")
            if isinstance(version, int) and version > TURN_VERSION:
                raise NewerTurn(f"queue message of version {version}; this code reads up to {TURN_VERSION}")
            watch, change = fields.pop("watch", None), fields.pop("change", None)
            message = Message(**_known(Message, fields.pop("message")))
            return cls(
                message=message,
                watch=Receipt(**watch) if watch else None,
                change=Change(**_known(Change, change | {"ids": tuple(change["ids"])})) if change else None,
                **_known(cls, fields),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the queue message is not a turn of the relay") from error


# What dataclasses.asdict finds out anew each time, copying what cannot change.
_MESSAGE_FIELDS = tuple(field.name for field in dataclasses.fields(Message))
_TURN_FIELDS = tuple(field.name for field in dataclasses.fields(Turn))
_message_values = attrgetter(*_MESSAGE_FIELDS)
_turn_values = attrgetter(*_TURN_FIELDS)


def _known(cls: type, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in cls.__annotations__}
