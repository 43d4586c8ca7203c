"""Microsoft's worker library with the relay in it and the settings of production, and what leaves it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from azure.storage.queue.aio import QueueClient

from playground.im.chats import wall_clock_ms
from playground.im_server import ImServer
from playground.model_server import ModelServer
from relay import spans
from relay.config.settings import MARKS_OF_AZURE
from relay.signature import sign_inbound
from tests.scenarios.world import APP_KEY, SECRET, settings_for
from tests.shared_azurite import SharedAzurite
from tests.worker.ingestion import Ingestion, ingestion
from tests.worker.invoke import REPOSITORY, HttpReply, WorkerApp

WAIT_SECONDS = 60.0
SAID, SAID_LATER = "my passport is number 4711", "and I live in Rose Lane"
NICK, PROMPT = "Alice Liddell", "You are a helper with a secret recipe."
PRIVATE = (SAID, SAID_LATER, NICK, PROMPT, "You said", "a-function-key")
"""The scripted model says again what it was told."""

URL = "https://relay.azurewebsites.net/api/webhook?code=a-function-key"
HOST_TRACE, HOST_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NOT_SAMPLED = f"00-{HOST_TRACE}-{HOST_SPAN}-00"
"""The host keeps one request a second at most: this one it does not."""

BOTS = f"""
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "{PROMPT}"
stream = true
"""

AT_ONCE = {
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    "OTEL_BLRP_SCHEDULE_DELAY": "100",
    "OTEL_METRIC_EXPORT_INTERVAL": "500",
}
"""Milliseconds after which what is there is sent: a test need not wait for as long as Azure may."""


def settings_of_production() -> dict[str, str]:
    """What the templates set for OpenTelemetry, but for where it goes and with whose identity."""
    snapshot = json.loads((REPOSITORY / "infra" / "prod.snapshot.json").read_text(encoding="utf-8"))
    (site,) = [each for each in snapshot["predictedResources"] if each["type"] == "Microsoft.Web/sites"]
    settings = {s["name"]: s["value"] for s in site["properties"]["siteConfig"]["appSettings"]}
    return {
        name: value
        for name, value in settings.items()
        if name.startswith(("OTEL_", "PYTHON_", "APPLICATIONINSIGHTS_"))
        and not value.startswith("[")
        and name != "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
    }


@dataclass
class Watched:
    """A worker whose telemetry arrives here."""

    app: WorkerApp
    arrived: Ingestion
    im: ImServer
    model: ModelServer
    queue: QueueClient
    log: Path
    kept: Path

    async def post(self, body: str, traceparent: str = NOT_SAMPLED, **changes: Any) -> HttpReply:
        """A signed copy of a message, as the host hands it to the worker with the span that it has opened for it."""
        copy = {
            **{"eventType": "1", "convType": "PERSON", "to": "helper", "fromAccount": "alice"},
            **{"fromClientType": "WEB", "msgType": "TEXT", "body": body, "fromNick": NICK},
            **{"msgTimestamp": str(wall_clock_ms()), "msgidClient": str(uuid4()), "msgidServer": "1"},
            **changes,
        }
        signed = json.dumps(copy).encode()
        headers = sign_inbound(SECRET, signed, wall_clock_ms())
        return await self.app.invoke_http("webhook", "POST", URL, headers, signed, traceparent)

    async def answer(self) -> None:
        """The turn of the message that waits."""
        message = await self.queue.receive_message()
        assert message is not None
        await self.app.invoke_queue("answer", message.content)

    def stored(self) -> str:
        """What the exporter keeps on disk, to send it later."""
        return "".join(file.read_text("utf-8") for file in self.kept.rglob("*") if file.is_file())

    def everything(self) -> str:
        """All that has left the worker, or is to leave it."""
        sent = json.dumps(self.arrived.envelopes, ensure_ascii=False)
        return sent + self.stored() + self.log.read_text(encoding="utf-8")


@asynccontextmanager
async def starting(folder: Path) -> AsyncIterator[Watched]:
    """A worker to which nobody has written yet.

    Args:
        folder: for the bots file, the log and what the exporter keeps.
    """
    bots, log, kept = folder / "bots.toml", folder / "worker.log", folder / "kept"
    bots.write_text(BOTS, encoding="utf-8")
    kept.mkdir()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(SharedAzurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        arrived = await stack.enter_async_context(ingestion())
        settings = {
            **settings_for(storage, im, model, bots, AT_ONCE),
            **settings_of_production(),
            **dict.fromkeys(MARKS_OF_AZURE, ""),  # the emulators are on this machine
            "APPLICATIONINSIGHTS_CONNECTION_STRING": arrived.connection_string,
            "WEBSITE_SITE_NAME": "func-relay",
            "TMPDIR": str(kept),
        }
        app = await stack.enter_async_context(WorkerApp(REPOSITORY, settings, log))
        queue = QueueClient.from_connection_string(storage.connection_string, "relay-turns")
        await stack.enter_async_context(queue)
        yield Watched(app, arrived, im, model, queue, log, kept)


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Watched]:
    """A worker after a message that was answered, one that was ignored, and one during an outage of the endpoint.

    Args:
        folder: see :func:`starting`.
    """
    async with starting(folder) as watched:
        arrived = watched.arrived
        assert (await watched.post(SAID)).json() == {"status": "queued"}
        await watched.answer()
        assert (await watched.post(SAID, to="nobody")).json()["status"] == "ignored"
        await arrived.wait_for(lambda: spans.TURN in arrived.span_names(), WAIT_SECONDS)
        await arrived.wait_for(lambda: any("turn done" in line for line in arrived.lines()), WAIT_SECONDS)
        await arrived.wait_for(lambda: "ignored" in str(arrived.metrics()), WAIT_SECONDS)
        arrived.status = 503
        await watched.post(SAID_LATER)
        await watched.answer()
        await arrived.wait_for(lambda: "turn done" in watched.stored(), WAIT_SECONDS)
        await arrived.wait_for(lambda: f'"{spans.TURN}"' in watched.stored(), WAIT_SECONDS)
        yield watched
