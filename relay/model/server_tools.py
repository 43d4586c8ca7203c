"""What an answer shows of the tools that the model's server has run for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from relay.model.answers import name_of
from relay.ports import Source

SOURCES_MAX = 50
"""So many are looked at; a reply shows fewer."""

TITLE_MAX_CHARS = 100
URL_MAX_CHARS = 500

OPENAI_MARK = "utm_source=openai"
"""What OpenAI puts on each address that it cites."""

# Nothing here looks further than a fixed number of characters ahead: an answer may be anything, and long.
_SANDBOX_LINK = re.compile(
    r"(!?)\[((?:[^\[\]\n]|\[[^\[\]\n]{0,50}\]){0,200})\]"
    r"\(<?sandbox:/[^()\n>]{0,300}(?:\([^()\n]{0,100}\)[^()\n>]{0,300})?>?\)"
)
_END = r"\s()\[\]<>|*\"'`，。；：！？、（）【】《》「」"
_SANDBOX_PATH = re.compile(rf"sandbox:/(?:[^{_END}]*[^{_END}.,;:!?])?")


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
    if (
        not isinstance(value, str)
        or len(value) > URL_MAX_CHARS
        or re.search(r"[^\x21-\x7e\u0080-\uffff]|[\s<>\"\u200b-\u200f\u202a-\u202e\u2066-\u2069]", value)
    ):
        return ""
    try:
        url = urlsplit(value)
    except ValueError:
        return ""
    if url.scheme not in ("http", "https") or not url.netloc:
        return ""
    before, _, fragment = value.partition("#")
    path, _, query = before.partition("?")
    kept = "&".join(part for part in query.split("&") if part != OPENAI_MARK)
    fragment = "" if fragment.startswith(":~:") else fragment  # which words a browser is to mark
    return path + (f"?{kept}" if kept else "") + (f"#{fragment}" if fragment else "")


def calls_of(output: object) -> tuple[str, ...]:
    """The tools that the server has run, a name for each call: of an MCP server ``label.tool``, else the type."""
    calls = []
    for item in output if isinstance(output, list) else []:
        kind = name_of(getattr(item, "type", None))
        if kind.endswith("_call") and kind != "function_call":
            label, name = name_of(getattr(item, "server_label", None)), name_of(getattr(item, "name", None))
            calls.append(f"{label}.{name}" if label and name else kind.removesuffix("_call"))
    return tuple(calls)


def without_sandbox_links(text: str) -> str:
    """A text without links into the place where the server ran code: nobody else can open them. Their words stay."""
    if "sandbox:/" not in text:
        return text
    rest = text
    for _ in range(2):  # a picture may be the words of a link
        rest = _SANDBOX_LINK.sub(lambda link: "" if link[1] else link[2], rest)
    rest = _SANDBOX_PATH.sub("", rest).strip()
    return rest or _SANDBOX_PATH.sub("", _SANDBOX_LINK.sub(lambda link: link[2], text)).strip()
