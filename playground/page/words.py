"""What the server says to the reader of the page: worded in English in the code, and told in the reader's language.

A sentence that is told when it is asked for is worded at once (:func:`say`); one that is kept and told to several
readers is a :class:`Said`, worded for each of them. The Chinese of every sentence stands in
``chinese.toml``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

CHINESE: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("chinese.toml").read_text(encoding="utf-8")
)
_TEXTS: Mapping[str, Mapping[str, str]] = {"en": {}, "zh": CHINESE}
_language = ContextVar("language", default="en")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence; as a ``str`` it is in the language of the request that is being answered.

    Attributes:
        english: with ``{placeholders}``.
        values: by placeholder; they may be sentences, too.
    """

    english: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return _TEXTS[_language.get()].get(self.english, self.english).format_map(self.values)


def say(english: str, **values: object) -> str:
    """A sentence in the language of the request that is being answered; what has no translation stays as it is."""
    return str(Said(english, values))


def count(number: int, word: str) -> str:
    """``1 message``, ``2 messages``."""
    return say(f"{{count}} {word}" if number == 1 else f"{{count}} {word}s", count=number)


def duration(milliseconds: float) -> str:
    """``12 ms``, ``3.4 s``, ``2.5 min``."""
    if milliseconds < 1000:
        return say("{number} ms", number=f"{milliseconds:.0f}")
    if milliseconds < 120_000:
        return say("{number} s", number=f"{milliseconds / 1000:.1f}")
    return say("{number} min", number=f"{milliseconds / 60_000:.1f}")


def listed(parts: Iterable[str]) -> str:
    """Those that say something, with commas between them."""
    return say(", ").join(filter(None, parts))


def as_json(data: object) -> str:
    """JSON, its sentences in the language of the request that is being answered."""
    return json.dumps(data, ensure_ascii=False, default=str)


def answer(data: object, status: int = 200) -> web.Response:
    """An answer of the page's server."""
    return web.json_response(data, status=status, dumps=as_json)


@web.middleware
async def in_the_readers_language(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer in the first language that the request names: ``?language=`` of a stream, else ``Accept-Language``."""
    wanted = request.query.get("language") or str(request.headers.get("Accept-Language", ""))
    _language.set(wanted[:2].lower() if wanted[:2].lower() in _TEXTS else "en")
    return await handler(request)
