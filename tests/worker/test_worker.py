"""The project's own app inside Microsoft's worker library: what Azure will see of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.worker.invoke import REPOSITORY, FunctionFailed, WorkerApp

pytestmark = pytest.mark.worker

URL = "https://relay.azurewebsites.net/api/webhook?code=any"


@pytest_asyncio.fixture
async def relay() -> AsyncIterator[WorkerApp]:
    example = json.loads((REPOSITORY / "local.settings.example.json").read_text(encoding="utf-8"))
    async with WorkerApp(REPOSITORY, example["Values"]) as app:
        yield app


async def test_azure_finds_three_functions_and_their_bindings(relay: WorkerApp) -> None:
    bindings = {
        name: [{key: value for key, value in binding.items() if key != "direction"} for binding in found]
        for name, found in relay.functions().items()
    }

    assert bindings == {
        "webhook": [
            {
                "type": "httpTrigger",
                "name": "req",
                "route": "webhook",
                "methods": ["POST"],
                "authLevel": "FUNCTION",
            },
            {"type": "http", "name": "$return"},
        ],
        "answer": [
            {
                "type": "queueTrigger",
                "name": "message",
                "queueName": "relay-turns",
                "connection": "AzureWebJobsStorage",
            }
        ],
        "sweep": [{"type": "timerTrigger", "name": "timer", "schedule": "0 */5 * * * *"}],
    }


async def test_the_address_check_is_answered(relay: WorkerApp) -> None:
    reply = await relay.invoke_http("webhook", "POST", URL, {"content-type": "application/json"}, b"{}")

    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json() == {"status": "ok"}


async def test_an_unsigned_message_is_refused(relay: WorkerApp) -> None:
    reply = await relay.invoke_http("webhook", "POST", URL, {}, b'{"eventType":1}')

    assert reply.status == 401


async def test_a_queue_message_that_is_no_turn_is_given_back(relay: WorkerApp) -> None:
    with pytest.raises(FunctionFailed, match="not a turn of the relay"):
        await relay.invoke_queue("answer", "{}", dequeue_count=1)
