"""Which asterisks and underscores are emphasis.

CommonMark's rule (6.2) with two changes, both for texts of models. It closes emphasis between Chinese punctuation
and a Chinese character, which the specification does not: ``**注意：**请看``. And it leaves alone what reads as
something else: ``2*3*4``, ``x**2 + y**2``, ``*.py``, ``src/*``, ``(*)``, ``__init__``.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_WIDE = "\u2e80"
"""From here on scripts are written without spaces; their punctuation is no boundary of its own."""

_NAME = re.compile(r"__[a-z0-9]+(?:_[a-z0-9]+)*__(?![A-Za-z0-9])")

_AROUND = frozenset(
    ("()", "[]", "{}", ")(", "][", "}{", '""', "''", "``", "“”", "‘’", "（）", "「」", "【】")
)
"""What stands on both sides of a mark that is meant as a character."""


def emphasis(state: StateInline, silent: bool) -> bool:
    """The parser's rule for ``*`` and ``_``, in the place of its own."""
    start, marker = state.pos, state.src[state.pos]
    if silent or marker not in "*_":
        return False
    if name := _NAME.match(state.src, start, state.posMax):
        state.pending += name[0]
        state.pos = name.end()
        return True
    end = start + sum(1 for _ in takewhile(marker.__eq__, state.src[start : state.posMax]))
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    opens, closes = _flanks(marker, end - start, before, after)
    for _ in range(end - start):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=end - start,
                token=len(state.tokens) - 1,
                end=-1,
                open=opens,
                close=closes,
            )
        )
    state.pos = end
    return True


def _flanks(marker: str, length: int, before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of marks may open emphasis, and whether it may close it."""
    if _is_character(marker, length, before, after):
        return False, False
    left = not after.isspace() and (not _is_punctuation(after) or _is_boundary(before))
    right = not before.isspace() and (not _is_punctuation(before) or _is_boundary(after))
    if marker == "*":
        return left, right
    return left and (not right or not before.isalnum()), right and (not left or not after.isalnum())


def _is_character(marker: str, length: int, before: str, after: str) -> bool:
    if before + after in _AROUND:
        return True
    if marker == "_" or not (before + after).isascii():
        return False
    if length > 1:
        return before.isalnum() and after.isdigit()
    return (before.isalnum() and after.isalnum()) or before == "/" or after in "/."


def _is_punctuation(char: str) -> bool:
    return char < _WIDE and unicodedata.category(char)[0] in "PS"


def _is_boundary(char: str) -> bool:
    return char.isspace() or char >= _WIDE or _is_punctuation(char)
