"""Where spans go, and who writes the log: nobody and the host, unless something says otherwise.

``OTEL_EXPORTER_OTLP_ENDPOINT`` names a collector for spans; OpenTelemetry's own variables tell the exporter the rest
(headers, time-outs, sampling). On Azure, ``PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY`` has the worker set
OpenTelemetry up before it imports the app, with Microsoft's exporter, if the package holds that: spans, metrics and the
lines of the logger ``relay`` then go to Application Insights from here.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Mapping
from typing import Literal

from opentelemetry import trace

from relay.config.settings import Settings

SERVICE_NAME = "commsease-chatbot-relay"

ENABLE_SETTING = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"
"""Read by Azure's Python worker (azure-functions-runtime 1.3, ``handle_event.py``)."""

EXPORTER = "azure.monitor.opentelemetry"
"""What the worker looks for when the setting is on."""

LINES_OF = "relay"
"""The logger whose lines the worker exports: PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME in infra/modules/function.bicep."""

WorkerTelemetry = Literal["on", "off", "missing", "unused"]


def worker_telemetry(environ: Mapping[str, str]) -> WorkerTelemetry:
    """Whether setting and package agree.

    Args:
        environ: the settings of the app.

    Returns:
        ``on`` or ``off`` where they do; ``missing``: the setting is on, and the package has no exporter, so the worker
        exports nothing; ``unused``: the package has one, and the setting is off.
    """
    asked = environ.get(ENABLE_SETTING, "").lower().strip() in ("true", "1", "t", "y", "yes")
    try:
        packed = importlib.util.find_spec(EXPORTER) is not None
    except ModuleNotFoundError:  # not even its parent
        packed = False
    if asked:
        return "on" if packed else "missing"
    return "unused" if packed else "off"


def export_spans(settings: Settings) -> None:
    """Send the spans of this process to the collector that the settings name, by OTLP over HTTP.

    Where something else has set OpenTelemetry up in this process, they go there and nothing is done here.
    """
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


def write_lines_once() -> None:
    """Keep lines that the worker exports from the host, which would send each of them to the same place again.

    The host leaves out what a worker with telemetry exports by itself, but by a rule that host.json's own rules for the
    relay's lines beat (azure-functions-host, ``OpenTelemetryConfigurationExtensions.cs``).
    """
    handlers = sys.modules.get("opentelemetry.instrumentation.logging.handler")
    logger = logging.getLogger(LINES_OF)
    if handlers and any(isinstance(each, handlers.LoggingHandler) for each in logger.handlers):
        logger.propagate = False
