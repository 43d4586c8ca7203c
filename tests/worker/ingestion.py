"""Application Insights' ingestion endpoint: takes what Microsoft's exporter posts, and shows it as its tables do.

Read in azure-monitor-opentelemetry-exporter: an array of envelopes, posted to ``/v2.1/track``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from playground.loopback import Changes, serving

Envelope = dict[str, Any]

KEY = "00000000-0000-0000-0000-0000000000aa"


class Ingestion:
    """What has arrived.

    Attributes:
        envelopes: in the order of their arrival.
        status: what it answers; anything but 200 makes the exporter keep what it sent, for later.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.status = 200
        self._changes = Changes()
        self._url = ""

    @property
    def connection_string(self) -> str:
        """For ``APPLICATIONINSIGHTS_CONNECTION_STRING``."""
        return f"InstrumentationKey={KEY};IngestionEndpoint={self._url}/;LiveEndpoint={self._url}/"

    def of(self, *kinds: str) -> list[Envelope]:
        """The data of these kinds, such as ``MessageData``, each with its tags and time."""
        return [
            {"tags": envelope["tags"], "time": envelope["time"], **envelope["data"]["baseData"]}
            for envelope in self.envelopes
            if envelope["data"]["baseType"] in kinds
        ]

    def spans(self) -> list[Envelope]:
        """Requests and dependencies."""
        return self.of("RequestData", "RemoteDependencyData")

    def span_names(self) -> Counter[str]:
        """How often each name of a span has arrived."""
        return Counter(span["name"] for span in self.spans())

    def lines(self) -> list[str]:
        """The lines of the log."""
        return [line["message"] for line in self.of("MessageData")]

    def metrics(self) -> dict[str, list[tuple[Envelope, Envelope]]]:
        """The points of each metric, with their properties."""
        found: dict[str, list[tuple[Envelope, Envelope]]] = {}
        for data in self.of("MetricData"):
            (point,) = data["metrics"]
            found.setdefault(point["name"], []).append((data.get("properties", {}), point))
        return found

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until ``condition()`` holds, looking whenever something arrives."""
        await self._changes.wait_for(condition, seconds)

    async def track(self, request: web.Request) -> web.Response:
        """Take what is posted."""
        body = await request.read()
        envelopes = json.loads(body)
        if self.status == 200:
            self.envelopes += envelopes
        await self._changes.announce()
        count = len(envelopes) if self.status == 200 else 0
        answer = {"itemsReceived": len(envelopes), "itemsAccepted": count, "errors": []}
        return web.json_response(answer, status=self.status)


async def _nobody_watches(request: web.Request) -> web.Response:
    """The answer of live metrics while no portal shows them."""
    return web.Response(headers={"x-ms-qps-subscribed": "false"})


@asynccontextmanager
async def ingestion() -> AsyncIterator[Ingestion]:
    """The endpoint, while the context lasts."""
    endpoint = Ingestion()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    # Azure's endpoints end with a slash, and the exporter puts one behind it.
    app.router.add_post("/{slash:/?}v2.1/track", endpoint.track)
    app.router.add_post("/{slash:/?}QuickPulseService.svc/{call}", _nobody_watches)
    async with serving(app) as url:
        endpoint._url = url
        yield endpoint
