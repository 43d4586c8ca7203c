"""The tools of the scenarios beside this file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from relay.tools import Call, tool

ORDERS = {1042: "shipped", 1043: "in the kitchen"}


@tool
def order(number: int) -> dict[str, Any]:
    """Look up an order."""
    return {"number": number, "state": ORDERS.get(number, "unknown")}


@tool(confirm="Cancel order {number}?")
def cancel_order(number: int) -> str:
    """Cancel an order."""
    return f"Order {number} is cancelled."


@tool
async def book_table(guests: int, call: Call) -> str:
    """Book a table. The first time, it takes longer than a process lives that is killed meanwhile."""
    begun = _begun(call.idempotency_key)
    await call.say("One moment, please.")
    if guests > 6 and begun == 1:
        await asyncio.sleep(30)
    return f"Booked for {guests}; begun {begun} times under this key."


def _begun(key: str) -> int:
    """How often a call with this key has begun, in whatever process."""
    file = Path(tempfile.gettempdir()) / f"relay-booking-{key}"
    with file.open("ab") as opened:
        opened.write(b".")
    return file.stat().st_size
