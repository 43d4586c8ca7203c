"""Whether the host still takes new work."""

from __future__ import annotations

import asyncio


class Lifetime:
    """Ends once; a listener that waits for the next piece of work wakes at once."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    @property
    def ended(self) -> bool:
        """True when no new work may be taken."""
        return self._ended.is_set()

    def end(self) -> None:
        """Take no new work from now on."""
        self._ended.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return
