"""Queue Storage in memory."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from relay.errors import StorageUnavailable
from relay.messages import Receipt
from relay.ports import Clock, Queued

WEEK_SECONDS = 7 * 86_400


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
class MemoryQueues:
    """The double of :class:`relay.ports.Queues`.

    Attributes:
        clock: decides what is visible.
        queues: queue → messages in the order they were sent.
        down: while true, every call fails.
    """

    clock: Clock
    queues: dict[str, list[Waiting]] = field(default_factory=dict)
    down: bool = False
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        """Enqueue."""
        self._check()
        number = next(self._ids)
        now = self.clock.now()
        visible_at = now + math.ceil(delay_seconds) * 1000
        expires_at = now + math.ceil(WEEK_SECONDS if keep_seconds is None else keep_seconds) * 1000
        message = Waiting(f"id-{number}", f"pop-{number}", text, visible_at, expires_at)
        self.queues.setdefault(queue, []).append(message)
        return Receipt(message.id, message.pop)

    async def show(self, queue: str, receipt: Receipt) -> bool:
        """Make a message visible now; False when it is gone or was taken since."""
        self._check()
        for message in self.queues.get(queue, []):
            if (message.id, message.pop) == (receipt.id, receipt.pop):
                message.pop = f"pop-{next(self._ids)}"
                message.visible_at = self.clock.now()
                return True
        return False

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        """Delete; False when it is gone or was taken since."""
        self._check()
        for message in self.queues.get(queue, []):
            if (message.id, message.pop) == (receipt.id, receipt.pop):
                self.queues[queue].remove(message)
                return True
        return False

    async def receive(self, queue: str, hide_seconds: int) -> list[Queued]:
        """Take up to 32 visible messages."""
        self._check()
        now = self.clock.now()
        self._expire(queue)
        taken = [message for message in self.queues.get(queue, []) if message.visible_at <= now][:32]
        for message in taken:
            message.pop = f"pop-{next(self._ids)}"
            message.visible_at = now + hide_seconds * 1000
            message.deliveries += 1
        return [Queued(Receipt(each.id, each.pop), each.text, each.deliveries) for each in taken]

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

    def _check(self) -> None:
        if self.down:
            raise StorageUnavailable("the double is down")
