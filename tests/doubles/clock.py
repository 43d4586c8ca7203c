"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)


class ManualClock:
    """Time that only tests move. Sleeping moves it too, so nothing ever waits."""

    def __init__(self, now: int = NOON) -> None:
        self._now = now

    def now(self) -> int:
        """Unix milliseconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Jump ahead and let others run."""
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._now += int(seconds * 1000)

    def set(self, now: int) -> None:
        """Move to a time."""
        self._now = now
