"""What a user waits beyond the model's own time, and where: one trace of each message, averaged.

``python -m bench.beyond [--messages N] [--polling SECONDS ...] [--kinds text picture audio]``. Azurite, the IM emulator
and the scripted model, which takes half a second, beside the function host of the playground. People write one after
the other, seconds apart and at any moment, so that the queue is idle in between: how long it is left alone at most is
what ``--polling`` compares (``maxPollingInterval`` of host.json). ``--kinds`` compares what is sent: words, a
picture of 1600 × 1200, a recording of three seconds. The columns take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

from playground.azurite import Azurite
from playground.im.attach import MSG_TYPES, Kind, attach_of
from playground.im.chats import Delivered, wall_clock_ms
from playground.im_server import ImServer
from playground.loopback import serving
from playground.media.pictures import draw
from playground.media.sounds import tone
from playground.model_server import ModelServer, Reply
from playground.page.spans import SpanFact, collector
from playground.runs import ROOT
from playground.stack import SPANS_FOR_A_WATCHER
from relay import spans
from tests.crashes.storage import until
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

MODEL_SECONDS = 0.5
PHOTO = "red 1600x1200"
PAUSE_SECONDS = (1.5, 3.0)
"""Between two messages, by chance: longer than the longest polling that is compared."""

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
gather_seconds = 0  # no picture waits for the question about it
transcribe = { model = "scripted" }
"""

Stages = dict[str, float]
"""Milliseconds of one message, by stage, in their order."""


def app_with(polling: float, folder: Path) -> Path:
    """The app with another polling interval, in seconds."""
    folder.mkdir()
    for name in ("function_app.py", "relay", "requirements.txt"):
        (folder / name).symlink_to(ROOT / name)
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    host["extensions"]["queues"]["maxPollingInterval"] = f"00:00:{polling:06.3f}"
    (folder / "host.json").write_text(json.dumps(host), encoding="utf-8")
    return folder


def sent_by(im: ImServer, kind: Kind | Literal["text"]) -> dict[str, Any]:
    """What somebody says, as arguments of the emulator."""
    if kind == "text":
        return {"text": "when does it open?"}
    content, content_type = (
        (tone(3.0), "audio/wav") if kind == "audio" else (draw(PHOTO, "JPEG"), "image/jpeg")
    )
    stored = {
        "url": im.storage.put(content, content_type),
        "md5": hashlib.md5(content).hexdigest(),  # noqa: S324 (the platform's)
        "size": len(content),
    }
    sizes: dict[str, Any] = {"milliseconds": 3_000} if kind == "audio" else {"width": 1600, "height": 1200}
    attach = attach_of(kind, stored, content_type=content_type, **sizes)
    return {"text": "", "msg_type": MSG_TYPES[kind], "attach": attach}


def stages_of(found: Sequence[SpanFact], posted: int, seen: int) -> Stages:
    """Where one message has spent its time; the trace is whole."""
    one = {span.name: span for span in found}
    door, turn = one[spans.WEBHOOK], one[spans.TURN]
    (chat,) = (span for span in found if span.name.startswith(spans.CHAT))
    sent = one[spans.IM_SEND]
    media = sum(span.ms for span in found if span.name == spans.MEDIUM)
    return {
        "on its way to the webhook": door.at - posted,
        "webhook: verified, queued twice": door.ms,
        "picked up from the queue": turn.at - door.until,
        "claim": one[spans.CLAIM].ms,
        "lease": one[spans.LEASE].ms,
        "window": one[spans.WINDOW].ms,
        "the picture or recording": media,
        "the rest before the model": chat.at
        - turn.at
        - media
        - sum(one[name].ms for name in (spans.CLAIM, spans.LEASE, spans.WINDOW)),
        "around the model's own time": chat.ms - MODEL_SECONDS * 1000,
        "store": one[spans.STORE].ms,
        "the rest before it is sent": sent.at - chat.until - one[spans.STORE].ms,
        "sent, until it is in the chat": sent.until - sent.at,
        "all of it": seen - posted - MODEL_SECONDS * 1000,
    }


async def measure(polling: float, kind: Kind | Literal["text"], messages: int, folder: Path) -> list[Stages]:
    """So many messages of a kind, with one polling interval."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    received: list[SpanFact] = []
    measured: list[Stages] = []
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(Azurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        url = await stack.enter_async_context(serving(collector(received.extend)))
        more = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, **SPANS_FOR_A_WATCHER}
        app = app_with(polling, folder / "app")
        world = World(storage, im, model, settings_for(storage, im, model, bots, more), stack, app=app)
        await world.start_host()
        model.when("", Reply("At nine.", seconds=MODEL_SECONDS))
        said = sent_by(im, kind)

        def replies(user: str) -> list[Delivered]:
            return [said for said in im.chat(user, "helper") if said.sender == "helper"]

        def trace_of(turn: SpanFact) -> list[SpanFact]:
            return [span for span in received if span.trace == turn.trace]

        for number in range(messages + 1):
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311
            user, before = f"user-{number}", len(received)
            posted = wall_clock_ms()
            await im.say(user, **said)
            await world.replies(1, user=user)

            async def told(before: int = before) -> bool:
                return any(span.name == spans.TURN for span in received[before:])

            await until(told, "the spans of a turn")
            (turn,) = (span for span in received[before:] if span.name == spans.TURN)
            if number:  # the first one makes the connections
                measured.append(stages_of(trace_of(turn), posted, replies(user)[-1].at))
    return measured


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=15, help="of each round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--polling", type=float, nargs="+", default=[1.0, 0.25], help="seconds")
    parser.add_argument("--kinds", nargs="+", default=["text"], choices=["text", "picture", "audio"])
    arguments = parser.parse_args()
    pairs = [(polling, kind) for polling in arguments.polling for kind in arguments.kinds]
    found: dict[tuple[float, Any], list[Stages]] = {pair: [] for pair in pairs}
    for _ in range(arguments.rounds):
        for (polling, kind), measured in found.items():
            with tempfile.TemporaryDirectory() as folder:
                measured += asyncio.run(measure(polling, kind, arguments.messages, Path(folder)))
    columns = "".join(f"{f'{kind} {polling:g} s':>16}" for polling, kind in found)
    print(f"{'mean, ms; polling at most every':<34}{columns}")
    for stage in next(iter(found.values()))[0]:
        means = (statistics.mean(each[stage] for each in measured) for measured in found.values())
        print(f"{stage:<34}{''.join(f'{mean:>16.1f}' for mean in means)}")


if __name__ == "__main__":
    main()
