"""What came of asking one part of a deployment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of asking one part.

    Attributes:
        part: which.
        said: what it answered, or what went wrong.
        fix: what to do; empty when nothing is wrong.
    """

    part: str
    said: str
    fix: str = ""
