from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from playground.azurite import Azurite
from playground.host import FunctionHost, HostError
from playground.host.queues import PollingDelays
from tests.playground.host.conftest import MakeApp, eventually
from tests.playground.host.process import HostProcess
from tests.shared_azurite import SharedAzurite

stack = pytest.mark.stack


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with SharedAzurite() as running:
        yield running


class Jobs:
    """The queue ``jobs``, its poison queue, and what the function wrote down."""

    def __init__(self, connection: str, calls: Path) -> None:
        self.settings = {"AzureWebJobsStorage": connection, "CALLS": str(calls)}
        self.queue = QueueClient.from_connection_string(connection, "jobs")
        self.poison = QueueClient.from_connection_string(connection, "jobs-poison")
        self._calls = calls

    async def send(self, text: str) -> str:
        return (await self.queue.send_message(text)).id

    async def calls(self, least: int = 1) -> list[dict[str, Any]]:
        """Waits for that many calls."""

        async def enough() -> list[dict[str, Any]]:
            lines = self._calls.read_text().splitlines() if self._calls.exists() else []
            return [json.loads(line) for line in lines] if len(lines) >= least else []

        found: list[dict[str, Any]] = await eventually(enough)
        return found

    async def stored(self) -> int:
        """How many messages there are, hidden ones included."""
        return (await self.queue.get_queue_properties()).approximate_message_count or 0

    async def until_empty(self) -> None:
        async def empty() -> bool:
            return await self.stored() == 0

        await eventually(empty)

    async def poisoned(self) -> str:
        """Waits for a poison message and takes it."""

        async def first() -> str | None:
            async for message in self.poison.receive_messages(messages_per_page=1):
                await self.poison.delete_message(message)
                return str(message.content)
            return None

        text: str = await eventually(first)
        return text


@pytest_asyncio.fixture
async def jobs(azurite: Azurite, tmp_path: Path) -> AsyncIterator[Jobs]:
    made = Jobs(azurite.connection_string, tmp_path / "calls.jsonl")
    async with made.queue, made.poison:
        for queue in (made.queue, made.poison):
            await queue.create_queue()
        yield made
        for queue in (made.queue, made.poison):
            await queue.delete_queue()


async def until(moment: float) -> None:
    """Waits for a time of day: to see that something does not happen until then."""

    async def reached() -> bool:
        return time.time() > moment

    await eventually(reached)


@stack
async def test_a_message_reaches_its_function_and_is_deleted(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings):
        sent = await jobs.queue.send_message("größe <&>")
        [call] = await jobs.calls()
        await jobs.until_empty()

    assert (call["id"], call["order"], call["tries"]) == (sent.id, "größe <&>", 1)
    assert sent.inserted_on is not None
    assert call["inserted"] == sent.inserted_on.timestamp()
    assert call["receipt"]


@stack
async def test_the_host_creates_the_queue_of_a_trigger(make_app: MakeApp, jobs: Jobs) -> None:
    await jobs.queue.delete_queue()

    async with FunctionHost(make_app("queue"), jobs.settings):
        await jobs.send("fine")
        assert await jobs.calls()


@stack
async def test_the_host_survives_the_loss_of_its_queue(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings):
        await jobs.queue.delete_queue()

        async def again() -> bool:
            try:
                await jobs.send("fine")
            except ResourceNotFoundError:
                return False
            return True

        await eventually(again)
        assert await jobs.calls()


@stack
async def test_a_message_that_somebody_else_deleted_is_no_error(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings):
        await jobs.send("wait")
        [call] = await jobs.calls()
        await jobs.queue.delete_message(call["id"], call["receipt"])
        sys.modules["function_app"].may_finish.set()
        await jobs.send("fine")

        assert [call["order"] for call in await jobs.calls(2)] == ["wait", "fine"]


@stack
async def test_a_reported_failure_is_tried_again_after_the_visibility_timeout(
    make_app: MakeApp, jobs: Jobs
) -> None:
    async with FunctionHost(make_app("queue", visibilityTimeout="00:00:02"), jobs.settings):
        await jobs.send("fail")
        first, second = await jobs.calls(2)

    assert (first["tries"], second["tries"]) == (1, 2)
    assert 1.5 < second["at"] - first["at"] < 5  # Azurite counts in whole seconds


@stack
async def test_a_message_that_fails_for_the_last_time_is_poisoned_at_once(
    make_app: MakeApp, jobs: Jobs
) -> None:
    app_dir = make_app("queue", maxDequeueCount=1, visibilityTimeout="00:10:00")

    async with FunctionHost(app_dir, jobs.settings):
        await jobs.send("fail")
        assert await jobs.poisoned() == "fail"
        await jobs.until_empty()

    assert [call["tries"] for call in await jobs.calls()] == [1]


