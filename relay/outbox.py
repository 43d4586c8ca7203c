"""The queue between ``webhook`` and ``answer``."""

from __future__ import annotations

import logging
from dataclasses import replace

from relay.errors import StorageUnavailable
from relay.messages import Turn
from relay.ports import Queues

log = logging.getLogger(__name__)

TURNS = "relay-turns"
POISON = "relay-turns-poison"
FAILED = "relay-failed"
"""What ended without an answer, and why, without words: nothing receives it, people read it."""

BUSY_SECONDS = (1, 1, 2, 3, 5)
"""Delays while the conversation is busy with another turn; the last one repeats."""

RETRY_MAX_SECONDS = 60
"""Ceiling of the growing delay after failures: 2, 4, 8, …"""


class Outbox:
    """Puts turns on the queue. Every method raises StorageUnavailable when the queue cannot be reached.

    Args:
        queues: Queue Storage.
        keep_seconds: how long a poison message is kept: no longer than the history of the person it is about.
    """

    def __init__(self, queues: Queues, keep_seconds: float) -> None:
        self._queues = queues
        self._keep_seconds = keep_seconds

    async def enqueue(self, turn: Turn, lease_seconds: float) -> None:
        """Queue a new turn: its watch first, so that nothing is ever queued unwatched.

        The watch is a copy that becomes visible after the lease time. The platform hides a message that a killed
        instance had taken for ten minutes; the watch does not wait that long.
        """
        watch = await self._queues.send(TURNS, turn.to_json(), lease_seconds)
        await self._queues.send(TURNS, replace(turn, watch=watch).to_json())

    async def wait(self, turn: Turn) -> None:
        """Put a turn back because its conversation is busy."""
        delay = BUSY_SECONDS[min(turn.waits, len(BUSY_SECONDS) - 1)]
        await self._queues.send(TURNS, replace(turn, waits=turn.waits + 1).to_json(), delay)

    async def retry(self, turn: Turn, failure: str, seconds_left: float, at_least: float = 0) -> None:
        """Put a turn back after a failure, with a delay that grows with its attempts.

        Args:
            turn: the turn that failed.
            failure: what went wrong, without anyone's words.
            seconds_left: until its time to give up, when it must be seen again; not positive once that has passed.
            at_least: how long whatever failed wants to be left alone, in seconds.
        """
        delay: float = min(2 ** (min(turn.attempt, 10) + 1), RETRY_MAX_SECONDS)
        if seconds_left > 0:
            delay = min(max(delay, at_least), seconds_left)
        again = replace(turn, attempt=turn.attempt + 1, failure=failure)
        await self._queues.send(TURNS, again.to_json(), max(1, delay))

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

    async def poison(self, turn: Turn, cause: str) -> None:
        """Record a turn that ended without an answer, with its cause and without anyone's words.

        What was said stays in the history table, and expires there.
        """
        wordless = replace(turn.message, text="", nick="", custom="")
        ended = replace(turn, message=wordless, watch=None, cause=cause)
        await self._queues.send(POISON, ended.to_json(), keep_seconds=self._keep_seconds)
