"""Imports the SDKs that are slow to import, outside of the event loop, one at a time.

Two threads that import parts of one SDK at the same time can meet in a circle of its modules: Python then breaks the
deadlock by giving one of them a module that is half done, and the import fails. The Azure SDKs have such a circle.
"""

from __future__ import annotations

import asyncio
import importlib
from threading import Lock
from typing import Any

_one_at_a_time = Lock()


async def load(module: str) -> Any:
    """A module, imported in a thread if it is not there yet: one event loop serves every turn of the worker."""
    return await asyncio.to_thread(load_now, module)


def load_now(module: str) -> Any:
    """A module, imported at start-up: what the first request needs should not count against its time."""
    with _one_at_a_time:
        return importlib.import_module(module)
