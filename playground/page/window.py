"""The window that the model got, and what was cut: the span names the rows, the chats have the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playground.im.attach import said_in
from playground.page.journal import Journal, parent_in
from playground.page.robot import profile_for, robot_of
from playground.page.spans import SpanEvent, SpanFact
from playground.page.steps import Detail
from playground.page.wording import FATES
from playground.page.words import say
from relay import spans
from relay.keys import parts_of_key

NOT_SEEN = "(said before this page was opened)"


def window_detail(journal: Journal, span: SpanFact) -> Detail:
    """The rows that ``relay.window`` tells of, oldest first."""
    events = [event for event in span.events if event.name == spans.WINDOW_ROW]
    rows = sorted(events, key=lambda event: str(event.attributes[spans.ROW]))
    fates = _fates(rows, int(span.attributes.get(spans.CUTOFF, 0)), _most_messages(journal, span))
    entries = [_entry(journal, row, fate) for row, fate in zip(rows, fates, strict=True)]
    return Detail(say("Window"), "window", [*_system_prompt(journal, span), *reversed(entries)])


def _fates(rows: Sequence[SpanEvent], cutoff: int, most: int | None) -> Iterator[str]:
    """What became of each row, newest first: what the relay tells, and which limit a row was left out for.

    Args:
        rows: newest first.
        cutoff: the window's, Unix milliseconds.
        most: how many messages the window may have; None if that is not known.
    """
    usable = 0
    for row in rows:
        fate = str(row.attributes[spans.FATE])
        if fate == "left" and row.attributes[spans.AT] < cutoff:
            fate = "over_minutes"
        elif fate in ("sent", "left"):
            usable += 1
            if fate == "left" and most is not None:
                fate = "over_messages" if usable > most else "over_characters"
        yield fate


def _most_messages(journal: Journal, span: SpanFact) -> int | None:
    """``rewind_messages`` of the bot that the batch is for; None where the page has not seen a message of the batch."""
    for message in journal.batch_of(span):
        robot = robot_of(journal.posts_of(message))
        if bot := profile_for(journal.messages[message], robot, journal.bots):
            return bot.rewind_messages
    return None


def _system_prompt(journal: Journal, span: SpanFact) -> list[dict[str, Any]]:
    """What the model was told first, from the request that the same turn made next."""
    siblings = (other for other in journal.spans_of(span.trace) if other.parent == span.parent)
    chats = {other.id for other in siblings if other.name.startswith(spans.CHAT) and other.at >= span.at}
    asked = next((one for one in journal.requests.values() if parent_in(one.headers) in chats), None)
    first = asked.messages[0] if asked else {}
    if first.get("role") != "system":
        return []
    return [{"role": "system", "text": first["content"], "at": None, "fate": "sent", "why": ""}]


def _entry(journal: Journal, row: SpanEvent, fate: str) -> dict[str, Any]:
    said = row.attributes
    return {
        "role": said[spans.ROLE],
        "text": _text(journal, str(said[spans.ROW])),
        "at": said[spans.AT],
        "fate": "cut" if fate in FATES else "sent",
        "why": say(FATES[fate]) if fate in FATES else say("to be answered now") if fate == "batch" else "",
    }


def _text(journal: Journal, key: str) -> str:
    """What a row says. Its key ends with the hash of a message, then 1 for the message, 0 for its reply."""
    message_hash, kind = parts_of_key(key)
    message = journal.message_of(message_hash)
    if message is None:
        return say(NOT_SEEN)
    ids = [message] if kind == "1" else journal.replies_to(message)
    return "\n".join(said_in(journal.messages[id]) for id in ids) or say(NOT_SEEN)
