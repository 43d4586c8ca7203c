"""A docstring in Google's style: what a function does, and what its parameters are."""

from __future__ import annotations

import inspect
import re
from itertools import takewhile

_SECTION = re.compile(r"(Args|Arguments|Parameters):")
_ENTRY = re.compile(r"\*{0,2}(\w+)(?: *\([^)]*\))?: *(.*)")


def first_paragraph(docstring: str | None) -> str:
    """What the function does, on one line; empty when it does not say."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    return " ".join(line.strip() for line in takewhile(lambda line: bool(line.strip()), lines))


def parameters(docstring: str | None) -> dict[str, str]:
    """What its section ``Args:`` says of each parameter, on one line."""
    found: dict[str, list[str]] = {}
    inside, entries, name = False, 0, ""
    for line in inspect.cleandoc(docstring or "").splitlines():
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if not inside:
            inside, entries = bool(_SECTION.fullmatch(line)), 0
        elif text and not indent:  # the next section
            inside = bool(_SECTION.fullmatch(line))
        elif text:
            entries = entries or indent
            if indent <= entries and (entry := _ENTRY.fullmatch(text)):
                name, text = entry[1], entry[2]
                found[name] = []
            if name:
                found[name].append(text)
    return {name: " ".join(filter(None, lines)) for name, lines in found.items()}
