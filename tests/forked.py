"""Python programs, each a process of its own, that find loaded what is slow to import.

A function host takes more than a second of the processor's time to start, nearly all of it for imports; hundreds are
started by the tests of crashes and of scenarios. So a server imports once and forks itself for each. What then
runs is the program itself, with its own arguments, environment, folder and streams, and SIGKILL ends it as any other.
"""

from __future__ import annotations

import asyncio
import gc
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from playground.processes import Child
from tests.fork_server import CAN_FORK, preload, processes

_PRELOADED = (
    "aiohttp.web",
    "azure.data.tables.aio",
    "azure.functions",
    "azure.storage.queue.aio",
    "openai.resources.chat.completions",
    "playground.host.host",
    "playground.im_server",
    "playground.model_server",
    "relay.answering",
    "relay.app",
)

preload(*_PRELOADED)


class Forked:
    """A running program, to be used as one of :class:`subprocess.Popen`.

    Args:
        module: what ``python -m`` would run.
        arguments: of its command line.
        environ: the whole environment.
        folder: its working directory.
        errors_apart: whether standard error is a stream of its own, or goes with the output.

    Attributes:
        stdout, stderr: what it prints.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        *,
        errors_apart: bool = False,
    ) -> None:
        output, written = processes.Pipe(duplex=False)
        errors, written_errors = processes.Pipe(duplex=False)
        streams = (written, written_errors if errors_apart else written)
        self._process = processes.Process(
            target=_become, args=(module, [*arguments], {**environ}, folder, *streams)
        )
        self._process.start()
        written.close()
        written_errors.close()
        self.stdout, self.stderr = _file(output), _file(errors)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def sentinel(self) -> int:
        """What can be read once it has ended."""
        return self._process.sentinel

    def poll(self) -> int | None:
        """Its exit code, that of a signal negative; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it runs still.
        """
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()


class ForkedChild(Child):
    """A part of the local stack: one that is Python's is forked, any other is started."""

    def _start(
        self, argv: Sequence[str], environ: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        program, option, *rest = argv
        if not CAN_FORK or (program, option) != (sys.executable, "-m"):
            return super()._start(argv, environ, folder)
        forked = Forked(rest[0], rest[1:], environ, folder)
        forked.stderr.close()
        return forked  # type: ignore[return-value]  # of which Child uses what both have


class Awaited:
    """A forked program, to be used as one of :mod:`asyncio.subprocess`.

    Attributes:
        stdout, stderr: what it prints.
    """

    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None

    def __init__(self, forked: Forked, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader) -> None:
        self.stdout, self.stderr = stdout, stderr
        self._forked = forked
        loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = loop.create_future()

        def end() -> None:
            loop.remove_reader(forked.sentinel)
            self._code.set_result(forked.wait())

        loop.add_reader(forked.sentinel, end)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._forked.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, that of a signal negative; None while it runs."""
        return self._forked.poll()

    def send_signal(self, signal: int, /) -> None:
        """Send it a signal, if it runs."""
        self._forked.send_signal(signal)

    async def wait(self) -> int:
        """Its exit code."""
        return await asyncio.shield(self._code)


async def awaited(forked: Forked) -> Awaited:
    """A program whose end and output can be awaited."""
    return Awaited(forked, await _reader(forked.stdout), await _reader(forked.stderr))


async def _reader(file: IO[bytes]) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    return reader


def _file(connection: Connection) -> IO[bytes]:
    """The bytes of a pipe, which then belong to the file."""
    descriptor = os.dup(connection.fileno())
    connection.close()
    return os.fdopen(descriptor, "rb", buffering=0)


def _become(
    module: str,
    arguments: list[str],
    environ: dict[str, str],
    folder: Path,
    output: Connection,
    errors: Connection,
) -> None:
    """In the process of its own: be ``python -m module``."""
    gc.freeze()  # what has been loaded stays: no need to look through it for garbage
    os.setsid()
    for target, stream in ((1, output), (2, errors)):
        os.dup2(stream.fileno(), target)
    output.close()
    if errors is not output:
        errors.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
