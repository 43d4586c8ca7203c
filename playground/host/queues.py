"""Queue triggers, with the semantics of Azure Functions' own listener.

A message that is taken is hidden for ten minutes, and hidden again while its function runs; nothing shortens
that for a host that dies. ``visibilityTimeout`` of host.json is only the delay after a failure that was
*reported*. A message that was taken more than ``maxDequeueCount`` times goes to ``<queue>-poison`` without a
call of the code, one that fails for the last time goes there at once.
Source: Azure/azure-sdk-for-net, ``QueueListener`` and ``QueueProcessor`` of the WebJobs storage extension.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import random
from collections.abc import Mapping

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.functions.queue import QueueMessage
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueClient

from playground.azurite import Azurite
from playground.host.configuration import QueueSection
from playground.host.errors import FunctionError, HostError
from playground.host.functions import Function
from playground.host.lease import Lease
from playground.host.lifetime import Lifetime

QUEUE_LEASE_SECONDS = 600
"""How long the real host hides a message that it takes; a constant there."""

POISON_SUFFIX = "-poison"

SHORTEST_POLLING_SECONDS = 0.1

DEVELOPMENT_PORTS = (10000, 10001, 10002)
"""Of blob, queue and table when the connection string is ``UseDevelopmentStorage=true``."""

_log = logging.getLogger("host.queues")


class QueueListener:
    """Polls the queue of one function and runs it for each message.

    Args:
        function: has a queue trigger.
        settings: the app settings; the trigger's connection is looked up there.
        section: ``extensions.queues`` of host.json.
        lifetime: says when to stop.
        lease_seconds: how long a message that was taken is hidden.

    Raises:
        HostError: the connection is not set, or cannot be used here.
    """

    def __init__(
        self,
        function: Function,
        settings: Mapping[str, str],
        section: QueueSection,
        lifetime: Lifetime,
        lease_seconds: int = QUEUE_LEASE_SECONDS,
    ) -> None:
        self._function = function
        self._section = section
        self._lifetime = lifetime
        self._lease_seconds = lease_seconds
        self._queue_name: str = function.trigger["queueName"]
        connection = _connection_string(function, settings)
        self._queue = _client(connection, self._queue_name)
        # The messages of a poison queue have nowhere to go.
        is_poison = self._queue_name.endswith(POISON_SUFFIX)
        self._poison = None if is_poison else _client(connection, self._queue_name + POISON_SUFFIX)
        self._found = True

    async def open(self) -> None:
        """Create the queue if it is missing; :meth:`run` tries again when storage cannot be reached."""
        try:
            await self._find()
        except AzureError as error:
            self._lose(error)

    async def close(self) -> None:
        """Close the connections."""
        await self._queue.close()
        if self._poison is not None:
            await self._poison.close()

    async def run(self) -> None:
        """Take messages until the host ends, then wait for those that are running."""
        delays = PollingDelays(self._section.max_polling_interval)
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not self._lifetime.ended:
                messages = await self._receive()
                running |= {group.create_task(self._process(message)) for message in messages}
                if messages:
                    delays.reset()
                else:
                    await self._lifetime.pause(delays.after_nothing())
                running = {task for task in running if not task.done()}
                while len(running) > self._section.threshold:
                    _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    async def _find(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            await self._queue.create_queue(retry_total=0)
        self._found = True
        _log.info("queue %s is polled", self._queue_name)

    def _lose(self, error: AzureError) -> None:
        if self._found:  # said once, not ten times a second
            _log.warning("queue %s cannot be polled: %s", self._queue_name, type(error).__name__)
        self._found = False

    async def _receive(self) -> list[StoredMessage]:
        try:
            if not self._found:
                await self._find()
            return await self._take_batch()
        except AzureError as error:
            self._lose(error)
            return []

    async def _take_batch(self) -> list[StoredMessage]:
        pages = self._queue.receive_messages(
            messages_per_page=self._section.batch_size, visibility_timeout=self._lease_seconds
        ).by_page()
        async for page in pages:  # one page is one request; a second one would wait for nothing
            return [message async for message in page]
        return []

    async def _process(self, stored: StoredMessage) -> None:
        tries = stored.dequeue_count or 0
        lease = Lease(self._queue, stored, self._lease_seconds)
        try:
            if tries > self._section.max_dequeue_count:
                await self._move_to_poison(stored, lease, "its host died each time")
                return
            try:
                body = self._decode(stored.content)
            except ValueError:
                await self._move_to_poison(stored, lease, "it is not base64")
                return
            if await self._succeeds(_trigger_message(stored, body), lease):
                await lease.delete()
            elif self._poison is not None and tries >= self._section.max_dequeue_count:
                await self._move_to_poison(stored, lease, "its function failed each time")
            elif self._poison is not None:
                await lease.release(self._section.visibility_timeout)
            # else: a failing message of a poison queue stays hidden, lest it spins.
        except AzureError as error:
            _log.error("message %s of queue %s: %s", stored.id, self._queue_name, type(error).__name__)

    async def _succeeds(self, message: QueueMessage, lease: Lease) -> bool:
        async with lease:
            try:
                await self._function.invoke(message)
            except FunctionError:
                return False
            return True

    def _decode(self, content: str) -> str:
        if self._section.message_encoding == "none":
            return content
        return base64.b64decode(content, validate=True).decode()

    async def _move_to_poison(self, stored: StoredMessage, lease: Lease, reason: str) -> None:
        if self._poison is None:
            return
        _log.warning(
            "message %s of queue %s moves to its poison queue after %s tries: %s",
            stored.id,
            self._queue_name,
            stored.dequeue_count,
            reason,
        )
        with contextlib.suppress(ResourceExistsError):
            await self._poison.create_queue()
        await self._poison.send_message(stored.content)
        await lease.delete()


class PollingDelays:
    """Seconds between two looks at an idle queue: they double from 0.1 s to the longest, give or take a fifth."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self.reset()

    def reset(self) -> None:
        """A look found a message: the next pause is the shortest."""
        self._delay = 0.0
        self._looks = 0

    def after_nothing(self) -> float:
        """The pause after a look that found no message."""
        if self._delay < self._longest:
            step = SHORTEST_POLLING_SECONDS * 2 ** (self._looks - 1) if self._looks else 0.0
            delay = SHORTEST_POLLING_SECONDS + step * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
            self._delay = min(delay, self._longest)
            self._looks += 1
        return self._delay


