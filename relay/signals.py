"""What a bot shows beside messages: that it is writing, and what it has read; and the message that a reply quotes."""

from __future__ import annotations

from dataclasses import dataclass

from relay.messages import TeamKind


@dataclass(frozen=True, slots=True)
class Original:
    """A message of a user, by the names under which the platform knows it.

    Attributes:
        sender: accid of who wrote it, lower case.
        to: accid of the bot in a private chat, else the id of the group.
        at: its time, Unix milliseconds.
        server_id: the platform's id, digits; empty when it has none.
        client_id: the sender's id; empty when it is not known.
        team_kind: None in a private chat.
    """

    sender: str
    to: str
    at: int
    server_id: str
    client_id: str
    team_kind: TeamKind | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """That a bot is writing to somebody, in their private chat. An app shows it for about 3 seconds."""

    bot: str
    to: str


@dataclass(frozen=True, slots=True)
class Read:
    """That a bot has read a message."""

    bot: str
    message: Original


Signal = Typing | Read
