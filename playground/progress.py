"""What a user is told on standard error: lines, and one line that shows how slow steps get on."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

PLAIN_SECONDS = 5.0
"""Where the output is no terminal, a line is printed at most this often."""


def say(line: str) -> None:
    """Tell the user something beside a command's own output."""
    print(line, file=sys.stderr, flush=True)


_writing = threading.Lock()

_under_way: dict[Progress, str] = {}
"""What each step is doing that has begun and not ended, in the order of their beginnings."""


class Progress:
    """Shows a step's name, what it is doing, and at its end how long it took. Steps side by side share a line.

    Args:
        name: of the step.
        out: where to write; standard error, so that a command's own output stays its own.
    """

    def __init__(self, name: str, out: TextIO | None = None) -> None:
        self.name = name
        self._out = out or sys.stderr
        self._started = self._shown = time.monotonic()

    def say(self, doing: str) -> None:
        """Show what is being done now."""
        with _writing:
            _under_way[self] = f"{self.name}: {doing}"
            if self._out.isatty():
                self._show()
            elif time.monotonic() - self._shown >= PLAIN_SECONDS:
                self._shown = time.monotonic()
                self._write(f"  {_under_way[self]}\n")

    def __enter__(self) -> Self:
        self.say("…")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _writing:
            del _under_way[self]
            if self._out.isatty():
                self._write(f"\r{'':<{shutil.get_terminal_size().columns - 1}}\r")
            outcome = "failed" if error else "done"
            self._write(f"  {self.name}: {outcome} in {time.monotonic() - self._started:.1f} s\n")
            if self._out.isatty() and _under_way:
                self._show()

    def _show(self) -> None:
        """On a terminal: every step that is under way, on the line that the next one takes the place of."""
        width = shutil.get_terminal_size().columns - 1
        line = "  " + " · ".join(_under_way.values())
        self._write(f"\r{line[:width]:<{width}}")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