def _trigger_message(stored: StoredMessage, body: str) -> QueueMessage:
    return QueueMessage(  # type: ignore[no-untyped-call]
        id=stored.id,
        body=body,
        dequeue_count=stored.dequeue_count,
        expiration_time=stored.expires_on,
        insertion_time=stored.inserted_on,
        time_next_visible=stored.next_visible_on,
        pop_receipt=stored.pop_receipt,
    )


def _connection_string(function: Function, settings: Mapping[str, str]) -> str:
    name = function.trigger.get("connection") or "AzureWebJobsStorage"
    connection = settings.get(name, "")
    if not connection:
        by_identity = any(value for setting, value in settings.items() if setting.startswith(f"{name}__"))
        reason = "names an identity, which works on Azure only" if by_identity else "is not set"
        raise HostError(
            f"function {function.name}: {name} {reason};"
            f" set {name} to a connection string or to UseDevelopmentStorage=true"
        )
    if connection.strip().rstrip(";").lower() == "usedevelopmentstorage=true":
        return Azurite(ports=DEVELOPMENT_PORTS).connection_string
    return connection


def _client(connection: str, queue: str) -> QueueClient:
    # The SDK's own pauses between retries start at 15 s: longer than a stopping host may wait.
    try:
        return QueueClient.from_connection_string(connection, queue, initial_backoff=0.5, increment_base=2)
    except ValueError as error:
        raise HostError(f"the storage connection string cannot be read: {error}") from None
