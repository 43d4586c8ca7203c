"""The real clock behind :class:`relay.ports.Clock`."""

from __future__ import annotations

import asyncio
import time

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


class SystemClock:
    """The machine's wall clock and the event loop's timer."""

    def now(self) -> int:
        """Wall-clock time in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the other turns of this worker."""
        await asyncio.sleep(seconds)
