"""What a user is told on standard error: lines, and one line that shows how a slow step gets on."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

PLAIN_SECONDS = 5.0
"""Where the output is no terminal, a line is printed at most this often."""


def say(line: str) -> None:
    """Tell the user something beside a command's own output."""
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Shows a step's name, what it is doing, and at its end how long it took.

    Args:
        name: of the step.
        out: where to write; standard error, so that a command's own output stays its own.
    """

    def __init__(self, name: str, out: TextIO | None = None) -> None:
        self._name = name
        self._out = out or sys.stderr
        self._started = self._shown = time.monotonic()

    def say(self, doing: str) -> None:
        """Show what is being done now."""
        if self._out.isatty():
            line = f"  {self._name}: {doing}"
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r{line[:width]:<{width}}")
        elif time.monotonic() - self._shown >= PLAIN_SECONDS:
            self._shown = time.monotonic()
            self._write(f"  {self._name}: {doing}\n")

    def __enter__(self) -> Self:
        self.say("…")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out.isatty():
            self._write(f"\r{'':<{shutil.get_terminal_size().columns - 1}}\r")
        outcome = "failed" if error else "done"
        self._write(f"  {self._name}: {outcome} in {time.monotonic() - self._started:.1f} s\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
