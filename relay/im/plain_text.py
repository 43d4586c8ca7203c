"""Makes a model's Markdown readable where it is shown as it is: ordinary IM clients draw no Markdown.

What reads well as it stands stays, byte for byte: words, line breaks and indents, ``-`` and ``1.`` of lists, ``>`` of
quotes, whatever only looks like a mark. Gone are the marks of headings, emphasis and code; code itself is not touched.
``text (https://…)`` stands for a link and a picture, ``•`` for the ``*`` of a list, a dash for a rule, and a line
for each cell of a table, ``header: cell``. Another pass changes nothing but what was code or escaped.

Markdown is found by markdown-it, without what swallows words (raw HTML, entities, references) and without indented
code. The time taken grows linearly with the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

RULE = "———"

HEADERS_MAX_CHARS = 20_000
"""So much of a table may be its headers told again; above, each row is a line of its own."""

_MARK = re.compile(r"[*_`\[<|\\#~]|(?:-[ \t]*){3}")
_CONTAINER = re.compile(r"(?:[ \t]*(?:>|[-*+•]|\d{1,9}[.)])(?=[ \t|]))*[ \t]*")
_BREAK = re.compile(r" *<br ?/?> *", re.IGNORECASE)


def plain_text(text: str) -> str:
    """A text as it reads without a Markdown renderer; the text itself where nothing would be left."""
    if not _MARK.search(text):
        return text
    shown = _Reading(text).result()
    return shown if shown.strip() else text


class _Reading:
    """A text by its lines, and what is shown for each."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        self._ends = ["\r" if line.endswith("\r") else "" for line in lines]
        self._lines = [line.removesuffix("\r") for line in lines]
        self._shown: list[list[str]] = [[line] for line in self._lines]
        self._fences: set[int] = set()
        self._stars: Counter[int] = Counter()
        # To the parser, a carriage return would be one more line.
        self._tokens = _parser().parse("\n".join(self._lines).replace("\r", " "))

    def result(self) -> str:
        for number, token in enumerate(self._tokens):
            if token.map is None:
                continue
            start, end = token.map
            following = self._tokens[number + 1] if number + 1 < len(self._tokens) else token
            match token.type:
                case "heading_open":
                    self._heading(start, following)
                case "paragraph_open":
                    self._paragraph(start, end, following)
                case "fence":
                    self._fence(start, end, token.markup)
                case "hr":
                    run = rf"(?:{re.escape(token.markup[0])}[ \t]*){{3,}}\s*$"
                    self._shown[start] = [re.sub(run, RULE, self._lines[start])]
                case "table_open":
                    self._table(start, end, token.level > 0)
                case "list_item_open" if token.markup == "*" and following.type != "list_item_close":
                    self._stars[start] += 1
        for line, count in self._stars.items():
            first = self._shown[line]
            first[:1] = [part.replace("*", "•", count) for part in first[:1]]
        return "\n".join(self._joined())

    def _joined(self) -> list[str]:
        """The lines; a fence is an empty one, where there is none already."""
        joined: list[str] = []
        gap = False
        for number, lines in enumerate(self._shown):
            if number in self._fences:
                gap = True
                continue
            for line in lines:
                if gap and line.strip() and joined and joined[-1].strip():
                    joined.append(self._ends[number])
                gap = False
                joined.append(line + self._ends[number])
        return joined

    def _heading(self, number: int, inline: Token) -> None:
        if inline.content:
            container = self._lines[number].partition("#")[0]
            self._shown[number] = [container + _said(inline.children or ())]

    def _paragraph(self, start: int, end: int, inline: Token) -> None:
        said = _said(inline.children or ())
        if said == inline.content:
            return
        while not self._lines[start].strip():
            start += 1  # blank to people, not to the parser
        shown = said.split("\n")
        contents = inline.content.split("\n")
        for number in range(start, end):
            index = number - start
            if index >= len(shown):
                self._shown[number] = []
            elif index < len(contents):
                self._shown[number] = [_before(self._lines[number], contents[index]) + shown[index]]

    def _fence(self, start: int, end: int, markup: str) -> None:
        fences = [start]
        last = self._lines[end - 1].strip(" \t>")
        if end - 1 > start and set(last) == {markup[0]} and len(last) >= len(markup):
            fences.append(end - 1)
        for number in fences:
            container = self._lines[number].partition(markup)[0].rstrip()
            if container:
                self._shown[number] = [container]
            else:
                self._fences.add(number)

    def _table(self, start: int, end: int, is_inside: bool) -> None:
        header, _, *rows = (_cells(line) for line in self._lines[start:end])
        found = _CONTAINER.match(self._lines[start])
        first = found[0] if found and is_inside else ""
        rest = re.sub(r"[^>\s]", " ", first)
        for number in range(start, end):
            self._shown[number] = []
        for index, line in enumerate(_rows(header, rows)):
            self._shown[start].append((rest if index else first) + line)


def _before(line: str, content: str) -> str:
    """What stands in a line before its content: marks of lists and quotes, and the indent."""
    if line.endswith(content):
        return line[: len(line) - len(content)]
    bare = content.strip()
    at = line.rfind(bare)
    return line[: at - (len(content) - len(content.lstrip()))] if at > 0 else ""


def _cells(line: str) -> list[str]:
    from markdown_it.rules_block.table import escapedSplit

    found = _CONTAINER.match(line)
    cells = [cell.strip() for cell in escapedSplit(line[found.end() if found else 0 :].strip())]
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    inline = (_parser().parseInline(_BREAK.sub(" / ", cell))[0] for cell in cells)
    return [_said(token.children or ()) for token in inline]


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if sum(map(len, header)) * len(rows) > HEADERS_MAX_CHARS or not rows:
        return [", ".join(filter(None, row)) for row in (header, *rows)]
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        width = max(len(header), len(row))
        for name, cell in zip(_filled(header, width), _filled(row, width), strict=True):
            if name:
                lines.append(f"{name.rstrip(':：')}{'：' if name[-1] >= '⺀' else ': '}{cell or '–'}")
            elif cell:
                lines.append(cell)
    return lines


def _filled(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _said(tokens: Iterable[Token]) -> str:
    """The text of inline Markdown."""
    said: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "link_open":
                links.append((len(said), str(token.attrs["href"])))
            case "link_close":
                start, address = links.pop()
                text = "".join(said[start:])
                said[start:] = [_linked(text, address) if address else f"[{text}]()"]  # such as list[str]()
            case "image":
                alt, address = _said(token.children or ()), str(token.attrs["src"])
                said.append(_linked(alt, address) if address else f"![{alt}]()")
            case _:
                said.append(token.content)
    return "".join(said)


def _linked(text: str, address: str) -> str:
    if _bare(text) == _bare(address):
        return text
    return f"{text} ({address})" if text.strip() else address


def _bare(address: str) -> str:
    return re.sub(r"^(?:https?://(?:www\.)?|mailto:|tel:)", "", address.strip()).rstrip("/").lower()


@cache
def _parser() -> MarkdownIt:
    """Imported late: the first answer of the webhook does not wait for it."""
    from relay.im.markdown import parser

    return parser()
