"""Links in a model's reply that become messages of their own (``send_links``).

Only a line that is nothing but a link is one: a Markdown picture, a Markdown link, an address in angle brackets or
bare. A picture in Markdown is a picture unless its address ends otherwise; any other link is a medium only if the
ending of its address says which, so that a link to a page stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote, urlsplit

from relay.attachments import NAME_MAX_CHARS
from relay.im.fences import code_blocks
from relay.outgoing import File, Medium, Picture, Video, Voice, extension_of

LINKS_MAX = 5
"""So many media are made of one reply's links; the others stay text."""

_PICTURES = frozenset(("jpg", "jpeg", "png", "gif", "webp", "bmp"))
_AUDIO = frozenset(("mp3", "m4a", "aac", "wav", "amr", "ogg", "opus", "flac"))
_VIDEOS = frozenset(("mp4", "mov", "m4v", "webm", "mkv", "avi"))
_FILES = frozenset(
    (
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "epub"),
        *("txt", "md", "csv", "tsv", "json", "xml", "yaml", "ics", "vcf", "zip", "gz", "tar", "7z"),
    )
)

_URL = r"https://[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*"
_LINE = re.compile(
    # Four spaces before it would make it code.
    r"^ {0,3}(?:"
    rf"(?P<mark>!?)\[(?P<text>[^\[\]\n]{{0,300}})\]\(<?(?P<linked>{_URL})>?(?: +\"[^\"\n]{{0,300}}\")?\)"
    rf"|<(?P<bracketed>{_URL})>|(?P<bare>{_URL})"
    r")[ \t\r]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Linked:
    """A medium in its place among the texts, and the line of the reply that it was."""

    medium: Medium
    line: str


def pieces_of(text: str) -> list[str | Linked]:
    """A text as texts and media in order; the text itself where it links to none. No text in it is blank."""
    pieces: list[str | Linked] = []
    start = 0
    for line, medium in islice(_links(text), LINKS_MAX):
        pieces += [text[start : line.start()], Linked(medium, line[0].strip())]
        start = line.end()
    pieces.append(text[start:])
    return [piece for piece in pieces if isinstance(piece, Linked) or piece.strip()]


def _links(text: str) -> Iterator[tuple[re.Match[str], Medium]]:
    """The lines outside of code blocks that are a medium."""
    prose = 0
    for block in (*code_blocks(text), None):
        for line in _LINE.finditer(text, prose, block.start if block else len(text)):
            medium = _medium(line)
            if medium is not None:
                yield line, medium
        prose = block.end if block else prose


def _medium(line: re.Match[str]) -> Medium | None:
    url = line["linked"] or line["bracketed"] or line["bare"]
    try:
        path = urlsplit(url).path
        ext = extension_of(path)
        name = " ".join((line["text"] or "").split())
        if not name:
            name = unquote(path.rpartition("/")[2], errors="replace")
        elif ext in _FILES and extension_of(name) != ext:
            name = f"{name}.{ext}"
        name = name[-NAME_MAX_CHARS:]
        if ext in _AUDIO:
            return Voice(url, ext=ext)
        if ext in _VIDEOS:
            return Video(url, name=name, ext=ext)
        if ext in _FILES:
            return File(url, name, ext=ext)
        if line["mark"] or ext in _PICTURES:
            return Picture(url, name=name, ext=ext if ext in _PICTURES else "")
        return None
    except ValueError:  # an address that is none, or too long
        return None
