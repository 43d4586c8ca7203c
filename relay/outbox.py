"""The queue between ``webhook`` and ``answer``, and the records of what could not be answered."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

from relay.backoff import Backoff
from relay.clock import DAY_MS
from relay.errors import StorageUnavailable
from relay.failures import FailureRecord
from relay.messages import Receipt, Turn
from relay.storage_ports import Queues

log = logging.getLogger(__name__)

TURNS = "relay-turns"
POISON = "relay-turns-poison"
"""Where the function host moves what killed its process too often; ``sweep`` empties it."""
FAILED = "relay-failed"
"""Records of messages that ended without an answer. Nothing receives them: people read them."""
SEE = f"see the queue {FAILED} and docs/how-it-works.md#giving-up"
"""Ends the log lines of what ended so."""

RECORD_SECONDS = 7 * DAY_MS // 1000
"""How long a record stays, for whoever was away for the weekend."""

ENQUEUE_SECONDS = 2.5
"""Time for queueing a new turn, so that a failure is told within 3 seconds (the platform waits 5)."""

WATCH_SHARE = 0.6
"""Part of that time which the watch may take: the message itself is tried in any case."""

SHOW_SECONDS = 0.4
"""Time for making a watch visible that is alone."""

BUSY = Backoff(first_seconds=0.6, ceiling_seconds=5, factor=1.6)
"""Delays while the conversation is busy: the queue counts whole seconds, so at most 1, 1, 2, 3, 4, 5."""

RETRY = Backoff(first_seconds=2, ceiling_seconds=60)
"""Delays after failures, and while a message is not there yet: at most 2, 4, 8, … seconds."""

NEWER_SECONDS = 30
"""How long a queue message of a newer version is left to a newer instance before it is looked at again."""


class Outbox:
    """Puts turns on the queue. Every method raises StorageUnavailable when the queue cannot be reached.

    Args:
        queues: Queue Storage.
        random: the chance in its delays.
    """

    def __init__(self, queues: Queues, random: Callable[[], float] = random.random) -> None:
        self._queues = queues
        self._random = random

    async def enqueue(self, turn: Turn, lease_seconds: float, seconds: float = ENQUEUE_SECONDS) -> None:
        """Queue a new turn: its watch first, so that nothing is ever queued unwatched, then the turn itself.

        The watch is a copy that becomes visible after the lease time. The platform hides a message that a killed
        instance had taken for ten minutes; the watch does not wait that long.

        One of the two is enough: a message without a watch gets one from ``answer``, and a watch without its message
        is made visible at once. Both may be there twice, if an answer of the queue was lost; copies change nothing.

        Args:
            turn: the turn.
            lease_seconds: the delay of the watch.
            seconds: time for both.

        Raises:
            StorageUnavailable: neither of the two is known to be queued.
        """
        started = time.monotonic()
        watch: Receipt | None = None
        try:
            watch = await self._within(seconds * WATCH_SHARE, turn.to_json(), lease_seconds)
        except StorageUnavailable as error:
            log.warning("a turn is queued without its watch: %s", error)
        left = seconds - (time.monotonic() - started)
        try:
            await self._within(left, replace(turn, watch=watch).to_json())
        except StorageUnavailable as error:
            if watch is None:
                raise
            log.warning("a turn is queued by its watch alone: %s", error)
            await self._show(watch)

    async def note(self, turn: Turn, seconds: float = ENQUEUE_SECONDS) -> None:
        """Queue what has become of an earlier message. It needs no watch: nobody waits for it.

        Raises:
            StorageUnavailable: it is not known to be queued.
        """
        await self._within(seconds, turn.to_json())

    async def watched(self, turn: Turn, lease_seconds: float, now: int) -> Turn:
        """The turn with a watch: a message that was queued without one gets it before anything is done for it.

        A watch that comes when its time is over is not watched in its turn, nor is a last try: while an outage lasts,
        each would leave one more behind.
        """
        if turn.watch is not None or turn.last_try or now >= turn.received + lease_seconds * 1000:
            return turn
        return replace(turn, watch=await self._queues.send(TURNS, turn.to_json(), lease_seconds))

    async def wait(self, turn: Turn) -> None:
        """Put a turn back because its conversation is busy."""
        again = replace(turn, waits=turn.waits + 1)
        await self._queues.send(TURNS, again.to_json(), BUSY.delay(turn.waits, self._random))

    async def gather(self, turn: Turn, seconds: float) -> None:
        """Put a turn back, once, so that what follows its message is answered together with it."""
        await self._queues.send(TURNS, replace(turn, gathered=True).to_json(), seconds)

    async def retry(self, turn: Turn, failure: str, seconds_left: float, at_least: float = 0) -> None:
        """Put a turn back after a failure, with a delay that grows with its attempts.

        Args:
            turn: the turn that failed.
            failure: what went wrong, without anyone's words.
            seconds_left: until its time to give up, when it must be seen again; not positive once that has passed.
            at_least: how long whatever failed wants to be left alone, in seconds.
        """
        if seconds_left > 0:
            delay = RETRY.delay(turn.attempt, self._random, at_least=at_least, at_most=seconds_left)
        else:
            delay = RETRY.delay(turn.attempt, self._random)
        again = replace(turn, attempt=turn.attempt + 1, failure=failure)
        await self._queues.send(TURNS, again.to_json(), max(1, delay))

    async def look_again(self, turn: Turn) -> None:
        """Put a change back whose message is not to be found yet, or whose reply is under way."""
        again = replace(turn, waits=turn.waits + 1)
        await self._queues.send(TURNS, again.to_json(), RETRY.delay(turn.waits, self._random))

    async def postpone(self, text: str, seconds: float) -> None:
        """Put back a queue message that this version cannot read, as it is."""
        await self._queues.send(TURNS, text, seconds)

    async def finish(self, turn: Turn) -> None:
        """The message is done: its watch is not needed any more."""
        if turn.watch is None:
            return
        try:
            await self._queues.delete(TURNS, turn.watch)
        except StorageUnavailable:
            log.info("the watch of a finished turn could not be deleted; it will find the turn done")

    async def record(self, failure: FailureRecord) -> None:
        """Leave a record of a message that ended without an answer."""
        await self._queues.send(FAILED, failure.to_json(), keep_seconds=RECORD_SECONDS)

    async def _within(self, seconds: float, text: str, delay_seconds: float = 0) -> Receipt:
        try:
            async with asyncio.timeout(seconds):
                return await self._queues.send(TURNS, text, delay_seconds)
        except TimeoutError:
            raise StorageUnavailable(f"Queue Storage: no answer within {seconds:.1f} s") from None

    async def _show(self, watch: Receipt) -> None:
        """Answer a message soon of which only the watch is queued; else its time comes after the lease time."""
        try:
            async with asyncio.timeout(SHOW_SECONDS):
                await self._queues.show(TURNS, watch)
        except (StorageUnavailable, TimeoutError):
            log.info("a watch that is alone stays hidden until its time")
