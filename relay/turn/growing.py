"""What may be shown of a text that still grows, so that it stays the beginning of the whole."""

from __future__ import annotations

import re

from relay.im.fences import code_blocks

FULL_CHARS = 3000
"""From here on a text goes to the end of its paragraph, and no further than to :data:`MOST_CHARS`."""

MOST_CHARS = 4000

_MARK = re.compile(r"[`*_~\[\]<>|\\&!\n]|^\s*(?:[-+#=]|\d+[.)])")
"""Where a block may begin to mean something else than it says."""


def certain(text: str) -> str:
    """What of a Markdown text that still grows means what it will mean: its blocks, and the next one up to a mark."""
    blocks = code_blocks(text)
    end = text.rfind("\n\n")
    while end >= 0 and any(block.start <= end < block.end for block in blocks):
        end = text.rfind("\n\n", 0, end)
    begun = text[end + 2 :] if end >= 0 else text
    mark = _MARK.search(begun)
    return text[: len(text) - len(begun)] + (begun[: mark.start()].rstrip() if mark else begun)


def showable(text: str) -> str:
    """What of an answer that still grows is shown: up to the end of the paragraph in which it becomes long."""
    if len(text) <= FULL_CHARS:
        return text
    blocks = code_blocks(text)
    end = text.find("\n\n", FULL_CHARS)
    while end >= 0 and any(block.start <= end < block.end for block in blocks):
        end = text.find("\n\n", end + 1)
    return text[: min(MOST_CHARS, len(text)) if end < 0 else min(end, MOST_CHARS)]
