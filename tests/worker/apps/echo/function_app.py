"""One function per trigger, to try the worker library with."""

from __future__ import annotations

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

taken: list[str] = []


@app.route(route="show", methods=["POST"])
async def show(req: func.HttpRequest) -> func.HttpResponse:
    """Answers with the request, and with what the queue function has taken."""
    print("printed by the app")
    shown = {"body": req.get_body().hex(), "colour": req.headers.get("X-Colour"), "taken": taken}
    return func.HttpResponse(json.dumps(shown), status_code=202, mimetype="application/json")


@app.queue_trigger(arg_name="job", queue_name="jobs", connection="AzureWebJobsStorage")
async def work(job: func.QueueMessage) -> None:
    """Takes every message but ``fail``."""
    text = job.get_body().decode()
    if text == "fail":
        raise RuntimeError(f"as told, try {job.dequeue_count}")
    assert job.id is not None
    assert job.insertion_time is not None
    taken.append(text)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def tick(timer: func.TimerRequest) -> None:
    """Leaves a mark; not async, so it runs in the worker's thread pool."""
    taken.append(f"past due: {timer.past_due}")
