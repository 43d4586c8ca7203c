"""An acknowledgement as the platform waits for it: an HTTP request to a function host, until its answer is there.

``python -m bench.handler [--rounds N] [--messages N]`` (Linux). Three apps, each with a webhook alone, in a host of its
own: the relay's; and two that verify and read nothing, and put the body into the queue, once or twice. One
message after the other, in turns; CPU time is that of the host's process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp

from bench.ours import BOT, BOTS, LEASE_SECONDS, message_copy
from bench.turn import cpu_ms
from playground.processes import Child
from playground.runs import ROOT
from playground.stack import Stack

BARE = """
import os

import azure.functions as func
from azure.storage.queue.aio import QueueClient

from relay.storage.azure_calls import client_options

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
queue = QueueClient.from_connection_string(
    os.environ["AzureWebJobsStorage"],
    "relay-turns",
    message_encode_policy=None,
    message_decode_policy=None,
    **client_options(),
)


@app.route(route="webhook", methods=["POST"])
async def webhook(req: func.HttpRequest) -> func.HttpResponse:
    text = req.get_body().decode()
    for seconds in {delays}:
        await queue.send_message(text, visibility_timeout=seconds)
    return func.HttpResponse('{{"status":"queued"}}', mimetype="application/json")
"""


def webhook_alone() -> str:
    """The app without the functions behind its webhook: what is queued stays there."""
    source = (ROOT / "function_app.py").read_text(encoding="utf-8")
    webhook, found, _ = source.partition("@app.queue_trigger")
    assert found, "the webhook comes first in function_app.py"
    return webhook


APPS = {
    "the relay": webhook_alone(),
    "two puts": BARE.format(delays=(LEASE_SECONDS, 0)),
    "one put": BARE.format(delays=(0,)),
}
"""The one in the middle is what the relay is compared with: it makes the same calls of storage."""

FLOOR = "two puts"


@dataclass
class App:
    """One of them, and what its acknowledgements took.

    Attributes:
        waits: milliseconds, of each.
        cpu: milliseconds of each, by rounds.
    """

    child: Child
    url: str
    waits: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def start(name: str, source: str, folder: Path, settings: dict[str, str]) -> App:
    """A host with an app."""
    place = folder / name.replace(" ", "-")
    place.mkdir()
    (place / "function_app.py").write_text(source, encoding="utf-8")
    (place / "host.json").write_text((ROOT / "host.json").read_text(encoding="utf-8"), encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-m", "playground.host", "--port", "0", "--app", place]
    child = Child(name, command, env={**os.environ, **settings, "PYTHONPATH": str(ROOT)})
    url = child.wait_for(r"listening on (\S+)", seconds=60)[1]
    return App(child, f"{url}/api/webhook")


async def measure(apps: dict[str, App], rounds: int, messages: int) -> None:
    """Send them their messages in turns; the first round warms all of them up."""
    ids = count()
    async with aiohttp.ClientSession() as session:
        for number in range(rounds + 1):
            for app in apps.values():
                copies = [message_copy(BOT, f"user-{n}", next(ids)) for n in range(messages)]
                began = cpu_ms(app.child.pid)
                for headers, body in copies:
                    sent = time.perf_counter()
                    async with session.post(app.url, data=body, headers=headers) as answer:
                        if json.loads(await answer.read()) != {"status": "queued"}:
                            raise RuntimeError(f"not queued: {answer.status}")
                    app.waits.append((time.perf_counter() - sent) * 1000)
                app.cpu.append((cpu_ms(app.child.pid) - began) / messages)
            if number == 0:
                for app in apps.values():
                    app.waits.clear()
                    app.cpu.clear()


def table(apps: dict[str, App]) -> list[str]:
    """What each took, and what that is to the same calls without the relay."""
    floor = apps[FLOOR]
    lines = [f"{'':<12} {'p50 ms':>8} {'ratio':>6} {'p95 ms':>8} {'CPU ms':>8} {'ratio':>6}"]
    for name, app in apps.items():
        p50, p95 = (statistics.quantiles(app.waits, n=20)[n] for n in (9, 18))
        ratio = p50 / statistics.median(floor.waits)
        cpu = statistics.median(a / b for a, b in zip(app.cpu, floor.cpu, strict=True))
        middle = statistics.median(app.cpu)
        lines.append(f"{name:<12} {p50:>8.2f} {ratio:>6.2f} {p95:>8.2f} {middle:>8.2f} {cpu:>6.2f}")
    return lines


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--messages", type=int, default=25)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        folder = Path(temporary)
        stack = opened.enter_context(Stack(model="scripted", host=None, logs=folder / "logs"))
        bots = folder / "bots.toml"
        bots.write_text(BOTS, encoding="utf-8")
        settings = {**stack.settings(), "RELAY_BOTS_FILE": str(bots)}
        apps: dict[str, App] = {}
        for name, source in APPS.items():
            apps[name] = start(name, source, folder, settings)
            opened.callback(apps[name].child.stop, 5)
        asyncio.run(measure(apps, arguments.rounds, arguments.messages))
        print(*table(apps), sep="\n")


if __name__ == "__main__":
    main()
