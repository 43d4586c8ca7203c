"""The IM server's API in memory: what users see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.ports import Outgoing, Sent


@dataclass
class RecordingMessenger:
    """The double of :class:`relay.ports.Messenger`; like v2, it shows a client id only once.

    Attributes:
        script: errors that the next calls raise, in order; None for a success.
        attempts: everything that was sent, duplicates too.
        shown: what users saw, in order; the platform's ids count them.
        now: the platform's clock, Unix milliseconds.
    """

    script: list[Exception | None] = field(default_factory=list)
    attempts: list[Outgoing] = field(default_factory=list)
    shown: list[Outgoing] = field(default_factory=list)
    now: Callable[[], int] = lambda: 0

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        """Show it, unless the script says otherwise."""
        self.attempts.append(outgoing)
        error = self.script.pop(0) if self.script else None
        if error is not None:
            raise error
        if any(outgoing.client_id == shown.client_id for shown in self.shown):
            return Sent()
        self.shown.append(outgoing)
        return Sent(str(len(self.shown)), self.now())
