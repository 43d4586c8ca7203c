"""What the relay says about itself while a test runs: logs, spans, errors."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from relay.errors import BadArguments, RelayError, ToolError
from tests.attacks.leaks.private import Private

_PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime"}
"""The attributes that every log record has; others came as ``extra``, which exporters send along."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said.

    Attributes:
        where: log, span or error, with its name.
        template: of a log message, empty for all else. Its own words are no leak.
    """

    where: str
    template: str = ""


class Evidence:
    """What was said during one test; the same words count once."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def clear(self) -> None:
        """Forget everything: the next test begins."""
        self._lines.clear()

    def add(self, text: str, where: str, template: str = "") -> None:
        """Keep what was said."""
        self._lines.setdefault(text, Line(where, template))

    def leaks(self, private: Private) -> Iterator[str]:
        """Each private thing that was said, with where."""
        everything = "\n".join(self._lines)
        for needle, pattern in private.patterns.items():
            if needle not in everything:
                continue
            for text, line in self._lines.items():
                if needle in text and len(pattern.findall(text)) > len(pattern.findall(line.template)):
                    yield f"{needle!r} in {line.where}: {text}"


class LogEvidence(logging.Handler):
    """Keeps every log record: message, traceback and extra fields."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(logging.DEBUG)
        self._evidence = evidence
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        extra = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        text = self.format(record) + (f" {extra}" if extra else "")
        self._evidence.add(text, f"log {record.name}", str(record.msg) if record.args else "")


class SpanEvidence(SpanProcessor):
    """Keeps every span: its name, its status, the attributes of it and of its events."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span that has ended."""
        where = f"span {span.name}"
        for said in (span.name, span.status.description or ""):
            self._evidence.add(said, where)
        for attributes in (span.attributes, *(event.attributes for event in span.events)):
            for name, value in (attributes or {}).items():
                self._evidence.add(f"{name}={value!r}", where)


def keep_errors(evidence: Evidence) -> None:
    """Keep the message of each of the relay's own errors from now on, raised or not; not of those whose message is what
    the model reads, and which nobody logs."""
    initialise = RelayError.__init__

    @functools.wraps(initialise)
    def kept(self: RelayError, *args: object) -> None:
        initialise(self, *args)
        if not isinstance(self, BadArguments | ToolError):
            evidence.add(str(self), f"error {type(self).__name__}")

    RelayError.__init__ = kept  # type: ignore[assignment, method-assign]
