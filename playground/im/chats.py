"""Accounts, groups and the messages that users see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from playground.record import Record

TeamKind = Literal["team", "super_team"]
Origin = Literal["user", "api", "response"]
"""How a message came in: from an app, through the server API, in a chatbot webhook's response."""

CONVERSATION_TYPE: dict[TeamKind | None, int] = {None: 1, "team": 2, "super_team": 3}
"""Middle part of a v2 conversation id (doc TEzMDQwODc)."""


RECALLED = "(recalled)"
"""What is seen in the place of a message that was recalled."""

Change = Literal["", "edited", "recalled", "deleted"]
"""What has become of a message since it was sent; of a deleted one nothing is seen any more."""


def wall_clock_ms() -> int:
    """Now, in Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Team:
    """A group. Members are accids in lower case."""

    tid: str
    members: tuple[str, ...]
    kind: TeamKind = "team"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message in a chat.

    Attributes:
        sender: accid, lower case.
        to: accid of the receiver (lower case), or the id of the group.
        team_kind: None in a private chat.
        text: what the receiver reads; of another kind of message, the words that go with it.
        client_id: id given by the sending side.
        server_id: 19 digits.
        at: Unix milliseconds.
        msg_type: the copy's word for the kind, such as TEXT.
        attach: what a message of another kind consists of: JSON in a string, as the platform keeps it; else empty.
        mentions: accids that are notified by force push.
        origin: how it came in.
        quotes: server id of the message that it quotes; empty for none.
        finished: False while a stream message still grows.
        changed: what has become of it since.
    """

    sender: str
    to: str
    team_kind: TeamKind | None
    text: str
    client_id: str
    server_id: str
    at: int
    msg_type: str = "TEXT"
    attach: str = ""
    mentions: tuple[str, ...] = ()
    origin: Origin = "user"
    quotes: str = ""
    finished: bool = True
    changed: Change = ""

    @property
    def chat(self) -> str:
        """Key of the chat: the same for both directions of a private one."""
        return team_key(self.to) if self.team_kind else private_key(self.sender, self.to)


def private_key(one: str, other: str) -> str:
    """Key of the private chat of two accids, in whatever order."""
    return "|".join(sorted((one.lower(), other.lower())))


def team_key(tid: str) -> str:
    """Key of a group's chat."""
    return f"team:{tid}"


@dataclass(frozen=True, slots=True)
class Card:
    """A user's card.

    Attributes:
        name, avatar: a name, and the URL of a picture; empty when nothing was said.
    """

    name: str = ""
    avatar: str = ""


@dataclass
class Chats:
    """Everything that was delivered, and who may talk to whom.

    Attributes:
        record: gets each group, each delivery, and each growth of a stream message.
        now: clock, Unix milliseconds.
        accounts: the registered accids; None takes every accid as it comes.
        cards: what accounts are called and look like, by accid, as far as a call has said it.
        blocked: pairs (receiver, sender): the receiver's blacklist.
        teams: groups by id.
        events: every message as delivered, and again whenever a stream message grows; in order.
    """

    record: Record
    now: Callable[[], int] = wall_clock_ms
    accounts: set[str] | None = None
    cards: dict[str, Card] = field(default_factory=dict)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    teams: dict[str, Team] = field(default_factory=dict)
    events: list[Delivered] = field(default_factory=list)
    _messages: dict[str, Delivered] = field(default_factory=dict)
    _last_id: int = 0

    def next_id(self) -> str:
        """A new server id. 19 digits, so a client that reads it as a double loses the last ones."""
        self._last_id = max(self._last_id + 1, self.now() * 1_000_000)
        return str(self._last_id)

    def create_team(self, tid: str, members: Iterable[str], kind: TeamKind = "team") -> Team:
        """Create a group, or replace it."""
        self.teams[tid] = team = Team(tid, tuple(member.lower() for member in members), kind)
        self.record.write("team", team)
        return team

    def dismiss(self, tid: str) -> Team:
        """End a group; returns it as it was. Its messages stay.

        Raises:
            KeyError: there is no such group.
        """
        gone = self.teams.pop(tid)
        self.record.write("team", Team(tid, (), gone.kind))
        return gone

    async def deliver(self, message: Delivered) -> None:
        """Put a message into its chat, or a grown stream message in place of its earlier form."""
        self._messages[message.server_id] = message
        self.events.append(message)
        await self.record.add("message", message)

    def restore(self, message: Delivered) -> None:
        """Put a message back that an earlier process has recorded; nobody is told."""
        if message.changed == "deleted":
            self._messages.pop(message.server_id, None)
        else:
            self._messages[message.server_id] = message

    def restore_team(self, team: Team) -> None:
        """Put a group back in the same way; one without members has ended."""
        if team.members:
            self.teams[team.tid] = team
        else:
            self.teams.pop(team.tid, None)

    async def change(self, server_id: str, text: str) -> Delivered:
        """Let a message say something else from now on; of a recalled one :data:`RECALLED`.

        Raises:
            KeyError: there is no such message.
        """
        said = self._messages[server_id]
        if text == RECALLED:
            changed = replace(said, text=text, attach="", changed="recalled")
        else:
            changed = replace(said, text=text, changed="edited")
        self._messages[server_id] = changed
        await self.record.add("message", changed)
        return changed

    async def remove(self, server_id: str) -> None:
        """Delete a message without a trace; who watches the record is told."""
        removed = self._messages.pop(server_id)
        await self.record.add("message", replace(removed, text="", attach="", changed="deleted"))

    def find(self, server_id: str) -> Delivered | None:
        """A message that is there, and was not recalled."""
        message = self._messages.get(server_id)
        return message if message is not None and message.changed != "recalled" else None

    def knows(self, accid: str) -> bool:
        """True if there is such an account."""
        return self.accounts is None or accid in self.accounts

    def of(self, key: str) -> list[Delivered]:
        """The messages of one chat, in order of delivery."""
        return [message for message in self._messages.values() if message.chat == key]

    def active(self) -> list[str]:
        """Keys of all chats that hold a message, in order of their first one."""
        return list(dict.fromkeys(message.chat for message in self._messages.values()))
