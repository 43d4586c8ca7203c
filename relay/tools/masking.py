"""Secrets and what people say, taken out of what is logged about a tool that failed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import to_jsonable_python

MASK = "***"

_SECRET_NAME = re.compile(
    r"key|secret|token|passw|pwd|credential|connection|signature|webhook|dsn|^AzureWebJobsStorage",
    re.IGNORECASE,
)
_SECRET_MIN_CHARS = 6
_PART_MIN_CHARS = 16


def without_secrets(text: str, environ: Mapping[str, str] | None = None) -> str:
    """A text without the values of what the environment's names call a secret; also not the parts of such a value, such
    as the key in a connection string, nor the password in a URL."""
    values = sorted(set(_secrets(os.environ if environ is None else environ)), key=len, reverse=True)
    for value in values:
        text = text.replace(value, MASK)
    return text


def without_words(text: str, arguments: object) -> str:
    """A text without the words and numbers of a call's arguments: somebody has said them."""
    values = list(arguments.values()) if isinstance(arguments, Mapping) else arguments
    words = sorted(set(_words(to_jsonable_python(values, fallback=str))), key=len, reverse=True)
    if not words:
        return text
    pattern = "|".join(
        re.escape(word) if len(word) > 3 or not word.isascii() else rf"(?<!\w){re.escape(word)}(?!\w)"
        for word in words
    )
    return re.sub(pattern, MASK, text, flags=re.IGNORECASE)


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if password := _password(value):
            yield password
        if _SECRET_NAME.search(name) and len(value) >= _SECRET_MIN_CHARS:
            yield value
            yield from _parts(value)


def _parts(value: str) -> Iterable[str]:
    pairs = (pair.partition("=") for pair in value.split(";"))
    return (part for _, _, part in pairs if len(part) >= _PART_MIN_CHARS and "://" not in part)


def _password(value: str) -> str | None:
    try:
        return urlsplit(value).password if "://" in value else None
    except ValueError:
        return None


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _words(key)
            yield from _words(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
    elif value is not None and not isinstance(value, bool):
        yield from re.findall(r"\w+", str(value))
