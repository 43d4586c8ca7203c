"""Everything that is logged while the webhook is attacked, at any level, by any logger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Self

LINE_MAX_CHARS = 2000


class Journal(logging.Handler):
    """Keeps what every logger says.

    Args:
        unspeakable: what no line may hold; in lower case.
    """

    def __init__(self, unspeakable: tuple[str, ...]) -> None:
        super().__init__(logging.NOTSET)
        self._unspeakable = unspeakable
        self.lines: list[tuple[logging.LogRecord, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as the line that it becomes, its traceback included."""
        self.lines.append((record, self.format(record)))

    def problems(self) -> Iterator[str]:
        """What a log must not hold: words of people, secrets, line breaks, tracebacks, errors."""
        for record, line in self.lines:
            if any(word in line.lower() for word in self._unspeakable):
                yield f"a text or secret in the log of {record.name}"
            if not line.isprintable():
                yield f"more than one plain line in the log of {record.name}: {line[:80]!r}"
            if len(line) > LINE_MAX_CHARS:
                yield f"{len(line)} characters in the log of {record.name}"
            if record.levelno >= logging.ERROR:
                yield f"{record.levelname} in the log of {record.name}: {line[:80]!r}"

    def __enter__(self) -> Self:
        """Take the place of every handler of the root logger, and hear all that is said."""
        root = logging.getLogger()
        self._before = root.level, root.handlers[:]
        root.handlers[:] = [self]
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        level, root.handlers[:] = self._before
        root.setLevel(level)
