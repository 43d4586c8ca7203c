"""The spans of this test process, kept in memory. OpenTelemetry takes one provider per process: this is it."""

from __future__ import annotations

from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Finished:
    """The spans that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> tuple[ReadableSpan, ...]:
        """Every one, in the order in which they ended."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of one name."""
        return [span for span in self.all() if span.name == name]

    def clear(self) -> None:
        """Forget them."""
        self._exporter.clear()


@cache
def provider() -> TracerProvider:
    """The provider, set up at the first call."""
    made = TracerProvider()
    trace.set_tracer_provider(made)
    return made


@cache
def finished_spans() -> Finished:
    """Begin to keep spans, for the rest of the process."""
    exporter = InMemorySpanExporter()
    provider().add_span_processor(SimpleSpanProcessor(exporter))
    return Finished(exporter)
