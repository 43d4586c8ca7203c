"""The relay's own three functions, in a process that dies on demand.

Read from the environment: ``CRASH_FOLDER``, see :class:`tests.crashes.points.Points`; ``CLOCK_AHEAD_MS``, by which
the relay's clock is ahead.
"""

import importlib
import importlib.util
import os
from pathlib import Path

import azure.functions as func

from playground.runs import ROOT
from tests.crashes.points import Points, mortal

spec = importlib.util.spec_from_file_location("relay_function_app", ROOT / "function_app.py")
assert spec is not None
assert spec.loader is not None
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)

for slow in ("azure.data.tables.aio", "azure.storage.queue.aio", "openai.resources.chat.completions"):
    importlib.import_module(slow)  # beforehand: tests shorten the times that a turn has

points = Points(Path(os.environ["CRASH_FOLDER"]))
ahead_ms = int(os.environ.get("CLOCK_AHEAD_MS", "0"))
vars(real)["relay"] = mortal(vars(real)["relay"], points, ahead_ms)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(route="webhook", methods=["POST"])
async def webhook(req: func.HttpRequest) -> func.HttpResponse:
    """The relay's."""
    response: func.HttpResponse = await real.webhook(req)
    return response


@app.queue_trigger(arg_name="message", queue_name="relay-turns", connection="AzureWebJobsStorage")
async def answer(message: func.QueueMessage) -> None:
    """The relay's, and death before or after it."""
    points.hold(message)
    points.reach("after-dequeue")
    await real.answer(message)
    points.reach("before-completing")


@app.timer_trigger(arg_name="timer", schedule="0 0 0 29 2 *")
async def sweep(timer: func.TimerRequest) -> None:
    """The relay's, when a test fires it: a look into the poison queue hides for minutes what a test looks for there."""
    await real.sweep(timer)
