"""The project's own app inside Microsoft's worker library: what Azure will see of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
import pytest_asyncio
from azure.storage.queue.aio import QueueClient

from playground.im.chats import wall_clock_ms
from playground.processes import Child
from relay.signature import sign_inbound
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


@pytest.mark.stack
async def test_a_message_gets_its_answer_with_the_unedited_example_settings() -> None:
    """``dev.py services`` on its fixed ports, and the worker library in the place of ``func start``."""
    example = json.loads((REPOSITORY / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]
    async with AsyncExitStack() as stack:
        services = Child("services", [sys.executable, "dev.py", "services", "--model", "scripted"])
        stack.callback(services.stop)
        await asyncio.to_thread(services.wait_for, r"Ctrl-C ends it", seconds=120)
        app = await stack.enter_async_context(WorkerApp(REPOSITORY, example))
        queue = await stack.enter_async_context(_queue("relay-turns"))
        session = await stack.enter_async_context(aiohttp.ClientSession())

        body = json.dumps(
            {
                "eventType": "1",
                "convType": "PERSON",
                "to": "helper",
                "fromAccount": "alice",
                "fromClientType": "WEB",
                "msgType": "TEXT",
                "body": "hello",
                "msgTimestamp": str(wall_clock_ms()),
                "msgidClient": "client-1",
                "msgidServer": "1",
            }
        ).encode()
        headers = sign_inbound(example["IM_APP_SECRET"], body, wall_clock_ms())
        reply = await app.invoke_http("webhook", "POST", URL, headers, body)
        assert reply.json() == {"status": "queued"}

        message = await queue.receive_message()
        assert message is not None
        await app.invoke_queue("answer", message.content)
        async with session.get(example["IM_API_URL"] + "/_control/chats") as response:
            chats = (await response.json())["chats"]
        (chat,) = chats.values()
        assert [(said["sender"], said["text"]) for said in chat] == [("helper", "You said: hello")]
        assert [waiting.id async for waiting in queue.receive_messages()] == []


def _queue(name: str) -> QueueClient:
    return QueueClient.from_connection_string("UseDevelopmentStorage=true", name)
