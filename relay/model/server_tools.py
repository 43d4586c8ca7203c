"""What an answer shows of the tools that the model's server has run for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from relay.model.answers import name_of
from relay.ports import Source

SOURCES_MAX = 50
"""So many are looked at; a reply shows fewer."""

TITLE_MAX_CHARS = 100
URL_MAX_CHARS = 500

_SANDBOX_LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(sandbox:/(?:[^()\n]|\([^()\n]*\))*\)")
_SANDBOX_PATH = re.compile(r"sandbox:/[^\s)\]>\"'`]*[^\s)\]>\"'`.,;:!?]")


def sources_of(parts: Iterable[Any]) -> tuple[Source, ...]:
    """The pages and files that a text cites, in its order and each once.

    Args:
        parts: of the messages of a response; each may have annotations (Responses API: ``url_citation``,
            ``file_citation``).
    """
    found: dict[Source | str, Source] = {}
    for part in parts:
        annotations = getattr(part, "annotations", None)
        for annotation in (annotations if isinstance(annotations, list) else [])[:SOURCES_MAX]:
            if source := _source(annotation):
                found.setdefault(source.url or source, source)
    return tuple(found.values())[:SOURCES_MAX]


def _source(annotation: object) -> Source | None:
    kind = getattr(annotation, "type", None)
    if kind == "url_citation":
        url = _plain(getattr(annotation, "url", None))
        return Source(_title(getattr(annotation, "title", None)), url) if url else None
    if kind == "file_citation":
        title = _title(getattr(annotation, "filename", None))
        return Source(title) if title else None
    return None


def _title(value: object) -> str:
    line = " ".join(value.split()) if isinstance(value, str) else ""
    return line if len(line) <= TITLE_MAX_CHARS else f"{line[:TITLE_MAX_CHARS].rstrip()}…"


def _plain(value: object) -> str:
    """A web address without the mark that OpenAI puts on each; empty for anything else."""
    if not isinstance(value, str) or len(value) > URL_MAX_CHARS or re.search(r"[\s<>\"\x00-\x1f]", value):
        return ""
    try:
        url = urlsplit(value)
    except ValueError:
        return ""
    if url.scheme not in ("http", "https") or not url.netloc:
        return ""
    query = parse_qsl(url.query, keep_blank_values=True)
    if ("utm_source", "openai") in query:
        url = url._replace(query=urlencode([pair for pair in query if pair != ("utm_source", "openai")]))
    return urlunsplit(url)


def calls_of(output: object) -> tuple[str, ...]:
    """The tools that were called, a name for each call: of an MCP server ``label.tool``, else the tool's type."""
    calls = []
    for item in output if isinstance(output, list) else []:
        kind = name_of(getattr(item, "type", None))
        if kind.endswith("_call"):
            label, name = name_of(getattr(item, "server_label", None)), name_of(getattr(item, "name", None))
            calls.append(f"{label}.{name}" if label and name else kind.removesuffix("_call"))
    return tuple(calls)


def without_sandbox_links(text: str) -> str:
    """A text without links into the place where the server ran code: nobody else can open them. Their words stay."""
    if "sandbox:/" not in text:
        return text
    text = _SANDBOX_LINK.sub(lambda link: "" if link[1] else link[2], text)
    return _SANDBOX_PATH.sub("", text).strip()
