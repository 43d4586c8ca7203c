"""What the result codes of the server API mean for one message.

Sources: doc Tk5ODIzNjk (v1 and common codes), the error enum of the vendor's SDK (v2).
v1 and v2 share one table: their codes do not collide, and v2 may answer a common fault with a code of v1. The
playground's page reads it, too. Its emulator only has the numbers that it answers with, taken from the same documents
and not from here: a code that is wrong here shall not be wrong there as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Outcome(Enum):
    """What to do after an answer."""

    DELIVERED = auto()
    """The user has it; a duplicate of what the server already has counts."""
    REPEATED = auto()
    """v1 has seen this RequestId: the message is delivered if the answer to an earlier request with it was lost."""
    BLOCKED = auto()
    """Moderation refused the text."""
    AGAIN = auto()
    """The server is busy or failed for a moment; another request soon may pass."""
    THROTTLED = auto()
    """The whole app is over its rate and shut out for about 10 seconds."""
    MISCONFIGURED = auto()
    """A person has to correct the configuration; until then every message fails, afterwards none does."""
    REJECTED = auto()
    """This message will never be taken: its sender, its receiver or its form."""


@dataclass(frozen=True, slots=True)
class ResultCode:
    """Outcome on a result code, and the words for the log."""

    outcome: Outcome
    reason: str


def result_code(code: int) -> ResultCode:
    """What a result code means. One that is not documented is a rejection: blind repetition helps nobody."""
    return _CODES.get(code) or ResultCode(Outcome.REJECTED, "a code that the relay does not know")


NO_SUCH_MESSAGE = 107404

TOO_MANY_EDITS = 107449
"""Of one message within a second (vendor's Java SDK, IMessageV2Service)."""

STREAM_CODES = range(189318, 189322)
"""What the vendor names for streams, without saying which is which."""

_WORDS: dict[Outcome, dict[int, str]] = {
    Outcome.DELIVERED: {
        200: "delivered",
        107306: "delivered before",
    },
    Outcome.REPEATED: {
        431: "this RequestId was used before",
    },
    Outcome.BLOCKED: {
        107451: "refused by moderation",
        189451: "refused by AI moderation",
        195001: "refused by the client's moderation",
        195002: "refused by the server's moderation",
    },
    Outcome.AGAIN: {
        408: "the server timed out",
        415: "network trouble at the server",
        449: "asked to try again",
        500: "server error",
        503: "server busy",
        514: "service unavailable",
        # Per sender, unlike 416: the other conversations go on.
        107323: "too many messages from this account",
        TOO_MANY_EDITS: "this message was edited less than a second ago",
    },
    Outcome.THROTTLED: {
        416: "over the app's rate limit",
    },
    Outcome.MISCONFIGURED: {
        302: "IM_APP_KEY or IM_APP_SECRET is wrong",
        315: "this address is not on the app's IP allow list: add it in the console",
        403: "forbidden: is the server API enabled for this app, and IM_APP_SECRET its secret?",
        # One code for three faults, of which two can be put right.
        414: "IM_APP_SECRET is wrong, this machine's clock is off by minutes, or a parameter is illegal",
        101303: "unknown app key: is IM_APP_KEY right, and IM_REGION the region of the app?",
        107410: "messaging is switched off for this app: see the console",
    },
    Outcome.REJECTED: {
        301: "the account is banned",
        404: "no such account: is the bot's accid registered?",
        405: "a parameter is too long",
        417: "repeated operation",
        419: "over a limit of the app's plan",
        422: "the account is banned",
        423: "the account is muted",
        463: "refused by the app's third-party callback",
        508: "too late",
        **dict.fromkeys(range(801, 816), "refused by the group"),
        803: "no such group",
        804: "the bot is not a member of the group",
        811: "too many accounts to notify",
        812: "the group is muted",
        7101: "the receiver has blocked the bot",
        102304: "not an AI account",
        102404: "no such account: is the bot's accid registered?",
        102421: "the account is muted",
        102422: "the account is banned",
        104404: "sender and receiver are not friends",
        106403: "the receiver has blocked the bot",
        107316: "too many accounts to notify",
        107329: "not a chatbot account",
        107330: "sender or receiver must see the message",
        107336: "an AI tip message",
        107337: "AI is disabled",
        NO_SUCH_MESSAGE: "no such message",
        108404: "no such group",
        109404: "the bot is not a member of the group",
        109424: "the bot is muted in the group",
        189308: "AI failed",
        **dict.fromkeys(STREAM_CODES, "the stream is refused, or has ended"),
    },
}

_CODES = {
    code: ResultCode(outcome, reason) for outcome, words in _WORDS.items() for code, reason in words.items()
}
