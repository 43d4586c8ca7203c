"""Puts the parts together: one app, its triggers, one event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from playground.host.configuration import load_host_configuration
from playground.host.errors import HostError
from playground.host.functions import MODULE, Function, load_functions
from playground.host.http import BODY_MAX_BYTES, HttpTriggers, admin_routes, log
from playground.host.lifetime import Lifetime
from playground.host.queues import QUEUE_LEASE_SECONDS, QueueListener
from playground.host.timers import TimerListener
from playground.loopback import HOST, listen, take_nothing_new

GRACE_SECONDS = 4.5
"""Time for the functions that run when the host is told to stop: the process that stops it waits for 5 seconds."""

_TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger")


class FunctionHost:
    """Runs the functions of one folder inside ``async with``.

    Inside, the app settings are in ``os.environ``, the folder is first on ``sys.path`` and its
    ``function_app`` in ``sys.modules``; all three are put back afterwards.

    Args:
        app_dir: holds ``function_app.py`` and ``host.json``.
        settings: the app settings, put into the environment; see :func:`configuration.settings_of`.
        port: of 127.0.0.1; 0 lets the system choose.
        queue_lease_seconds: how long a message that was taken is hidden; on Azure always ten minutes.
        grace_seconds: how long the end waits for running functions; what then still runs is cut off, and its
            message stays hidden, as if the host had been killed.
    """

    def __init__(
        self,
        app_dir: Path,
        settings: Mapping[str, str],
        *,
        port: int = 0,
        queue_lease_seconds: int = QUEUE_LEASE_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._app_dir = app_dir.resolve()
        self._settings = settings
        self._port = port
        self._queue_lease_seconds = queue_lease_seconds
        self._grace_seconds = grace_seconds
        self._lifetime = Lifetime()
        self._clean_up = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._description: list[str] = []
        self.url = ""

    def describe(self) -> list[str]:
        """One line per function: its name and where it listens."""
        return self._description

    async def __aenter__(self) -> Self:
        """Load the app and start its triggers.

        Raises:
            HostError: the app or its configuration cannot be run here, or the port is taken.
            Exception: whatever the import of ``function_app.py`` raises.
        """
        async with AsyncExitStack() as stack:
            stack.callback(_restore, dict(os.environ), list(sys.path), sys.modules.get(MODULE))
            os.environ.update(self._settings)
            await self._start(load_functions(self._app_dir), stack)
            self._clean_up = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._clean_up.aclose()

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set.

        Raises:
            Exception: what ended one of the host's own parts; a function's failure is not among that.
        """
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        for task in done:
            task.result()

    async def _start(self, functions: list[Function], stack: AsyncExitStack) -> None:
        configuration = load_host_configuration(self._app_dir).extensions
        kinds = {kind: [f for f in functions if f.trigger["type"] == kind] for kind in _TRIGGERS}
        for function in functions:
            if function.trigger["type"] not in kinds:
                raise HostError(f"function {function.name}: this host has no {function.trigger['type']}")

        http = HttpTriggers(kinds["httpTrigger"], configuration.http.route_prefix)
        timers = {f.name: TimerListener(f, self._lifetime) for f in kinds["timerTrigger"]}
        queues: list[QueueListener] = []
        for function in kinds["queueTrigger"]:
            queue = QueueListener(
                function, self._settings, configuration.queues, self._lifetime, self._queue_lease_seconds
            )
            stack.push_async_callback(queue.close)
            await queue.open()
            queues.append(queue)

        runner = web.AppRunner(
            _application([*http.routes(), *admin_routes(timers)]),
            logger=log,
            access_log=None,  # it would write the function key, which is part of the URL
            auto_decompress=False,  # a function gets the body as it was sent
            shutdown_timeout=self._grace_seconds / 2,  # aiohttp waits for this long twice
        )
        await runner.setup()
        stack.push_async_callback(self._stop, runner)
        listeners: list[QueueListener | TimerListener] = [*queues, *timers.values()]
        self._tasks = [asyncio.create_task(listener.run()) for listener in listeners]
        listener = await _listen(runner, self._port)
        stack.push_async_callback(take_nothing_new, listener)
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        others = [f"{f.name}: {kind}" for kind in _TRIGGERS[1:] for f in kinds[kind]]
        self._description = http.describe(self.url) + others

    async def _stop(self, runner: web.AppRunner) -> None:
        """Take nothing new, let what is running finish, cut off what does not within the grace time."""
        self._lifetime.end()
        requests = asyncio.create_task(runner.cleanup())  # cuts off late ones by itself
        await asyncio.wait([requests, *self._tasks], timeout=self._grace_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(requests, *self._tasks, return_exceptions=True)
        for task in self._tasks:
            if not task.cancelled():
                task.result()


def _application(routes: list[web.RouteDef]) -> web.Application:
    application = web.Application(client_max_size=BODY_MAX_BYTES)
    application.add_routes(routes)
    return application


async def _listen(runner: web.AppRunner, port: int) -> socket.socket:
    try:
        return await listen(runner, port)
    except OSError as error:
        raise HostError(f"port {port} of {HOST} cannot be used: {os.strerror(error.errno or 0)}") from None


def _restore(environ: Mapping[str, str], path: list[str], module: object) -> None:
    for name in set(os.environ) - set(environ):
        del os.environ[name]
    os.environ.update(environ)
    sys.path[:] = path
    if module is None:
        sys.modules.pop(MODULE, None)
    else:
        sys.modules[MODULE] = module  # type: ignore[assignment]
