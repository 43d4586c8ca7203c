"""Timer triggers: on schedule, and on demand through the admin endpoint."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime

from azure.functions.timer import TimerRequest

from playground.host.errors import FunctionError
from playground.host.functions import Function
from playground.host.lifetime import Lifetime
from playground.host.schedule import Schedule

LONGEST_PAUSE_SECONDS = 60.0
"""The wall clock is read again at least this often: it jumps when a laptop wakes up."""


class TimerListener:
    """Fires one function; a run that takes longer than the schedule delays the next one, as on Azure.

    Raises:
        HostError: the schedule cannot be read.
    """

    def __init__(self, function: Function, lifetime: Lifetime) -> None:
        self._function = function
        self._lifetime = lifetime
        self._schedule = Schedule.parse(function.trigger["schedule"])
        self._on_demand = asyncio.TaskGroup()

    async def run(self) -> None:
        """Fire until the host ends, then wait for what is running."""
        async with self._on_demand:
            if self._function.trigger.get("runOnStartup"):
                await self._fire()
            while not self._lifetime.ended:
                due = self._schedule.next_after(datetime.now(UTC))
                while not self._lifetime.ended and (seconds := _until(due)) > 0:
                    await self._lifetime.pause(min(seconds, LONGEST_PAUSE_SECONDS))
                if not self._lifetime.ended:
                    await self._fire()

    def fire_now(self) -> None:
        """Start the function beside its schedule, while :meth:`run` is running."""
        self._on_demand.create_task(self._fire())

    async def _fire(self) -> None:
        # A failure is in the log already, and the next run is due all the same.
        with contextlib.suppress(FunctionError):
            await self._function.invoke(TimerRequest(past_due=False))


def _until(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()
