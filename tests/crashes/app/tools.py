"""The tools of the mortal processes. What they do lies in a file that outlives them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from relay.tools import Call, tool
from tests.crashes.points import Points

folder = Path(os.environ["CRASH_FOLDER"])
points = Points(folder)


def _do(name: str, call: Call) -> None:
    with (folder / "done.txt").open("a", encoding="utf-8") as done:
        done.write(f"{call.sender} {name} {call.idempotency_key}\n")


@tool
async def book(table: int, call: Call) -> str:
    """Book a table; the process may die when it is booked."""
    await call.say("One moment.")
    _do("book", call)
    points.reach("inside-call")
    return f"table {table} is booked"


@tool
async def cook(dish: str, call: Call) -> str:
    """Cook a dish, which does not end while the process is to die of the other call's result."""
    _do("cook", call)
    if points.is_ordered("after-result"):
        await asyncio.Event().wait()
    return f"{dish} is cooked"
