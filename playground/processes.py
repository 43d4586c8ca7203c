"""A child process of the local stack: started, awaited by what it prints, and surely ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from playground.runs import ROOT, Run, kill

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""

LOOPBACK = "127.0.0.1,localhost,::1"

KEPT_LINES = 1000
"""How many of a child's last lines can be searched; a log file holds all of them."""

_run = Run()


class ChildFailed(RuntimeError):
    """A child process ended, or stayed silent, instead of saying what was waited for."""


class Child:
    """One process whose output is copied to a log file and can be waited for.

    Args:
        name: what it is for the reader, such as ``azurite``.
        argv: the command.
        log: file that gets everything it prints, started anew; None for none.
        env: the whole environment, the current one when None. Loopback is always kept off proxies.
        cwd: working directory, the checkout when None.
        heard: is told each line that it prints, in a thread of its own.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._lines: deque[tuple[int, str]] = deque(maxlen=KEPT_LINES)
        self._count = 0
        self._ended = False
        self._heard = heard
        self._news = threading.Condition()
        if log:
            log.parent.mkdir(parents=True, exist_ok=True)
        environ = keep_loopback_direct(os.environ if env is None else env)
        self._process = self._start([str(part) for part in argv], environ, cwd)
        _run.add(name, self._process.pid)
        assert self._process.stdout is not None
        self._copier = threading.Thread(target=self._copy, args=(self._process.stdout,), daemon=True)
        self._copier.start()

    def _start(
        self, argv: Sequence[str], environ: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        # A group of its own: Ctrl-C reaches only the parent, which then ends its children in order.
        group = 0
        if sys.platform == "win32":
            group = subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(
            argv,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
            creationflags=group,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True until the process ends."""
        return self._process.poll() is None

    def mark(self) -> int:
        """A place in the output, for ``wait_for(since=…)``."""
        with self._news:
            return self._count

    def wait_for(self, pattern: str, *, seconds: float, since: int = 0) -> re.Match[str]:
        """Wait until a line after the mark ``since`` matches, and return the match.

        Raises:
            ChildFailed: the process ended first, or the time was up.
        """
        wanted = re.compile(pattern)
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for number, line in self._lines:
                    if number >= since and (match := wanted.search(line)):
                        return match
                since = max(since, self._count)
                if self._ended:
                    raise ChildFailed(
                        f"{self.name} ended with code {self._process.wait()}\n{self._last_words()}"
                    )
                if not self._news.wait(deadline - time.monotonic()):
                    raise ChildFailed(f"{self.name} was not ready within {seconds:g} s\n{self._last_words()}")

    def terminate(self) -> None:
        """Ask the process to end; returns at once."""
        if self.running:
            if sys.platform == "win32":
                self._process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self._process.terminate()

    def stop(self, seconds: float = 3.0) -> None:
        """End the process: politely, after ``seconds`` by force. Fine when it has ended."""
        self.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """End the process and what it started at once, as a crash would."""
        kill(self.pid)
        self._process.wait()
        self._close()

    def _close(self) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # whatever of its group outlived it
        self._copier.join()
        _run.remove(self.pid)

    def _copy(self, output: IO[bytes]) -> None:
        with output, (self.log or Path(os.devnull)).open("wb") as log:
            for raw in output:
                log.write(raw)
                log.flush()
                line = raw.decode(errors="replace").rstrip()
                if self._heard:
                    self._heard(line)
                with self._news:
                    self._lines.append((self._count, line))
                    self._count += 1
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _last_words(self) -> str:
        last = [f"  {line}" for _, line in list(self._lines)[-15:]]
        return "\n".join([*last, f"  (all of it: {self.log})"] if self.log else last)


def stop_all(children: Sequence[Child], *, seconds: float) -> None:
    """End several processes together within ``seconds``."""
    deadline = time.monotonic() + seconds
    for child in children:
        child.terminate()
    for child in children:
        child.stop(max(0.1, deadline - time.monotonic()))


def interrupt_on_signals() -> None:
    """Let SIGTERM, and the closing of the terminal, end the command as Ctrl-C does.

    Also undoes that shells start background jobs with Ctrl-C ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: signal.raise_signal(signal.SIGINT))


def keep_loopback_direct(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with loopback exempt from any proxy that it names."""
    direct = dict(environ)
    for name in ("NO_PROXY", "no_proxy"):
        if not environ.get(name, "").endswith(LOOPBACK):
            direct[name] = ",".join(filter(None, [environ.get(name), LOOPBACK]))
    return direct


def hand_over(argv: Sequence[str | Path]) -> NoReturn:
    """Continue as another program: as the same process where the system can do that, so that signals reach it."""
    command = [str(part) for part in argv]
    sys.stdout.flush()
    if sys.platform == "win32":
        raise SystemExit(run_in_foreground(command))
    else:
        os.execv(command[0], command)  # noqa: S606


def run_in_foreground(argv: Sequence[str | Path]) -> int:
    """Run a program and return its exit code. Ctrl-C is its own affair, and SIGTERM is passed on to it."""
    with subprocess.Popen([str(part) for part in argv]) as program:
        signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        while True:
            try:
                return program.wait()
            except KeyboardInterrupt:
                continue
