"""Where spans go: nowhere, unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` names a collector.

OpenTelemetry's own variables tell the exporter the rest (headers, time-outs, sampling). Where something else has set
OpenTelemetry up in this process, such as the worker's Application Insights exporter, the spans go there and nothing is
done here.
"""

from __future__ import annotations

from opentelemetry import trace

from relay.config.settings import Settings

SERVICE_NAME = "commsease-chatbot-relay"


def export_spans(settings: Settings) -> None:
    """Send the spans of this process to the collector that the settings name, by OTLP over HTTP."""
    if settings.otlp_endpoint is None or not isinstance(
        trace.get_tracer_provider(), trace.ProxyTracerProvider
    ):
        return
    # Slow imports, and nothing that a relay without a collector needs.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME as NAME
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({NAME: SERVICE_NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{settings.otlp_endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
