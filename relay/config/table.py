"""What the tables of the bots file have in common."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of the bots file; the description of a field says what its key accepts."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


def one_of(words: Any) -> str:
    """What a key accepts that takes one of some words."""
    *others, last = (f'"{word}"' for word in get_args(words))
    return f"{', '.join(others)} or {last}"
