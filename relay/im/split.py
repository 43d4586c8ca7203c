"""Cuts a long reply into messages that the IM platform takes.

A cut is made at the end of a paragraph, else of a sentence, a line, a word, and only in a word longer than a
message between two characters. A fenced code block that fits in a message is never cut; a longer one is cut
between lines, closed at the end of one message and opened again in the next. Only whitespace at the cuts is
dropped. The time taken grows linearly with the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from relay.im.fences import CodeBlock, code_blocks

TEXT_MAX_CHARS = 4000
"""UTF-16 units of one message, as the platform counts: an emoji is two.

v2 documents 5000 for the text, v1 for the JSON around it; the vendor's own bots cut at 4000.
"""

JSON_MAX_CHARS = 5000
"""v1's limit for the ``body`` field (doc DQ2NTg4ODE), where newlines, quotes and backslashes count double."""

_JSON_FRAME_CHARS = len('{"msg": ""}')

_CLUSTER_MAX_CHARS = 64
"""How far a cut inside a word moves back for the sake of characters that are drawn as one."""

_BREAK = re.compile(r"(?P<gap>\s+)|(?P<end>[。！？…]+[”’」』）】]*)|[，、；：]")
_SENTENCE_END = re.compile(r"(?:(?<!\d)\.|[!?])[\"'”’)\]*_`]{0,3}\Z")  # "1. " numbers a list
_SENTENCE_END_MAX_CHARS = 5
_SKIPPED = re.compile(r"\s*\n|[^\S\n]*")  # what is dropped at a cut; the indent of the next line stays

_Cuts = tuple[list[int], list[int], list[int], list[int]]
"""Positions where a text may be cut, each list ascending: paragraphs, sentences, lines, words."""


def split(text: str) -> list[str]:
    """The messages that a text is sent as, in order; none is empty, each fits in both versions of the API."""
    ruler = _Ruler(text)
    blocks = code_blocks(text)
    cuts = _cuts(text, blocks)
    upcoming = iter(blocks)
    block = next(upcoming, None)
    parts: list[str] = []
    blank = re.match(r"\s*\n", text)
    start = blank.end() if blank else 0
    while start < len(text):
        while block and block.end <= start:
            block = next(upcoming, None)
        reopened = block.opening if block and block.code <= start else ""
        limit = ruler.reach(start, reopened)
        cut = len(text) if limit == len(text) else _best(cuts, start, limit)
        closed = ""
        if cut is not None:
            following = _after(text, cut)
        elif block and block.start <= start:
            closed = block.closing
            cut, following = _cut_code(text, block, start, ruler.reach(start, reopened + closed))
        else:
            cut = _between_characters(text, start, limit)
            following = _after(text, cut)
        content = text[start:cut] if closed else text[start:cut].rstrip()
        if content:
            parts.append(reopened + content + closed)
        start = following
    return parts


class _Ruler:
    """Measures stretches of a text against both limits."""

    def __init__(self, text: str) -> None:
        self._chars = [0, *accumulate(map(_utf16_units, text))]
        self._json = [0, *accumulate(map(_json_units, text))]

    def reach(self, start: int, added: str) -> int:
        """The end of the longest stretch from ``start`` that fits in a message together with ``added``."""
        chars = TEXT_MAX_CHARS - sum(map(_utf16_units, added))
        json = JSON_MAX_CHARS - _JSON_FRAME_CHARS - sum(map(_json_units, added))
        return min(
            bisect_right(self._chars, self._chars[start] + chars) - 1,
            bisect_right(self._json, self._json[start] + json) - 1,
        )


def _utf16_units(char: str) -> int:
    return 2 if char > "\uffff" else 1


def _json_units(char: str) -> int:
    if char in '"\\\n\r\t\b\f':
        return 2
    return 6 if char < " " else _utf16_units(char)


def _cuts(text: str, blocks: Iterable[CodeBlock]) -> _Cuts:
    cuts: _Cuts = ([], [], [], [])
    paragraphs, sentences, lines, words = cuts
    prose = 0
    for block in (*blocks, None):
        for found in _BREAK.finditer(text, prose, block.start if block else len(text)):
            if found["gap"] is None:
                (sentences if found["end"] else words).append(found.end())
                continue
            position = found.start()
            newlines = found["gap"].count("\n")
            before = text[max(prose, position - _SENTENCE_END_MAX_CHARS) : position]
            if newlines > 1 or (block and found.end() == block.start):
                paragraphs.append(position)
            elif _SENTENCE_END.search(before):
                sentences.append(position)
            else:
                (lines if newlines else words).append(position)
        if block:
            paragraphs.append(block.end)
            prose = block.end
    return cuts


def _best(cuts: _Cuts, start: int, limit: int) -> int | None:
    """The strongest cut that leaves the message at least half full, else the strongest at all."""
    for low in ((start + limit) // 2, start):
        for positions in cuts:
            index = bisect_right(positions, limit)
            if index and positions[index - 1] > low:
                return positions[index - 1]
    return None


def _cut_code(text: str, block: CodeBlock, start: int, limit: int) -> tuple[int, int]:
    """Where to cut a code block that is too long, and where the next message goes on."""
    low = max(start, block.code)
    newline = text.rfind("\n", low + 1, limit + 1)
    if newline < 0:
        cut = _between_characters(text, low, limit)
        return cut, cut
    if newline >= block.last:
        return block.last, _after(text, block.end)
    return newline, newline + 1


def _after(text: str, cut: int) -> int:
    skipped = _SKIPPED.match(text, cut)
    return skipped.end() if skipped else cut


def _between_characters(text: str, low: int, limit: int) -> int:
    """The last position up to ``limit`` that parts no emoji, accented letter or flag."""
    for position in range(limit, max(low, limit - _CLUSTER_MAX_CHARS), -1):
        if not _belongs_together(text, low, position):
            return position
    return limit


def _belongs_together(text: str, low: int, position: int) -> bool:
    before, after = text[position - 1], text[position]
    if before == "\u200d" or after in "\u200c\u200d" or unicodedata.category(after).startswith("M"):
        return True  # joined emoji, combining marks, variation selectors
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # skin tones; tags of flags
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True  # a surrogate pair that came as two characters
    if not (_is_regional(before) and _is_regional(after)):
        return False
    run = position
    while run > low and _is_regional(text[run - 1]):
        run -= 1
    return (position - run) % 2 == 1  # inside a flag


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
