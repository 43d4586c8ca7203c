"""Whether a message answers the question that the bot has asked before doing something. Pure functions.

The question is the newest reply to that person, or it is void: whatever else they say, and have answered, lies between
it and any later "yes".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from relay.clock import MINUTE_MS
from relay.keys import is_of_round
from relay.memory.rows import Entry, is_earlier
from relay.messages import message_hash
from relay.spelling import fold

YES = ("yes", "是")
NO = ("no", "否")

_PUNCTUATION = " \t\r\n.,!。，！、"
_WORDS: dict[str, Literal["yes", "no"]] = {
    **{fold(word): "yes" for word in YES},
    **{fold(word): "no" for word in NO},
}
_MAX_CHARS = 16
"""A longer text is none of the words, which is known without folding it."""


def word_of(entry: Entry) -> Literal["yes", "no", ""]:
    """The word that a message is, in any case and width, with or without a full stop; empty for anything else."""
    text = entry.text.strip(_PUNCTUATION)
    if entry.kind != "text" or entry.medium or len(text) > _MAX_CHARS:
        return ""
    return _WORDS.get(fold(text).strip(_PUNCTUATION), "")


def question_for(first: Entry, rows: Sequence[Entry], minutes: int) -> Entry | None:
    """The bot's question that a message answers with yes or no; None when it answers none that is still live.

    Args:
        first: the oldest message of a batch.
        rows: of the conversation, oldest first.
        minutes: how long a question is live, from when it was sent to the time of the message.
    """
    if not word_of(first):
        return None
    question = newest_reply(first, rows)
    if question is None or not question.pending or question.state != "sent" or question.excluded:
        return None
    if question.taken_by not in ("", message_hash(first.id)):
        return None
    # Not from before anybody could have read it, and not too late.
    begun, ended = question.shown_between
    return question if begun <= first.at <= ended + minutes * MINUTE_MS else None


def newest_reply(first: Entry, rows: Sequence[Entry]) -> Entry | None:
    """The newest reply of the bot's own to whoever wrote a message, of those from before it."""
    replies = (row for row in reversed(rows) if row.kind == "reply" and is_earlier(row, first))
    own = (row for row in replies if not row.staff and not is_of_round(row.key))
    return next((row for row in own if row.sender == first.sender), None)
