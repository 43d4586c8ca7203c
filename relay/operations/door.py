"""Whether the webhook answers at the URL for the console, and what its app says of its telemetry."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2

from relay.inbound.webhook import TELEMETRY_HEADER
from relay.operations.finding import Finding
from relay.sdk import server_certificates
from relay.telemetry import ENABLE_SETTING

WEBHOOK_SECONDS = 60.0
"""An app that slept may take its time."""

ADDRESS_CHECK = b"{}"
"""What the console posts when the URL is saved; the one body that needs no signature."""


async def ask_webhook(url: str) -> Finding:
    """Post what the console posts when the URL is saved."""
    host, certificates = urlsplit(url).netloc, await server_certificates()
    try:
        async with httpx2.AsyncClient(timeout=WEBHOOK_SECONDS, verify=certificates) as http:
            response = await http.post(url, content=ADDRESS_CHECK)
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        fix = "is the function app running, and this its URL?"
        return Finding("Webhook", f"{host}: no answer ({type(error).__name__})", fix)
    if response.status_code == 200 and b'"status": "ok"' in response.content:
        said, fix = _TELEMETRY.get(response.headers.get(TELEMETRY_HEADER, ""), ("", ""))
        return Finding("Webhook", f"{host} answers the address check{said}", fix)
    return Finding("Webhook", f"{host}: HTTP {response.status_code}", webhook_fix(response.status_code))


_TELEMETRY = {
    "on": ("; its worker sends telemetry", ""),
    "missing": (
        f"; {ENABLE_SETTING} is set, and its package lacks what it needs: no span arrives",
        "publish a package of python3 -m infra.package --telemetry, or set workerTelemetry = false",
    ),
    "unused": (
        f"; its package holds worker telemetry, and {ENABLE_SETTING} is not set",
        "set workerTelemetry = true, or publish a package without --telemetry",
    ),
}
"""What the app says of setting and package (:func:`relay.telemetry.worker_telemetry`), and what to do about it."""


def webhook_fix(status: int) -> str:
    """What to do about an answer with this status."""
    if status == 401:
        return "the URL needs its key: ?code=<function key>"
    if status == 404:
        return "the app has no function `webhook`: see the troubleshooting of docs/deploy.md"
    return "see the log of the function app; a first start takes up to a minute"
