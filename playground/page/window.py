"""The window that the model got, and what was cut: the span names the rows, the chats have the texts."""

from __future__ import annotations

from typing import Any

from playground.page.journal import Journal, parent_in
from playground.page.spans import SpanEvent, SpanFact
from playground.page.steps import Detail
from playground.page.wording import FATES
from relay import spans
from relay.keys import parts_of_key

NOT_SEEN = "(said before this page was opened)"


def window_detail(journal: Journal, span: SpanFact) -> Detail:
    """The rows that ``relay.window`` tells of, oldest first."""
    events = [event for event in span.events if event.name == spans.WINDOW_ROW]
    rows = sorted(events, key=lambda event: str(event.attributes[spans.ROW]), reverse=True)
    return Detail(
        "Window", "window", [*_system_prompt(journal, span), *(_entry(journal, row) for row in rows)]
    )


def _system_prompt(journal: Journal, span: SpanFact) -> list[dict[str, Any]]:
    """What the model was told first, from the request that the same turn made next."""
    siblings = (other for other in journal.spans_of(span.trace) if other.parent == span.parent)
    chats = {other.id for other in siblings if other.name.startswith(spans.CHAT) and other.at >= span.at}
    asked = next((one for one in journal.requests.values() if parent_in(one.headers) in chats), None)
    first = asked.body["messages"][0] if asked else {}
    if first.get("role") != "system":
        return []
    return [{"role": "system", "text": first["content"], "at": None, "fate": "sent", "why": ""}]


def _entry(journal: Journal, row: SpanEvent) -> dict[str, Any]:
    said = row.attributes
    fate = str(said[spans.FATE])
    return {
        "role": said[spans.ROLE],
        "text": _text(journal, str(said[spans.ROW])),
        "at": said[spans.AT],
        "fate": "cut" if fate in FATES else "sent",
        "why": FATES.get(fate, "to be answered now" if fate == "batch" else ""),
    }


def _text(journal: Journal, key: str) -> str:
    """What a row says. Its key ends with the hash of a message, then 1 for the message, 0 for its reply."""
    message_hash, kind = parts_of_key(key)
    message = journal.message_of(message_hash)
    if message is None:
        return NOT_SEEN
    ids = [message] if kind == "1" else journal.replies_to(message)
    return "\n".join(journal.messages[id].text for id in ids) or NOT_SEEN
