"""What is logged while something is attacked."""

from __future__ import annotations

import logging


class Lines(logging.Handler):
    """Every log record, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.texts.append(self.format(record))
