"""The Function app: three triggers, each one call into the relay.

Only ``webhook`` has a URL; nobody calls or configures the other two. The IM platform waits 5 seconds and models take
longer, so the webhook queues the message and ``answer`` replies; ``sweep`` deletes what has expired.
"""

import azure.functions as func

from relay.app import Relay, to_json

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
relay = Relay.from_environment()


@app.route(route="webhook", methods=["POST"])
async def webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Verify, parse, route and queue one request of the IM platform."""
    answer = await relay.receive(req.headers, req.get_body())
    return func.HttpResponse(
        to_json(answer), status_code=answer.status, headers=answer.headers, mimetype="application/json"
    )


@app.queue_trigger(arg_name="message", queue_name="relay-turns", connection="AzureWebJobsStorage")
async def answer(message: func.QueueMessage) -> None:
    """Take one step with one message: answered, waiting, or put back."""
    await relay.answer(message.get_body().decode(), message.dequeue_count or 1)


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def sweep(timer: func.TimerRequest) -> None:
    """Drop expired history; bring back what the host gave up on."""
    await relay.sweep()
