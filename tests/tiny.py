"""A real llama.cpp with the tiny model, one for all tests of a process: it takes seconds of processor time to start."""

from __future__ import annotations

import atexit
import sys
from functools import cache

from playground.processes import Child
from playground.stack import READY_SECONDS


@cache
def tiny_model() -> str:
    """Its URL, without ``/v1``.

    Raises:
        ChildFailed: it did not start.
    """
    child = Child("tiny", [sys.executable, "-m", "playground.tiny_model", "--port", "0"])
    atexit.register(child.stop)
    return child.wait_for(r"listening on (http://\S+)", seconds=READY_SECONDS)[1]
