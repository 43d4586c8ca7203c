"""Runs the page's server beside the stack: in a thread of its own, so that it is there before the stack is."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from pydantic import SecretStr

from playground.control import Control
from playground.loopback import serving
from playground.page.kept import PageKept
from playground.page.page import Page
from playground.page.parts import FilesLabel, HostLabel, ModelLabel, Parts
from playground.page.routes import Routes
from playground.page.spans import collector
from playground.page.words import Said
from playground.ports import PAGE_PORT, first_free
from playground.processes import ChildFailed
from playground.progress import say
from playground.reload import FOR_OWNER, TAKEN_ON, Files, keep_up, tell_problems
from playground.stack import Stack
from relay.config.bots import Bots
from relay.config.settings import StorageSettings
from relay.storage.tables import AzureTables

log = logging.getLogger(__name__)

READY_SECONDS = 20.0
END_SECONDS = 15.0
"""More than a stack takes to end: a scenario may be played, in one of its own."""

DOWN_SECONDS = 2.0
"""How long a function host that was killed stays down."""

ROWS_SECONDS = 5.0

LOOK_SECONDS = 1.0
"""So often it is looked whether the function host still runs."""


class PageServer:
    """The page, served on loopback inside ``with``.

    Args:
        bots: the configured bots.
        model, host: labels of what runs.
        invisible, without_spans: as for :class:`playground.page.page.Page`; ``{collector}`` in the latter becomes the
            collector's URL.
        spans_port: of loopback, where the relay's spans are taken; 0 lets the system choose.
        files: the bots file and the file of tools, to be followed; None for what does not change.
        keep: folder in which what the page knows outlives it; None keeps nothing.

    Attributes:
        url: of the page.
        collector: base URL for the relay's spans.
    """

    def __init__(
        self,
        bots: Bots,
        model: ModelLabel,
        host: HostLabel,
        *,
        invisible: tuple[str, ...] = (),
        without_spans: str = "",
        spans_port: int = 0,
        files: Files | None = None,
        keep: Path | None = None,
    ) -> None:
        self.url = self.collector = ""
        self._bots, self._model, self._host = bots, model, host
        self._invisible, self._without_spans = invisible, without_spans
        self._spans_port, self._files = spans_port, files
        self._keep = keep
        self._stack: Stack | None = None
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(READY_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self, stack: Stack) -> None:
        """The stack runs: people can write."""
        self._stack = stack
        self._loop.call_soon_threadsafe(self._connect, stack)

    def close(self) -> None:
        """End the server; fine when it has ended."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._host_changes = asyncio.Lock()
        async with AsyncExitStack() as self._resources:
            self._session = await self._resources.enter_async_context(aiohttp.ClientSession())
            spans = collector(lambda found: self._page.receive_spans(found))
            self.collector = await self._resources.enter_async_context(serving(spans, self._spans_port))
            unseen = self._without_spans
            self._page = Page(
                self._bots,
                self._model,
                self._host,
                invisible=self._invisible,
                without_spans=Said(unseen, {"collector": self.collector}) if unseen else None,
                kept=PageKept(self._keep),
            )
            app = Routes(self._page, self._kill if self._host.killable else None).application()
            app.on_shutdown.append(lambda _: self._page.aclose())
            self.url = await self._resources.enter_async_context(serving(app, first_free(PAGE_PORT)))
            self._started.set_result(None)
            await self._end.wait()

    def _connect(self, stack: Stack) -> None:
        model = None
        if stack.model_url:
            model = Control(self._session, stack.model_url.removesuffix("/v1"), "the model server")
        tables = None
        if stack.storage_runs:
            settings = StorageSettings(connection_string=SecretStr(stack.storage.connection_string))
            tables = AzureTables(settings, ROWS_SECONDS)
            self._resources.push_async_callback(tables.aclose)
        im = Control(self._session, stack.im_url, "the IM emulator")
        host_lines = stack.host_lines if stack.functions else None
        self._page.connect(Parts(im, model, tables, host_lines))
        if self._files is not None:
            self._page.run(keep_up(self._files, stack, self, self._host_changes))
        if stack.functions is not None:
            self._page.run(self._look_after(stack))

    def wrong(self, problems: Sequence[str]) -> None:
        """As :meth:`playground.reload.Audience.wrong`."""
        tell_problems(problems)
        self._page.files_are(FilesLabel(tuple(problems)))
        self._show_host()

    def replacing(self) -> None:
        """As :meth:`playground.reload.Audience.replacing`."""
        self._page.host_is("replacing")

    def taken_on(self, bots: Bots) -> None:
        """As :meth:`playground.reload.Audience.taken_on`."""
        theirs = self._stack is not None and self._stack.functions is None
        say(FOR_OWNER if theirs else TAKEN_ON)
        self._page.files_are(FilesLabel(for_owner=theirs))
        self._page.take_on(bots)
        self._show_host()

    def _show_host(self) -> None:
        """Tell the browser whether the host of ours runs."""
        if self._stack is not None and self._stack.functions is not None:
            self._page.host_is("running" if self._stack.functions.running else "down")

    async def _look_after(self, stack: Stack) -> None:
        """Say so when the function host has ended by itself."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            async with self._host_changes:
                host = stack.functions
                if host is not None and not host.running and self._page.host.state != "down":
                    say(f"the function host ended by itself; see {host.log}")
                    self._page.host_was_killed()

    async def _kill(self) -> None:
        """End the function host as a crash would, and start it again after a moment."""
        assert self._stack is not None, "the page only offers this while the host runs"
        async with self._host_changes:
            self._page.host_was_killed()
            await asyncio.to_thread(self._stack.kill_functions)
            await asyncio.sleep(DOWN_SECONDS)
            self._page.host_is("starting")
            try:
                await asyncio.to_thread(self._stack.restart_functions)
            except ChildFailed as error:
                log.warning("%s", error)
            self._show_host()
