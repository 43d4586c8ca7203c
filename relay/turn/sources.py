"""The sources of an answer, below it: shown, and not remembered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from relay.ports import Source
from relay.spelling import one_line

SHOWN_MAX = 5

_ADDRESS = re.compile(r"https?://[^\s<>\"'`()\[\]|，。；：！？、（）【】《》]+")


def sources_note(sources: Iterable[Source], text: str, heading: str) -> str:
    """The lines about sources that a text does not name itself, at most :data:`SHOWN_MAX`, below a heading;
    empty for none."""
    named = {_key(address) for address in _ADDRESS.findall(text)}
    unnamed: dict[str, Source] = {}
    for source in sources:
        if not (_key(source.url) in named if source.url else _names(text, source.title)):
            unnamed.setdefault(_key(source.url) or source.title, source)
    shown = list(unnamed.values())[:SHOWN_MAX]
    lines = [" ".join(filter(None, ("-", one_line(s.title), s.url))) for s in shown]
    return "\n".join([heading, *lines]) if lines else ""


def _key(address: str) -> str:
    """What two spellings of one address have in common."""
    page = address.partition("#")[0].replace("?utm_source=openai", "")
    return re.sub(r"^https?://(?:www\.)?", "", page).rstrip(".,;:!?/*_")


def _names(text: str, title: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(title)}(?![\w-])", text) is not None
