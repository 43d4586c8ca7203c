"""Frozen records with other values.

``dataclasses.replace`` reads every field of a record and hands it to a constructor that sets each through
``object.__setattr__``: 20 µs for the 48 fields of a history row, most of which hold their defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # type checkers know of this one which fields a record has
    from dataclasses import replace as replaced
else:

    def replaced(record: Any, **values: Any) -> Any:
        """A frozen dataclass without slots and ``__post_init__``, with other values of some of its fields."""
        other = record.__class__.__new__(record.__class__)
        other.__dict__.update(record.__dict__, **values)
        return other


__all__ = ["replaced"]
