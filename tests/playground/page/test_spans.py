"""Spans arrive as OpenTelemetry's own exporter sends them."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from playground.loopback import serving
from playground.page.spans import BODY_MAX_BYTES, PROTOBUF, SpanFact, collector


@pytest.fixture
async def sink() -> AsyncIterator[tuple[str, list[SpanFact]]]:
    received: list[SpanFact] = []
    async with serving(collector(received.extend)) as url:
        yield url, received


def export(url: str) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        with tracer.start_as_current_span(
            "inner", attributes={"n": 3, "names": ["a", "b"], "yes": True}
        ) as inner:
            inner.add_event("row", {"key": "k"})
        outer.set_attribute("seconds", 1.5)
    provider.shutdown()


async def test_the_exporters_spans_arrive_whole(sink: tuple[str, list[SpanFact]]) -> None:
    url, received = sink
    await asyncio.to_thread(export, url)
    inner, outer = received
    assert (inner.name, inner.trace, inner.parent) == ("inner", outer.trace, outer.id)
    assert inner.attributes == {"n": 3, "names": ["a", "b"], "yes": True}
    assert [(event.name, event.attributes) for event in inner.events] == [("row", {"key": "k"})]
    assert outer.attributes == {"seconds": 1.5}
    assert outer.parent == ""
    assert outer.at <= inner.at <= inner.until <= outer.until
    assert not outer.error


@pytest.mark.parametrize(("size", "status"), [(0, 200), (BODY_MAX_BYTES + 1, 413)])
async def test_a_compressed_export_is_read_up_to_its_true_size(
    sink: tuple[str, list[SpanFact]], size: int, status: int
) -> None:
    headers = {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}
    body = gzip.compress(bytes(size))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sink[0]}/v1/traces", data=body, headers=headers) as response,
    ):
        assert response.status == status


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/x-protobuf", b"\xff\xff", 400),
        ("text/plain", b"", 415),
        ("application/json", b"{}", 415),
    ],
)
async def test_anything_else_is_refused(
    sink: tuple[str, list[SpanFact]], kind: str, body: bytes, status: int
) -> None:
    url, received = sink
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/traces", data=body, headers={"Content-Type": kind}) as response,
    ):
        assert response.status == status
    assert received == []
