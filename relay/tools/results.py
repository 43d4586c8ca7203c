"""What a tool returned: words for the model, and media for the user."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_core import to_json

from relay.outgoing import Medium, Place, line_of
from relay.spelling import storable

MEDIA_MAX = 8
"""Of one call. Each is a message of its own in the chat."""

DONE = "done"
"""What the model reads where there is nothing to tell: some servers refuse an empty result."""


def told(value: object) -> tuple[str, tuple[Medium, ...]]:
    """Words for the model, and media, of what a tool returned: text, what can be JSON, media, or a list of these.

    Raises:
        ValueError: it cannot be written as JSON.
    """
    parts = (
        list(value)
        if isinstance(value, list | tuple) and any(isinstance(part, Medium) for part in value)
        else [value]
    )
    media = tuple(part for part in parts if isinstance(part, Medium))
    lines = [*(line for part in parts if (line := _line(part))), *_too_many(media)]
    return "\n".join(lines) or DONE, media[:MEDIA_MAX]


def cut(text: str, characters: int) -> str:
    """A text of at most so many characters, which says so where it was longer, in characters that can be stored."""
    text = storable(text)
    if len(text) <= characters:
        return text
    note = f"… (cut off: {len(text)} characters in all)"
    return text[: max(0, characters - len(note))] + note


def _line(part: object) -> str:
    if part is None:
        return ""
    if isinstance(part, str):
        return part
    if isinstance(part, Medium):
        return f"(sent to the user with your answer: {_named(part)})"
    return to_json(part).decode()


def _named(medium: Medium) -> str:
    """A medium in few words; not its address, which the model would only repeat."""
    name = line_of(medium) if isinstance(medium, Place) else getattr(medium, "name", "")
    kind = {"audio": "recording", "location": "place", "custom": "message of the app"}.get(
        medium.kind, medium.kind
    )
    return f"{kind}, {name}" if name else kind


def _too_many(media: tuple[Medium, ...]) -> Iterator[str]:
    if len(media) > MEDIA_MAX:
        yield f"(only the first {MEDIA_MAX} of them: no more go out with one call)"
