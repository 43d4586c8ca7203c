"""What a model server said in the place of an answer: status, codes, names, words.

The shapes are as many as the servers: an ``error`` object or none, a list, a ``detail``, JSON inside of a message.
Looked at are codes, types, parameters and messages, never what a server quotes of the request. The SDK's own text of an
error holds the words of some of the shapes only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relay.model.answers import count_of, name_of, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError

WORDS_MAX = 16_384
"""Characters of a server's messages that are looked at."""

UNKNOWN_PARAMETER = {"unsupported_parameter", "unknown_parameter", "extra_forbidden"}
"""Codes for a parameter that is not known."""

_DEPTH_MAX, _ITEMS_MAX = 5, 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said.

    Attributes:
        status: HTTP status.
        cause: status and code, for logs.
        codes: its codes and types, in lower case.
        names: the parameters and fields that it names as such.
        words: its messages.
        retry_after: seconds, None when it does not say.
        tokens_per_minute: its quota, 0 when it does not say.
        numbers: sizes that llama.cpp sends as fields: of the context, of the prompt.
    """

    status: int
    cause: str
    codes: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    words: str = ""
    retry_after: float | None = None
    tokens_per_minute: int = 0
    numbers: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, error: APIStatusError) -> Refusal:
        """Read an answer that is no success. The SDK's own text holds the words of some shapes only."""
        seen = _Seen()
        seen.look(error.body)
        headers = error.response.headers
        limit = headers.get("x-ratelimit-limit-tokens", "")
        body = error.body if isinstance(error.body, dict) else {}
        return cls(
            status=error.status_code,
            cause=_cause(error),
            codes=frozenset(seen.codes),
            names=tuple(seen.names),
            words="\n".join(seen.words)[:WORDS_MAX],
            retry_after=retry_after(headers),
            tokens_per_minute=int(limit) if limit.isascii() and limit.isdigit() else 0,
            numbers=(count_of(body.get("n_ctx")), count_of(body.get("n_prompt_tokens"))),
        )

    def has_field(self, name: str) -> bool:
        """Whether a field says that this parameter is refused."""
        return any(named == name or named.endswith(f".{name}") for named in self.names)

    def names_it(self, name: str) -> bool:
        """Whether a field or a message names this parameter."""
        return self.has_field(name) or bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self.words))


def _cause(error: APIStatusError) -> str:
    """Status and code; proxies repeat the one as the other."""
    code = name_of(error.code)
    return f"HTTP {error.status_code} {'' if code == str(error.status_code) else code}".strip()


@dataclass(slots=True)
class _Seen:
    """What is collected of a body; what it quotes of the request (``input``) is passed over."""

    codes: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def look(self, value: object, depth: int = 0, *, nested: bool = False) -> None:
        if depth > _DEPTH_MAX:
            return
        if isinstance(value, str):
            self._read(value, depth, nested)
        elif isinstance(value, list):
            for item in value[:_ITEMS_MAX]:
                self.look(item, depth + 1, nested=nested)
        elif isinstance(value, dict):
            for key in ("code", "type", "status"):
                if isinstance(value.get(key), str | int):
                    self.codes.add(str(value[key]).casefold())
            for key in ("param", "loc"):
                named = value.get(key)
                self.names += [
                    n for n in (named if isinstance(named, list) else [named]) if isinstance(n, str)
                ]
            for key in ("message", "msg", "detail", "error", "errors", "innererror", "inner_error"):
                self.look(value.get(key), depth + 1, nested=nested)

    def _read(self, words: str, depth: int, nested: bool) -> None:
        words = words[:WORDS_MAX]
        inside = None if nested else _json_in(words)
        if inside is not None:
            self.look(inside, depth + 1, nested=True)
        self.words.append(words)


def _json_in(words: str) -> Any:
    """The JSON object or list in a message, as proxies pass on what another server said; None without one."""
    start = min((place for place in (words.find("{"), words.find("[")) if place >= 0), default=-1)
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(words, start)[0]
    except (ValueError, RecursionError):
        return None
