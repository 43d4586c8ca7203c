"""Writes TOML: what the standard library only reads. Every text survives, whatever is in it (toml.io/en/v1.0.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BARE_KEY = re.compile("[A-Za-z0-9_-]+")
_AS_IT_IS = re.compile(r'(\n|"(?!"|\Z))')
"""What needs no escape in a text of several lines: line ends, and a quotation mark that neither another one nor the
end follows."""


def literal(value: Any) -> str:
    """A value on one line: text, boolean, number, list or table."""
    match value:
        case str():
            return f'"{_escaped(value)}"'
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case Mapping():
            pairs = ", ".join(f"{key(name)} = {literal(inner)}" for name, inner in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case list() | tuple():
            return f"[{', '.join(literal(inner) for inner in value)}]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def prose(text: str) -> str:
    """A text, line for line as it reads where it has several."""
    if "\n" not in text:
        return literal(text)
    pieces = _AS_IT_IS.split(text)
    return '"""\n' + "".join(piece if n % 2 else _escaped(piece) for n, piece in enumerate(pieces)) + '"""'


def key(name: str) -> str:
    """A key, quoted where it has to be."""
    return name if _BARE_KEY.fullmatch(name) else literal(name)


def _escaped(text: str) -> str:
    return "".join(map(_escape, text))


def _escape(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if char < " " or char == "\x7f":
        return f"\\u{ord(char):04x}"
    # Half a surrogate pair is no character: no TOML can hold it.
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else char
