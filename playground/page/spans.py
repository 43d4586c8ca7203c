"""The spans that the relay exports, received by OTLP over HTTP (OpenTelemetry: OTLP specification)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from playground.local_only import programs_only

PROTOBUF = "application/x-protobuf"
BODY_MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something at one moment of a span; ``at`` in Unix milliseconds."""

    name: str
    at: float
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpanFact:
    """One span that has ended.

    Attributes:
        trace, id, parent: hexadecimal ids; the parent is empty at the root.
        name: one of :mod:`relay.spans`.
        at: begin in Unix milliseconds.
        ms: duration in milliseconds.
        error: whether it was marked as failed.
    """

    trace: str
    id: str
    parent: str
    name: str
    at: float
    ms: float
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    error: bool = False

    @property
    def until(self) -> float:
        """Its end in Unix milliseconds."""
        return self.at + self.ms


def decode(body: bytes) -> list[SpanFact]:
    """The spans of one export.

    Raises:
        ValueError: it is not one.
    """
    try:
        export = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError("not an OTLP export of spans") from error
    scopes = (scope for resource in export.resource_spans for scope in resource.scope_spans)
    return [_fact(span) for scope in scopes for span in scope.spans]


def collector(receive: Callable[[Sequence[SpanFact]], None]) -> web.Application:
    """An application that takes exports at ``/v1/traces`` and hands the spans on."""

    async def traces(request: web.Request) -> web.Response:
        if request.content_type != PROTOBUF:
            raise web.HTTPUnsupportedMediaType(text=f"the body must be {PROTOBUF}")
        try:
            spans = decode(await request.read())
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        receive(spans)
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type=PROTOBUF)

    app = web.Application(middlewares=[programs_only("/")], client_max_size=BODY_MAX_BYTES)
    app.add_routes([web.post("/v1/traces", traces)])
    return app


def _fact(span: Span) -> SpanFact:
    return SpanFact(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        at=span.start_time_unix_nano / 1e6,
        ms=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        attributes=dict(_pairs(span.attributes)),
        events=tuple(
            SpanEvent(event.name, event.time_unix_nano / 1e6, dict(_pairs(event.attributes)))
            for event in span.events
        ),
        error=span.status.code == Status.STATUS_CODE_ERROR,
    )


def _pairs(attributes: Sequence[KeyValue]) -> Iterator[tuple[str, Any]]:
    for attribute in attributes:
        yield attribute.key, _value(attribute.value)


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
