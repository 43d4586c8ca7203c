"""The switches of the page's faults: what the browser is told of them, and which message they hit."""

from __future__ import annotations

import asyncio
from typing import Any

from playground.faults import FAULTS, Scope, Switches
from playground.page.events import Events
from playground.page.words import Said


class Switchboard:
    """Switches that can be looked at before the stack runs, and thrown once it does.

    Args:
        events: told whenever a switch changes.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._switches: asyncio.Future[Switches] = asyncio.get_running_loop().create_future()

    def connect(self, switches: Switches) -> None:
        """The stack runs."""
        self._switches.set_result(switches)
        self._changed()

    async def turn_on(self, name: str, scope: Scope) -> list[dict[str, Any]]:
        """Switch a fault on; returns how all stand.

        Raises:
            ControlError, FaultUnavailable: it cannot be.
        """
        await (await self._ready()).turn_on(name, scope)
        return self._changed()

    async def turn_off(self, *names: str) -> list[dict[str, Any]]:
        """Switch these faults off, all when none is named; returns how all stand.

        Raises:
            ControlError: a part does not obey.
        """
        await (await self._ready()).turn_off(*names)
        return self._changed()

    async def arm(self, receiver: str) -> tuple[dict[str, Any], list[str]]:
        """Make ready for a message that is sent now; see :meth:`playground.faults.Switches.arm`.

        Returns:
            How the message is delivered, and the names of the faults that may hit it.
        """
        switches, before = await self._ready(), self.as_json()
        delivery = await switches.arm(receiver)
        if self.as_json() != before:
            self._changed()
        return delivery, [fault["name"] for fault in before if fault["scope"]]

    def as_json(self) -> list[dict[str, Any]]:
        """How the switches stand, for the page."""
        switches = self._switches.result() if self._switches.done() else None
        return [
            {
                "name": fault.name,
                "group": Said(fault.group),
                "label": Said(fault.label),
                "explanation": Said(fault.explanation),
                "scope": switches.scope(fault.name) if switches else None,
                "available": switches.available(fault) if switches else False,
            }
            for fault in FAULTS.values()
        ]

    async def _ready(self) -> Switches:
        return await asyncio.shield(self._switches)

    def _changed(self) -> list[dict[str, Any]]:
        faults = self.as_json()
        self._events.publish("faults", faults=faults)
        return faults
