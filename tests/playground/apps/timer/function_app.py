"""Timer functions: one fires each second, one only on demand."""

from __future__ import annotations

import asyncio

import azure.functions as func

app = func.FunctionApp()

ticks: asyncio.Queue[bool] = asyncio.Queue()
runs: asyncio.Queue[bool] = asyncio.Queue()


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    """Fires each second, and fails each time."""
    ticks.put_nowait(timer.past_due)
    raise RuntimeError("as told")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 29 2 *")
async def leap(timer: func.TimerRequest) -> None:
    """Fires on 29 February."""
    runs.put_nowait(timer.past_due)
