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
from typing import Self


class HostProcess:
    """``python -m playground.host --port 0``, started and ready inside ``async with``, killed at its end.

    Attributes:
        url: where it listens.
        printed: what it printed until it was ready.
    """

    def __init__(self, app_dir: Path, environ: Mapping[str, str], *arguments: str) -> None:
        self._arguments = ["-m", "playground.host", "--port", "0", "--app", str(app_dir), *arguments]
        self._environ = environ
        self.url = ""
        self.printed = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            env={**os.environ, **self._environ},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
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

    async def kill(self) -> None:
        """SIGKILL: it has no say in it."""
        self._process.kill()
        await self._process.communicate()

    async def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end; gives its exit code and what it wrote to standard error."""
        self._process.send_signal(how)
        return await self.ended()

    async def ended(self, seconds: float = 10) -> tuple[int, str]:
        """Wait until it has ended by itself."""
        async with asyncio.timeout(seconds):
            _, errors = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, errors.decode()
