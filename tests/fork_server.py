"""The server of this process that imports once and forks itself.

A process has only one such server, with one list of what it imports: whoever forks adds to that. Windows cannot fork;
there each process imports anew.
"""

from __future__ import annotations

import multiprocessing
import sys

_preloaded: list[str] = []

if sys.platform == "win32":
    CAN_FORK = False
    processes = multiprocessing.get_context("spawn")
else:
    CAN_FORK = True
    processes = multiprocessing.get_context("forkserver")


def preload(*modules: str) -> None:
    """Let the server import these, too; it starts with the first process."""
    _preloaded.extend(modules)
    if CAN_FORK:
        processes.set_forkserver_preload(_preloaded)
