"""The sources of an answer, below it: shown, and not remembered."""

from __future__ import annotations

from collections.abc import Iterable

from relay import texts
from relay.ports import Source
from relay.spelling import one_line

SHOWN_MAX = 5


def sources_note(sources: Iterable[Source], text: str, language: texts.Language) -> str:
    """The lines about sources that a text does not name itself, at most :data:`SHOWN_MAX`; empty for none."""
    unnamed = [source for source in sources if (source.url.rstrip("/") or source.title) not in text]
    lines = [" ".join(filter(None, ("-", one_line(s.title), s.url))) for s in unnamed[:SHOWN_MAX]]
    return "\n".join([texts.SOURCES[language], *lines]) if lines else ""
