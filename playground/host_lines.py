"""What the function host prints, kept for readers over restarts of the host. Standard library only."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from dataclasses import dataclass

KEPT_LINES = 5000
LINE_MAX_CHARS = 4000

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log.

    Attributes:
        number: counts the lines from 1 on, also over a restart.
        at: when it came, Unix milliseconds.
        text: without colours.
    """

    number: int
    at: int
    text: str


class HostLines:
    """The last lines. Written by the thread that reads the host, read by others."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT_LINES)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """One more line."""
        with self._lock:
            self._count += 1
            plain = _COLOURS.sub("", text)[:LINE_MAX_CHARS]
            self._lines.append(Line(self._count, time.time_ns() // 1_000_000, plain))

    def after(self, number: int) -> list[Line]:
        """The lines behind this number that are still kept; all of them for a number of another run."""
        with self._lock:
            number = number if number <= self._count else 0
            return [line for line in self._lines if line.number > number]
