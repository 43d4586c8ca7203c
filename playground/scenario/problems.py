"""What is wrong with a scenario file, in sentences that name the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_ENTRIES = {"steps": "step", "script": "rule", "bots": "bot"}
"""What an entry of a list of tables is called."""


def problems_of(error: ValidationError, root: type[BaseModel], file: str) -> list[str]:
    """One sentence for each thing that pydantic found wrong in a file that should be a ``root``."""
    return [f"{file}: {_sentence(detail, root)}" for detail in error.errors(include_url=False)]


def _sentence(detail: ErrorDetails, root: type[BaseModel]) -> str:
    place, key = _split(detail["loc"])
    table, field = _find(root, detail["loc"])
    named = f'key "{key}"' if key else ""
    where = ", ".join(filter(None, [place, named])) or "the file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"{where}: {_unknown(str(detail['loc'][-1]), table)}"
    if kind == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    wrong = "missing" if kind == "missing" else "is not valid"
    return f"{where}: {wrong}; accepted: {field}"


def _split(loc: Sequence[str | int]) -> tuple[str, str]:
    """The table (``step 3``) and the key in it (``robot.topic``, ``groups.4711``)."""
    if len(loc) >= 2 and loc[0] in _ENTRIES and isinstance(loc[1], int):
        return f"{_ENTRIES[str(loc[0])]} {loc[1] + 1}", _dotted(loc[2:])
    return "", _dotted(loc)


def _dotted(loc: Sequence[str | int]) -> str:
    return ".".join(part for part in loc if isinstance(part, str) and part != "[key]")


def _find(root: type[BaseModel], loc: Sequence[str | int]) -> tuple[type[BaseModel], str]:
    """The innermost table that a location leads into, and what the last key found there accepts."""
    table, accepted = root, "TOML"
    for part in loc:
        field = next(
            (field for name, field in table.model_fields.items() if part == (field.alias or name)), None
        )
        if field is not None:
            accepted = field.description or ""
            table = next(_models_in(field.annotation), table)
    return table, accepted


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _unknown(name: str, table: type[BaseModel]) -> str:
    known = [field.alias or key for key, field in table.model_fields.items()]
    if close := get_close_matches(name.lower(), known, n=1):
        return f'unknown; did you mean "{close[0]}"?'
    return f"unknown; accepted: {', '.join(known)}"
