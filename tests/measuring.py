"""The metrics of this test process, kept in memory. OpenTelemetry takes one provider per process: this is it."""

from __future__ import annotations

from functools import cache

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

Attributes = dict[str, object]


@cache
def _reader() -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
    return reader


def measured(name: str) -> list[tuple[Attributes, HistogramDataPoint]]:
    """The points of a histogram since the process has begun to measure, which is at the first call."""
    data = _reader().get_metrics_data()
    resources = data.resource_metrics if data else ()
    return [
        (dict(point.attributes or {}), point)
        for resource in resources
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
        if isinstance(point, HistogramDataPoint)
    ]
