"""Points at which a process of the relay kills itself, by name.

The relay is unchanged: its real ports are subclassed here, and a call of one of them bounds each point. An order to
die is a file in a folder that the processes share; the process that removes it dies, so that the next one lives.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Collection, Hashable
from pathlib import Path

import azure.functions as func

from relay.app import Relay
from relay.clock import SystemClock
from relay.config.settings import Settings, StorageSettings
from relay.im.client import ImClient
from relay.keys import LEASE_TABLE, is_of_round
from relay.messages import Receipt, Turn
from relay.model.chat import OpenAIChat
from relay.outbox import TURNS
from relay.ports import Chunk, Completion, Insert, Merge, Outgoing, Prompt, Sent
from relay.storage.queues import AzureQueues
from relay.storage.tables import AzureTables
from relay.turn.notes import Note

ONE_MESSAGE = (
    "between-watch-and-message",
    "after-dequeue",
    "after-claim",
    "after-lease",
    "during-model",
    "before-store",
    "after-store",
    "after-sending",
    "before-release",
    "before-completing",
)
"""Points in the order in which a turn comes to them. ``after-sending`` is before the mark that it was sent."""

DURING_MODEL = "during-model"
"""A process waits for the model there, so an order that comes meanwhile finds it."""

IN_PARTS = ("before-part-noted", "between-parts")
"""Points of a reply in several messages: the first, a picture, is sent and not noted yet, or noted."""

INSIDE_FIRST_CHUNK = "inside-first-chunk"
"""A process waits there for the IM server, which has the first chunk, so an order that comes meanwhile finds it."""

IN_A_STREAM = (
    "after-stream-note",
    INSIDE_FIRST_CHUNK,
    "after-first-chunk",
    "between-chunks",
    "before-last-chunk",
    "after-last-chunk",
)
"""Points of a streamed reply, in order. After the first chunk its id is noted; before the last the reply is stored."""

STORED = ("after-store", "after-sending", "before-release", "before-completing", *IN_PARTS, *IN_A_STREAM[-2:])
"""Points at which the reply is stored: the model, which has been paid for it, is not asked again."""

WITH_TOOLS = ("before-round", "after-round", "after-said", "inside-call", "before-result", "after-result")
"""Points of a round of tool calls, in order: ``after-round`` is before its calls run, ``after-result`` behind one."""


class Points:
    """Where this process dies, and which queue messages it holds when it does.

    Args:
        folder: shared by all processes of a test.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def order(self, name: str, times: int = 1, text: str = "") -> None:
        """Let so many processes die at a point; with a text, only over a prompt that holds it."""
        for number in range(times):
            (self._folder / f"{name}.{number:03d}").write_text(text, encoding="utf-8")

    def recall(self) -> None:
        """Let nobody die any more."""
        for path in self._folder.glob("*.[0-9][0-9][0-9]"):
            path.unlink(missing_ok=True)

    def is_ordered(self, name: str) -> bool:
        """Whether a process is still to die at a point."""
        return any(self._folder.glob(f"{name}.*"))

    def reach(self, name: str, text: str = "") -> None:
        """Come to a point, and die there if that is an order."""
        for path in sorted(self._folder.glob(f"{name}.*")):
            try:
                if path.read_text(encoding="utf-8") not in text:
                    continue
                path.unlink()
            except FileNotFoundError:
                continue  # another process died for it
            os.kill(os.getpid(), signal.SIGKILL)

    def hold(self, message: func.QueueMessage) -> None:
        """Note the receipt of a queue message that this process works on."""
        note = self._folder / f"held-{os.getpid()}-{message.id}.json"
        note.write_text(json.dumps({"id": message.id, "pop": message.pop_receipt}), encoding="utf-8")

    def left_behind(self) -> list[Receipt]:
        """The queue messages that dead processes held, or had completed; each is told once."""
        receipts = []
        for note in self._folder.glob("held-*.json"):
            if _is_alive(int(note.name.split("-")[1])):
                continue
            receipts.append(Receipt(**json.loads(note.read_text(encoding="utf-8"))))
            note.unlink()
        return receipts


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class MortalTables(AzureTables):
    """Table Storage, and death before or after a change."""

    def __init__(self, points: Points, storage: StorageSettings, call_seconds: float) -> None:
        super().__init__(storage, call_seconds)
        self._points = points

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        before, after = _around(table, changes)
        self._points.reach(before)
        etags = await super().write(table, partition, *changes)
        self._points.reach(after)
        return etags

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        if table == LEASE_TABLE:
            self._points.reach("before-release")
        await super().delete(table, partition, key, etag)


