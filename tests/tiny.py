"""A real llama.cpp with the tiny model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playground.processes import Child
from playground.stack import READY_SECONDS


@contextmanager
def tiny_model() -> Iterator[str]:
    """Its URL, without ``/v1``."""
    child = Child("tiny", [sys.executable, "-m", "playground.tiny_model", "--port", "0"])
    try:
        yield child.wait_for(r"listening on (http://\S+)", seconds=READY_SECONDS)[1]
    finally:
        child.stop()
