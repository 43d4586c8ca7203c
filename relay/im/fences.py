"""Fenced code blocks of Markdown (CommonMark 4.5), found by position.

One rule is looser than the specification's: a fence may be indented further than three spaces, because models
indent the code blocks of a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Longer indents, fences and info strings are taken for text, so that repeating one never fills a message.
_FENCE = re.compile(
    r"^(?P<indent>[ \t]{0,12})(?P<fence>`{3,20}|~{3,20})(?P<info>[^\n]{0,100})$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One fenced code block, by positions in the text.

    Attributes:
        start: of the line that opens it.
        code: of the first line inside.
        last: end of the last line inside.
        end: of the line that closes it, or of the text.
        opening: the line that opens it, with its newline.
        closing: a line that closes it, with a newline before.
    """

    start: int
    code: int
    last: int
    end: int
    opening: str
    closing: str


def code_blocks(text: str) -> list[CodeBlock]:
    """The code blocks of a text in order. A block that is never closed goes on to the end of the text."""
    blocks: list[CodeBlock] = []
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        info = line["info"].strip()
        if opened is None:
            if "`" not in info:
                opened = line
        elif not info and line["fence"].startswith(opened["fence"]):
            blocks.append(_block(text, opened, last=line.start() - 1, end=line.end()))
            opened = None
    if opened is not None:
        blocks.append(_block(text, opened, last=len(text), end=len(text)))
    return blocks


def _block(text: str, opened: re.Match[str], *, last: int, end: int) -> CodeBlock:
    return CodeBlock(
        start=opened.start(),
        code=min(opened.end() + 1, len(text)),
        last=last,
        end=end,
        opening=opened[0].rstrip() + "\n",
        closing="\n" + opened["indent"] + opened["fence"],
    )
