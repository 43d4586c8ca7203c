"""An answer that comes piece by piece: what may be shown of it is told as it comes, and in the end it is read whole.

What a streamed answer means is decided where an unstreamed one's is: its pieces are put together into the same shape.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

from relay.model.answers import finish_of, text_of
from relay.model.thinking import Thinking

Heard = Callable[[str], None]
"""Gets all that may be shown of an answer so far. It grows, or begins anew when what came before was not the answer."""


async def whole_completion(pieces: AsyncIterator[Any], heard: Heard) -> SimpleNamespace | None:
    """A streamed chat completion in the shape of one that came whole; None when nothing came at all."""
    thinking, texts = Thinking(), list[str]()
    refusal, finish, model, usage, any_came = "", None, None, None, False
    async for piece in pieces:
        any_came = True
        model = getattr(piece, "model", None) or model
        usage = getattr(piece, "usage", None) or usage
        choices = getattr(piece, "choices", None)
        if not isinstance(choices, list) or not choices:
            continue
        finish = getattr(choices[0], "finish_reason", None) or finish
        delta = getattr(choices[0], "delta", None)
        said = getattr(delta, "refusal", None)
        refusal += said if isinstance(said, str) else ""
        if text := text_of(getattr(delta, "content", None)):
            texts.append(text)
            shown = thinking.feed(text)
            if shown and not refusal and finish_of(finish) != "withheld":
                heard(shown)
    if not any_came:
        return None
    message = SimpleNamespace(content="".join(texts), refusal=refusal or None)
    choice = SimpleNamespace(finish_reason=finish, message=message)
    return SimpleNamespace(choices=[choice], model=model, usage=usage)


async def whole_response(events: AsyncIterator[Any], heard: Heard) -> Any:
    """A streamed response: its last event holds it whole. None when nothing came at all."""
    thinking, item, last, any_came = Thinking(), None, None, False
    parts: list[str] = []
    async for event in events:
        any_came = True
        kind = getattr(event, "type", "")
        if kind in ("response.completed", "response.incomplete", "response.failed"):
            last = getattr(event, "response", None)
        elif kind == "response.output_text.delta" and isinstance(delta := getattr(event, "delta", None), str):
            if item is not None and item != getattr(event, "item_id", None):
                parts.append("\n\n")  # as the messages of a response are joined
            item = getattr(event, "item_id", None)
            if shown := thinking.feed("".join((*parts, delta))):
                heard(shown)
            parts.clear()
    if not any_came:
        return None
    return last if last is not None else SimpleNamespace(status="broken off", output=None)
