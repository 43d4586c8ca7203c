"""The switches of the page's faults: what the browser is told of them, and which message they hit."""

from __future__ import annotations

import asyncio
from typing import Any

from playground.faults import FAULTS, Scope, Switches
from playground.page.deeds import Deeds
from playground.page.events import Events
from playground.page.words import Said


class Switchboard:
    """Switches that can be looked at before the stack runs, and thrown once it does.

    Args:
        events: told whenever a switch changes.
        deeds: where faults that last are noted.
    """

    def __init__(self, events: Events, deeds: Deeds) -> None:
        self._events, self._deeds = events, deeds
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
        switches = await self._ready()
        before = self._lasting()
        await switches.turn_on(name, scope)
        return self._noted(before)

    async def turn_off(self, *names: str) -> list[dict[str, Any]]:
        """Switch these faults off, all when none is named; returns how all stand.

        Raises:
            ControlError: a part does not obey.
        """
        switches = await self._ready()
        before = self._lasting()
        await switches.turn_off(*names)
        return self._noted(before)

    async def arm(self, receiver: str) -> tuple[dict[str, Any], list[str], list[str]]:
        """Make ready for a message that is sent now; see :meth:`playground.faults.Switches.arm`.

        Returns:
            How the message is delivered, and the names of the faults that may hit it: those for it alone, and those
            that last.
        """
        switches, before = await self._ready(), self.as_json()
        delivery = await switches.arm(receiver)
        if self.as_json() != before:
            self._changed()
        once, lasting = ([one["name"] for one in before if one["scope"] == scope] for scope in ("next", "on"))
        return delivery, once, lasting

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

    def _lasting(self) -> list[str]:
        return [fault["name"] for fault in self.as_json() if fault["scope"] == "on"]

    def _noted(self, before: list[str]) -> list[dict[str, Any]]:
        """Note which faults last from now on or no longer; returns how all stand."""
        for name in before:
            if name not in self._lasting():
                self._deeds.add("off", name)
        for name in self._lasting():
            if name not in before:
                self._deeds.add("on", name)
        return self._changed()

    async def _ready(self) -> Switches:
        return await asyncio.shield(self._switches)

    def _changed(self) -> list[dict[str, Any]]:
        faults = self.as_json()
        self._events.publish("faults", faults=faults)
        return faults
