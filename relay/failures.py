"""The record of a message that ended without an answer: for people, in the queue ``relay-failed``."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from relay.keys import conversation_key
from relay.messages import Turn, message_hash

RECORD_VERSION = 1


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """What happened to a message, without a word of anybody: no text, nickname, topic or context.

    Attributes:
        cause: why there is no answer, for whoever reads the record.
        bot: accid of the bot.
        sender: accid of the app user whose message it is.
        team: id of the group, None in a private chat.
        team_kind: which kind of group; empty on records of older versions, and in a private chat.
        conversation: partition of its rows, as in the log.
        message: what stands for the message in the log; empty when the queue message could not be read.
        at: time of the message, Unix milliseconds.
        received: when the webhook took it, Unix milliseconds.
        attempt: how often it was put back after a failure.
    """

    cause: str
    bot: str = ""
    sender: str = ""
    team: str | None = None
    team_kind: str = ""
    conversation: str = ""
    message: str = ""
    at: int = 0
    received: int = 0
    attempt: int = 0

    @classmethod
    def of(cls, turn: Turn, cause: str, conversation: str = "") -> FailureRecord:
        """The record of a turn; its conversation's partition where it is known to be another than the message says."""
        message = turn.message
        return cls(
            cause=cause,
            bot=message.bot,
            sender=message.sender,
            team=message.team,
            team_kind=message.team_kind if message.team else "",
            conversation=conversation or conversation_key(message),
            message=message_hash(message.id),
            at=message.at,
            received=turn.received,
            attempt=turn.attempt,
        )

    def to_json(self) -> str:
        """The text for the queue."""
        return json.dumps({"v": RECORD_VERSION, **dataclasses.asdict(self)}, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> FailureRecord:
        """Read a record; fields of a newer version are ignored.

        Raises:
            ValueError: it is none.
        """
        try:
            fields = json.loads(text)
            known = {
                field.name: fields[field.name] for field in dataclasses.fields(cls) if field.name in fields
            }
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise ValueError("the queue message is no record of the relay") from error


def ended_because(turn: str) -> str:
    """The cause that a queue message tells which an older version left among what the host moved away; else empty."""
    cause = json.loads(turn).get("cause", "")
    return cause if isinstance(cause, str) else ""
