"""Two machines that answer each other in a group, known by their pace. Pure functions.

What comes through the server API is never answered, but a bot that is a logged-in client looks like a person. It gives
itself away by answering every reply at once. A person reads, and sends the next message before the reply is there, or a
while after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from relay.keys import is_of_round
from relay.memory.rows import Entry, is_earlier

EXCHANGES_MAX = 8
"""So many in a row with one sender, each begun at a machine's pace, and the next message is not answered."""

PACE_MS = 3_000
"""A machine's pace: the time from our reply to the message that follows it."""

SILENCE_MS = 60_000
"""After so long without a message of theirs, the sender is answered again."""


def loop(rows: Sequence[Entry], first: Entry) -> Literal["", "begins", "goes_on"]:
    """Whether a message belongs to a conversation of machines, and whether one before it was left unanswered for that.

    Args:
        rows: of the conversation, oldest first.
        first: the oldest message of a batch.
    """
    before = [row for row in rows if is_earlier(row, first) and not is_of_round(row.key)]
    if before and before[-1].looping and before[-1].sender == first.sender:
        return "goes_on" if first.at - before[-1].at < SILENCE_MS else ""
    return "begins" if _exchanges(before, first) >= EXCHANGES_MAX else ""


def _exchanges(before: list[Entry], begun: Entry) -> int:
    """How many exchanges with the sender end at this message, without anything in between."""
    count = 0
    while count < EXCHANGES_MAX and before and _follows(begun, reply := before.pop()):
        covered = []
        while before and before[-1].reply == reply.key:
            covered.append(before.pop())
        if not covered:
            break
        count += 1
        begun = covered[-1]
    return count


def _follows(begun: Entry, reply: Entry) -> bool:
    """Whether a message follows a reply of ours at a machine's pace: it may be faster than the answer to our call."""
    if reply.kind != "reply" or reply.state != "sent" or reply.sender != begun.sender or not reply.sent_at:
        return False
    first, last = reply.shown_between
    return first <= begun.at <= last + PACE_MS
