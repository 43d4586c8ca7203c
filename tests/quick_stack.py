"""Local stacks whose parts start quickly: nobody looks at how they start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from playground import stack
from tests.forked import ForkedChild
from tests.shared_azurite import SharedAzurite


@contextmanager
def quick_stack() -> Iterator[None]:
    """Whatever stack starts meanwhile has an account of the shared Azurite, and forked processes."""
    with patch.object(stack, "Azurite", SharedAzurite), patch.object(stack, "Child", ForkedChild):
        yield
