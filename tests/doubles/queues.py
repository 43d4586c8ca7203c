"""Queue Storage in memory, with the service's limits."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field

from relay.errors import StorageUnavailable
from relay.messages import Receipt
from relay.ports import Clock, Queued
from tests.doubles.service import Call, StorageDouble

# Azure: Put Message; Get Messages; Naming queues and metadata.
WEEK_SECONDS = 7 * 86_400
MESSAGE_MAX_BYTES = 64 * 1024
RECEIVE_MAX = 32
_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@dataclass
class Waiting:
    """A message in a queue."""

    id: str
    pop: str
    text: str
    visible_at: int
    expires_at: int
    deliveries: int = 0


@dataclass
class MemoryQueues(StorageDouble):
    """The double of :class:`relay.ports.Queues`. What the service refuses, it refuses, as the real part tells it.

    Attributes:
        clock: decides what is visible.
        queues: queue → messages in the order they were sent.
    """

    clock: Clock
    queues: dict[str, list[Waiting]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        """Enqueue."""
        async with self._call(Call("send", queue, text=text)):
            delay = math.ceil(delay_seconds)
            keep = None if keep_seconds is None else math.ceil(keep_seconds)
            _check_name(queue)
            if len(text.encode()) > MESSAGE_MAX_BYTES:
                raise _refused("RequestBodyTooLarge")
            if not 0 <= delay <= WEEK_SECONDS:
                raise _refused("OutOfRangeQueryParameterValue")
            if keep is not None and not delay < keep:
                raise _refused("InvalidQueryParameterValue")
            now, number = self.clock.now(), next(self._ids)
            expires_at = now + (WEEK_SECONDS if keep is None else keep) * 1000
            message = Waiting(f"id-{number}", f"pop-{number}", text, now + delay * 1000, expires_at)
            self.queues.setdefault(queue, []).append(message)
            return Receipt(message.id, message.pop)

    async def show(self, queue: str, receipt: Receipt) -> bool:
        """Make a message visible now; False when it is gone or was taken since."""
        async with self._call(Call("show", queue)):
            message = self._find(queue, receipt)
            if message is not None:
                message.pop = f"pop-{next(self._ids)}"
                message.visible_at = self.clock.now()
            return message is not None

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        """Delete; False when it is gone or was taken since."""
        async with self._call(Call("delete", queue)):
            message = self._find(queue, receipt)
            if message is not None:
                self.queues[queue].remove(message)
            return message is not None

    async def receive(self, queue: str, hide_seconds: int) -> list[Queued]:
        """Take up to 32 visible messages."""
        async with self._call(Call("receive", queue)):
            _check_name(queue)
            if not 1 <= hide_seconds <= WEEK_SECONDS:
                raise _refused("OutOfRangeQueryParameterValue")
            now = self.clock.now()
            self._expire(queue)
            visible = [message for message in self.queues.get(queue, []) if message.visible_at <= now]
            for message in (taken := visible[:RECEIVE_MAX]):
                message.pop = f"pop-{next(self._ids)}"
                message.visible_at = now + hide_seconds * 1000
                message.deliveries += 1
            return [Queued(Receipt(each.id, each.pop), each.text, each.deliveries) for each in taken]

    async def peek(self, queue: str) -> list[str]:
        """The first visible messages, which stay."""
        async with self._call(Call("peek", queue)):
            self._expire(queue)
            now = self.clock.now()
            visible = [each.text for each in self.queues.get(queue, []) if each.visible_at <= now]
            return visible[:RECEIVE_MAX]

    async def length(self, queue: str) -> int | None:
        """How many messages there are, invisible ones too."""
        async with self._call(Call("length", queue)):
            self._expire(queue)
            return len(self.queues[queue]) if queue in self.queues else None

    def texts(self, queue: str) -> list[str]:
        """All messages of a queue, the invisible ones too."""
        self._expire(queue)
        return [message.text for message in self.queues.get(queue, [])]

    def next_visible_at(self, queue: str) -> int | None:
        """When the next message of a queue becomes visible."""
        return min((message.visible_at for message in self.queues.get(queue, [])), default=None)

    def _expire(self, queue: str) -> None:
        waiting = self.queues.get(queue, [])
        waiting[:] = [message for message in waiting if message.expires_at > self.clock.now()]

    def _find(self, queue: str, receipt: Receipt) -> Waiting | None:
        known = (message for message in self.queues.get(queue, []) if message.id == receipt.id)
        return next((message for message in known if message.pop == receipt.pop), None)


def _check_name(queue: str) -> None:
    if not _NAME.fullmatch(queue):
        raise _refused("OutOfRangeInput")


def _refused(code: str) -> StorageUnavailable:
    return StorageUnavailable(f"Queue Storage: {code}")
