"""HTTP functions that show what they were given."""

from __future__ import annotations

import asyncio
import json
import os
import threading

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

asked = asyncio.Event()
may_answer = asyncio.Event()


@app.route(route="items/{item}", methods=["POST"])
async def show(req: func.HttpRequest) -> func.HttpResponse:
    """Answers with the request."""
    shown = {
        "method": req.method,
        "url": req.url,
        "item": req.route_params["item"],
        "code": req.params["code"],
        "header": req.headers["X-Colour"],
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(
        json.dumps(shown), status_code=201, mimetype="application/json", headers={"X-Seen": "yes"}
    )


@app.route(route="plain")
def plain(req: func.HttpRequest) -> str:
    """A function that is not async, and answers with a bare string."""
    return "main" if threading.current_thread() is threading.main_thread() else "thread"


@app.route(route="setting")
async def setting(req: func.HttpRequest) -> str:
    """Answers with an app setting."""
    return os.environ[req.params["name"]]


@app.route(route="fails")
async def fails(req: func.HttpRequest) -> str:
    """Raises."""
    raise RuntimeError("as told")


@app.route(route="nothing")
async def nothing(req: func.HttpRequest) -> None:
    """Answers with nothing, which is no answer."""


@app.route(route="waits")
async def waits(req: func.HttpRequest) -> str:
    """Answers when it may."""
    asked.set()
    await may_answer.wait()
    return "done"
