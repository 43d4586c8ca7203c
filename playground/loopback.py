"""Servers on this machine only: aiohttp applications, in a test or as a process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from aiohttp import web

HOST = "127.0.0.1"
SHUTDOWN_SECONDS = 1.0


class HasUrl(Protocol):
    """A running server."""

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""


class Changes:
    """Wakes the tasks that wait for a condition, whenever something has happened."""

    def __init__(self) -> None:
        self._condition = asyncio.Condition()

    async def announce(self) -> None:
        """Something has happened: let every waiter look again."""
        async with self._condition:
            self._condition.notify_all()

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until ``condition()`` holds.

        Raises:
            TimeoutError: it did not within ``seconds``.
        """
        try:
            async with asyncio.timeout(seconds), self._condition:
                await self._condition.wait_for(condition)
        except TimeoutError:
            raise TimeoutError(f"the condition did not become true within {seconds} s") from None


@asynccontextmanager
async def serving(app: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` on loopback while the context lasts, and yield its URL. Port 0 lets the system choose."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        listener = await listen(runner, port)
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            await take_nothing_new(listener)
    finally:
        await runner.cleanup()


async def listen(runner: web.AppRunner, port: int = 0) -> socket.socket:
    """Take connections on loopback.

    Raises:
        OSError: the port cannot be used.
    """
    listener = socket.create_server((HOST, port))
    await web.SockSite(runner, listener).start()
    return listener


async def take_nothing_new(listener: socket.socket) -> None:
    """For before a runner's ``cleanup``: that it knows of every connection that was taken, and closes it.

    Closing the listener one turn of the loop after a connection was taken makes asyncio (3.13) lose that
    connection: it stays open, answered by nobody.
    """
    with contextlib.suppress(NotImplementedError):  # the loop of Windows has no readers
        asyncio.get_running_loop().remove_reader(listener)
    for _ in range(2):  # one until asyncio has its transport, one until the runner has it
        await asyncio.sleep(0)


def cut_connection(request: web.Request) -> None:
    """Close the connection without a (further) byte, as a process that dies does."""
    if request.transport is not None:
        request.transport.abort()


def run_as_process(server: AbstractAsyncContextManager[HasUrl]) -> None:
    """Run a server until SIGTERM or SIGINT; print the ready line when it answers."""

    async def run() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            # Not loop.add_signal_handler: Windows has none.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
        async with server as running:
            print(f"listening on {running.url}", flush=True)
            await stopped.wait()

    asyncio.run(run())
