"""Loads what is slow to load outside of the event loop: SDKs, one at a time, and the certificates of this machine.

Two threads that import parts of one SDK at the same time can meet in a circle of its modules: Python then breaks the
deadlock by giving one of them a module that is half done, and the import fails. The Azure SDKs have such a circle.
"""

from __future__ import annotations

import asyncio
import importlib
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

_one_at_a_time = Lock()
_reading = Lock()


async def load(module: str) -> Any:
    """A module, imported in a thread if it is not there yet: one event loop serves every turn of the worker."""
    return await asyncio.to_thread(load_now, module)


def load_now(module: str) -> Any:
    """A module, imported at start-up: what the first request needs should not count against its time."""
    with _one_at_a_time:
        return importlib.import_module(module)


async def server_certificates() -> ssl.SSLContext:
    """What every httpx2 client of this process checks servers' certificates by.

    By itself each client reads the machine's certificates anew, which takes 20 to 40 ms in the event loop.
    """
    return await asyncio.to_thread(_server_certificates)


def _server_certificates() -> ssl.SSLContext:
    with _reading:  # model and IM server may be asked at the same moment
        return _read_certificates()


@cache
def _read_certificates() -> ssl.SSLContext:
    return load_now("httpx2").create_ssl_context()  # type: ignore[no-any-return]