def _around(table: str, changes: tuple[Insert | Merge, ...]) -> tuple[str, str]:
    """The points before and after a change."""
    first = changes[0]
    if table == LEASE_TABLE:
        return "before-lease", "after-lease"
    if isinstance(first, Insert):
        if first.key.startswith("d|"):
            return "before-claim", "after-claim"
        if is_of_round(first.key):
            what = "round" if first.values["kind"] == "round" else "said"
            return f"before-{what}", f"after-{what}"
        return "before-store", "after-store"
    if "results" in first.values:
        return "before-result", "after-result"
    if first.values.get("parts_sent"):
        return "before-part-noted", "between-parts"
    if first.values.get("state") == "sent":
        return "after-sending", "after-mark"
    note = Note.read(str(first.values.get("stream", "")))
    if note.client_id:
        return (
            ("before-first-chunk-noted", "after-first-chunk")
            if note.server_id
            else ("before-stream-note", "after-stream-note")
        )
    return "before-change", "after-change"


class MortalQueues(AzureQueues):
    """Queue Storage, and death when a turn has its watch and is not queued itself."""

    def __init__(self, points: Points, storage: StorageSettings, call_seconds: float) -> None:
        super().__init__(storage, call_seconds)
        self._points = points

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        receipt = await super().send(queue, text, delay_seconds, keep_seconds)
        if queue == TURNS and delay_seconds and _is_watch(Turn.from_json(text)):
            self._points.reach("between-watch-and-message")
        return receipt


def _is_watch(turn: Turn) -> bool:
    return turn.watch is None and turn.attempt == turn.waits == 0


LOOK_SECONDS = 0.02


class MortalModel(OpenAIChat):
    """The model, and death while it is asked."""

    def __init__(self, points: Points, settings: Settings) -> None:
        super().__init__(settings)
        self._points = points

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        words = "\n".join(said.content for said in prompt.messages)
        asking = asyncio.ensure_future(
            super().complete(prompt, seconds=seconds, only=only, without=without, heard=heard)
        )
        try:
            while not asking.done():
                self._points.reach(DURING_MODEL, words)
                await asyncio.wait([asking], timeout=LOOK_SECONDS)
            return asking.result()
        finally:
            asking.cancel()


class MortalMessenger(ImClient):
    """The way to the IM server, and death during the first chunk of a stream, between two, or around the last."""

    def __init__(self, points: Points, settings: Settings, clock: SystemClock) -> None:
        super().__init__(
            app_key=settings.im_app_key,
            app_secret=settings.im_app_secret.get_secret_value(),
            region=settings.im_region,
            api_version=settings.im_api_version,
            api_url=settings.im_api_url,
            clock=clock,
        )
        self._points = points

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        if chunk.is_last:
            self._points.reach("before-last-chunk")
        calling = asyncio.ensure_future(super().stream(outgoing, chunk, seconds=seconds))
        while not chunk.server_id and not calling.done():
            self._points.reach(INSIDE_FIRST_CHUNK)
            await asyncio.wait([calling], timeout=LOOK_SECONDS)
        sent = await calling
        if chunk.server_id:
            self._points.reach("after-last-chunk" if chunk.is_last else "between-chunks")
        return sent


class AheadClock(SystemClock):
    """A wall clock that is wrong by a fixed time.

    Args:
        ahead_ms: how far, in milliseconds.
    """

    def __init__(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms

    def now(self) -> int:
        return super().now() + self._ahead_ms


def mortal(relay: Relay, points: Points, ahead_ms: int) -> Relay:
    """The same relay over ports that die, with a clock of its own."""
    storage, seconds = relay.settings.storage, relay.timing.store_seconds
    clock = AheadClock(ahead_ms)
    return Relay(
        relay.settings,
        relay.bots,
        clock=clock,
        tables=MortalTables(points, storage, seconds),
        queues=MortalQueues(points, storage, seconds),
        model=MortalModel(points, relay.settings),
        im=MortalMessenger(points, relay.settings, clock),
    )
