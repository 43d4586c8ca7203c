"""A queue function that writes down each call, then does what the message says."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

may_finish = asyncio.Event()


@app.queue_trigger(arg_name="job", queue_name="jobs", connection="AzureWebJobsStorage")
async def work(job: func.QueueMessage) -> None:
    """Knows ``fail``, ``wait`` (until ``may_finish``) and ``hang once``; every other text succeeds."""
    order = job.get_body().decode()
    _write_down(job, order)
    if order == "fail":
        raise RuntimeError("as told")
    if order == "wait":
        await may_finish.wait()
    if order == "hang once" and job.dequeue_count == 1:
        await asyncio.Event().wait()


@app.route(route="alive")
async def alive(req: func.HttpRequest) -> str:
    """Shows that HTTP is served."""
    return "yes"


def _write_down(job: func.QueueMessage, order: str) -> None:
    assert job.insertion_time is not None
    call = {
        "order": order,
        "id": job.id,
        "tries": job.dequeue_count,
        "inserted": job.insertion_time.timestamp(),
        "receipt": job.pop_receipt,
        "at": time.time(),
    }
    with Path(os.environ["CALLS"]).open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(call) + "\n")
