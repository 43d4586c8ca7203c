"""The host as a process of its own, as people start it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from playground.runs import ROOT
from tests.attacks.leaks.plugin import child_knows, child_said
from tests.fork_server import CAN_FORK
from tests.forked import Forked, awaited

MODULE = "playground.host"


class Running(Protocol):
    """What is used of a process of asyncio's."""

    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def send_signal(self, signal: int, /) -> None: ...

    async def wait(self) -> int: ...


class HostProcess:
    """``python -m playground.host --port 0``, started and ready inside ``async with``, killed at its end.

    It logs at DEBUG, and what it logs is searched for what must not be there; see :mod:`tests.attacks.leaks`.

    Attributes:
        url: where it listens.
        printed: what it printed until it was ready.
    """

    def __init__(self, app_dir: Path, environ: Mapping[str, str], *arguments: str) -> None:
        self._arguments = ["--port", "0", "--app", str(app_dir), *arguments]
        self._environ = environ
        self._log = Path(arguments[arguments.index("--log") + 1]) if "--log" in arguments else None
        self.url = ""
        self.printed = ""

    async def __aenter__(self) -> Self:
        environ = {**os.environ, "HOST_LOG_LEVEL": "DEBUG", **self._environ}
        self._process = await self._start(environ)
        child_knows(self._environ)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._errors = asyncio.create_task(self._process.stderr.read())
        async with asyncio.timeout(30):
            while line := (await self._process.stdout.readline()).decode():
                self.printed += line
                if ready := re.match(r"listening on (\S+)", line):
                    self.url = ready[1]
                    break
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            await self.kill()

    async def _start(self, environ: Mapping[str, str]) -> Running:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            *self._arguments,
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def kill(self) -> None:
        """SIGKILL: it has no say in it."""
        await self.end(signal.SIGKILL)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end; gives its exit code and what it wrote to standard error."""
        self._process.send_signal(how)
        return await self.ended()

    async def ended(self, seconds: float = 10) -> tuple[int, str]:
        """Wait until it has ended by itself."""
        async with asyncio.timeout(seconds):
            code = await self._process.wait()
            errors = (await asyncio.shield(self._errors)).decode()
        child_said(errors, "the function host")
        if self._log is not None and self._log.is_file():
            child_said(self._log.read_text(encoding="utf-8"), "the function host")
        return code, errors


class ForkedHost(HostProcess):
    """The same, with its imports done when it begins; see :mod:`tests.forked`."""

    async def _start(self, environ: Mapping[str, str]) -> Running:
        if not CAN_FORK:
            return await super()._start(environ)
        forked = Forked(MODULE, self._arguments, environ, ROOT, errors_apart=True)
        return await awaited(forked)