@stack
async def test_a_message_whose_hosts_died_is_poisoned_without_a_call(make_app: MakeApp, jobs: Jobs) -> None:
    await jobs.send("deadly")
    for _ in range(2):  # maxDequeueCount
        async for message in jobs.queue.receive_messages(messages_per_page=1, max_messages=1):
            await jobs.queue.update_message(message.id, message.pop_receipt, visibility_timeout=0)

    async with FunctionHost(make_app("queue"), jobs.settings):
        assert await jobs.poisoned() == "deadly"
        await jobs.send("fine")
        assert [call["order"] for call in await jobs.calls()] == ["fine"]
        await jobs.until_empty()


@stack
async def test_a_killed_hosts_message_comes_back_when_its_lease_ends(make_app: MakeApp, jobs: Jobs) -> None:
    app_dir = make_app("queue")
    async with HostProcess(app_dir, {**jobs.settings, "HOST_QUEUE_LEASE_SECONDS": "3"}) as host:
        await jobs.send("hang once")
        [first] = await jobs.calls()
        await host.kill()
    async with FunctionHost(app_dir, jobs.settings):
        _, second = await jobs.calls(2)

    assert second["tries"] == 2
    assert (
        second["at"] - first["at"] > 2
    )  # hidden, although nothing runs: host.json's delay of 1 s is not for this


@stack
async def test_the_lease_is_renewed_while_the_function_runs(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings, queue_lease_seconds=2):
        await jobs.send("wait")
        [first] = await jobs.calls()
        await until(float(first["at"]) + 4.5)
        async for _ in jobs.queue.receive_messages(messages_per_page=1):
            pytest.fail("the message became visible while its function was running")
        sys.modules["function_app"].may_finish.set()
        await jobs.until_empty()

    assert len(await jobs.calls()) == 1


@stack
async def test_no_more_messages_run_at_once_than_batch_and_threshold_allow(
    make_app: MakeApp, jobs: Jobs
) -> None:
    for order in ("wait", "fine", "wait", "wait", "wait"):
        await jobs.send(order)

    async with FunctionHost(make_app("queue", batchSize=2, newBatchThreshold=1), jobs.settings):
        # The second batch begins when one message of the first is left; the third must wait.
        *_, fourth = await jobs.calls(4)
        await until(float(fourth["at"]) + 1)
        assert len(await jobs.calls(4)) == 4
        sys.modules["function_app"].may_finish.set()
        await jobs.calls(5)


@stack
async def test_messages_in_base64_are_decoded(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue", messageEncoding="base64"), jobs.settings):
        await jobs.send(base64.b64encode("größe".encode()).decode())

        assert [call["order"] for call in await jobs.calls()] == ["größe"]


@stack
async def test_a_message_that_is_not_base64_is_poisoned_as_it_is(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue", messageEncoding="base64"), jobs.settings):
        await jobs.send("{plain}")

        assert await jobs.poisoned() == "{plain}"


@stack
async def test_a_message_that_is_cut_off_at_the_end_stays_hidden(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings, grace_seconds=0.1):
        await jobs.send("wait")
        await jobs.calls()

    assert await jobs.stored() == 1
    async for _ in jobs.queue.receive_messages(messages_per_page=1):
        pytest.fail("the message is visible")


@stack
async def test_the_end_waits_for_a_message_that_is_running(make_app: MakeApp, jobs: Jobs) -> None:
    async with FunctionHost(make_app("queue"), jobs.settings):
        await jobs.send("wait")
        await jobs.calls()
        sys.modules["function_app"].may_finish.set()

    assert await jobs.stored() == 0


async def test_http_is_served_while_storage_cannot_be_reached(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    settings = {"AzureWebJobsStorage": Azurite(ports=(1, 1, 1)).connection_string}  # nobody listens on port 1

    async with (
        FunctionHost(make_app("queue"), settings) as host,
        client.get(f"{host.url}/api/alive") as answer,
    ):
        assert await answer.text() == "yes"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "AzureWebJobsStorage is not set"),
        ({"AzureWebJobsStorage__accountName": "relay"}, "works on Azure only"),
        ({"AzureWebJobsStorage": "nonsense"}, "cannot be read"),
    ],
)
async def test_a_connection_that_cannot_be_used_is_named(
    make_app: MakeApp, settings: dict[str, str], reason: str
) -> None:
    with pytest.raises(HostError, match=reason):
        async with FunctionHost(make_app("queue"), settings):
            pass


def test_an_idle_queue_is_looked_at_less_and_less_often() -> None:
    delays = PollingDelays(longest=1.0)

    found = [delays.after_nothing() for _ in range(8)]

    assert found[0] == 0.1
    assert found == sorted(found)
    assert found[-1] == 1.0


def test_a_message_makes_the_host_look_often_again() -> None:
    delays = PollingDelays(longest=1.0)
    for _ in range(8):
        delays.after_nothing()

    delays.reset()

    assert delays.after_nothing() == 0.1
