"""An answer that comes piece by piece: what may be shown of it is told as it comes, and in the end it is read whole.

What a streamed answer means is decided where an unstreamed one's is: its pieces are put together into the same shape.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

from relay.model.answers import finish_of, text_of
from relay.model.functions import THOUGHTS
from relay.model.thinking import Thinking

Heard = Callable[[str], None]
"""Gets all that may be shown of an answer so far. It grows, or begins anew when what came before was not the answer."""


async def whole_completion(pieces: AsyncIterator[Any], heard: Heard) -> SimpleNamespace | None:
    """A streamed chat completion in the shape of one that came whole; None when nothing came at all."""
    thinking, texts, calls, thoughts = Thinking(), list[str](), _Calls(), _Thoughts()
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
        calls.feed(getattr(delta, "tool_calls", None))
        thoughts.feed(delta)
        if text := text_of(getattr(delta, "content", None)):
            texts.append(text)
            shown = thinking.feed(text)
            if shown and not refusal and finish_of(finish) != "withheld":
                heard(shown)
    if not any_came:
        return None
    message = SimpleNamespace(
        content="".join(texts), refusal=refusal or None, tool_calls=calls.whole, **thoughts.whole
    )
    choice = SimpleNamespace(finish_reason=finish, message=message)
    return SimpleNamespace(choices=[choice], model=model, usage=usage)


class _Calls:
    """Calls of a chat completion, whose arguments come in pieces.

    A piece says by its ``index`` which call it is of; some servers give every call the same one, and some none: then a
    piece with a name, or another id, begins a call.
    """

    def __init__(self) -> None:
        self.whole: list[SimpleNamespace] = []

    def feed(self, pieces: object) -> None:
        for piece in pieces if isinstance(pieces, list) else []:
            index, call_id = getattr(piece, "index", None), getattr(piece, "id", None)
            function = getattr(piece, "function", None)
            name, arguments = getattr(function, "name", None), getattr(function, "arguments", None)
            call = self._begun(index, call_id, name)
            if call is None:
                call = SimpleNamespace(
                    index=index,
                    id=None,
                    function=SimpleNamespace(name=None, arguments=None),
                    extra_content=None,
                )
                self.whole.append(call)
            call.id = call.id or call_id
            call.extra_content = getattr(piece, "extra_content", None) or call.extra_content
            call.function.name = call.function.name or name
            begun = call.function.arguments
            both = isinstance(begun, str) and isinstance(arguments, str)
            call.function.arguments = begun + arguments if both else arguments or begun

    def _begun(self, index: object, call_id: object, name: object) -> SimpleNamespace | None:
        """The call that a piece goes on with; None when it begins one."""
        same = [call for call in self.whole if index is None or call.index == index]
        if not same:
            return None
        last = same[-1]
        if call_id and last.id:
            return last if call_id == last.id else None
        begins = index is None and name and last.function.name
        return None if begins else last


class _Thoughts:
    """What a model thought before it called: fields of the pieces, as they would stand in a whole message."""

    def __init__(self) -> None:
        self.whole: dict[str, Any] = {}

    def feed(self, delta: object) -> None:
        for name in THOUGHTS:
            piece = getattr(delta, name, None)
            if isinstance(piece, str):
                self.whole[name] = self.whole.get(name, "") + piece
            elif isinstance(piece, list):
                details = self.whole.setdefault(name, [])
                for detail in piece:
                    _join(details, detail)


def _join(details: list[Any], piece: Any) -> None:
    """Add a piece of ``reasoning_details``: those of one index and type are one; what is a text in them goes on."""
    if not isinstance(piece, dict):
        return
    last = details[-1] if details else None
    if last is None or any(last.get(name) != piece.get(name) for name in ("index", "type")):
        details.append(dict(piece))
        return
    for name, value in piece.items():
        goes_on = name in ("text", "summary", "data") and isinstance(last.get(name), str)
        last[name] = last[name] + value if goes_on and isinstance(value, str) else value or last.get(name)


async def whole_response(events: AsyncIterator[Any], heard: Heard) -> Any:
    """A streamed response: its last event holds it whole, calls and all. None when nothing came at all."""
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
