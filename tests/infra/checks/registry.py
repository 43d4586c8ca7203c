"""The checks by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.templates import Templates

Check = Callable[[Templates], Iterator[str]]

CHECKS: dict[str, Check] = {}
"""By name, in the order in which they are made."""


def check(function: Check) -> Check:
    """Register a check under its name in words."""
    CHECKS[function.__name__.replace("_", " ")] = function
    return function
