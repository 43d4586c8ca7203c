"""Azure Queue Storage behind :class:`relay.ports.Queues`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.trace import SpanKind

from relay import spans
from relay.config.settings import StorageSettings
from relay.messages import Receipt
from relay.sdk import load
from relay.storage.azure_calls import client_options, in_attempts, spelled_out
from relay.storage.credential import AppCredential
from relay.storage_ports import Queued

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.storage.queue.aio import QueueClient

SDK = "azure.storage.queue.aio"

RECEIVE_MAX = 32
"""Azure: Get Messages returns at most 32."""


T = TypeVar("T")


class AzureQueues:
    """Queues of one storage account. Messages are plain text (``messageEncoding: none`` in host.json).

    A call whose answer was lost is made again: a message may then be queued twice.

    Args:
        storage: the account: its endpoints, or a connection string.
        call_seconds: the longest that one call may take, all its attempts included.
        credential: the process's Entra ID credential, for an account without a connection string; made here when None.
    """

    def __init__(
        self, storage: StorageSettings, call_seconds: float, credential: AppCredential | None = None
    ) -> None:
        self._storage = storage
        self._call_seconds = call_seconds
        self._clients: dict[str, QueueClient] = {}
        self._credential = credential or AppCredential(storage.client_id)
        self._opening = asyncio.Lock()

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        """Enqueue a text; a missing queue is created."""

        async def send(client: QueueClient) -> Receipt:
            from azure.core.exceptions import ResourceNotFoundError

            spans.current().set_attribute(spans.QUEUE_DELAY, delay_seconds)
            options: dict[str, Any] = {
                "visibility_timeout": math.ceil(delay_seconds),
                "time_to_live": None if keep_seconds is None else math.ceil(keep_seconds),
            }
            try:
                sent = await client.send_message(text, **options)
            except ResourceNotFoundError:
                await self._create(client)
                sent = await client.send_message(text, **options)
            return Receipt(sent.id, sent.pop_receipt or "")

        return await self._call("send", queue, send)

    async def show(self, queue: str, receipt: Receipt) -> bool:
        """Make a delayed message visible now; False when the message is gone, or was taken since."""

        async def show(client: QueueClient) -> bool:
            from azure.core.exceptions import HttpResponseError

            try:
                await client.update_message(receipt.id, receipt.pop, visibility_timeout=0)
            except HttpResponseError as error:
                return _gone_or_taken(error)
            return True

        return await self._call("show", queue, show)

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        """Delete a message; False when the message is gone, or was taken since."""

        async def delete(client: QueueClient) -> bool:
            from azure.core.exceptions import HttpResponseError

            try:
                await client.delete_message(receipt.id, receipt.pop)
            except HttpResponseError as error:
                return _gone_or_taken(error)
            return True

        return await self._call("delete", queue, delete)

    async def receive(self, queue: str, hide_seconds: int) -> list[Queued]:
        """Take up to 32 visible messages; none from a queue that does not exist."""

        async def receive(client: QueueClient) -> list[Queued]:
            from azure.core.exceptions import ResourceNotFoundError

            pages = client.receive_messages(
                messages_per_page=RECEIVE_MAX, max_messages=RECEIVE_MAX, visibility_timeout=hide_seconds
            )
            try:
                return [
                    Queued(
                        Receipt(message.id, message.pop_receipt or ""),
                        str(message.content),
                        message.dequeue_count or 1,
                    )
                    async for message in pages
                ]
            except ResourceNotFoundError:
                return []

        return await self._call("receive", queue, receive)

    async def length(self, queue: str) -> int | None:
        """About how many messages are on a queue, taken and delayed ones too; None when there is no such queue."""

        async def length(client: QueueClient) -> int | None:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return (await client.get_queue_properties()).approximate_message_count
            except ResourceNotFoundError:
                return None

        return await self._call("length", queue, length)

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        await self._credential.close()

    async def _call(self, operation: str, queue: str, attempt: Callable[[QueueClient], Awaitable[T]]) -> T:
        attributes: dict[str, spans.Attribute] = {
            spans.QUEUE_SYSTEM: "azure.queues",
            spans.QUEUE_OPERATION: operation,
            spans.QUEUE_NAME: queue,
        }

        async def one_attempt() -> T:
            return await attempt(await self._client(queue))

        with spans.span(spans.QUEUES + operation, kind=SpanKind.CLIENT, attributes=attributes):
            return await in_attempts("Queue Storage", self._call_seconds, one_attempt)

    async def _client(self, queue: str) -> QueueClient:
        if queue not in self._clients:
            sdk = await load(SDK)
            async with self._opening:
                if queue not in self._clients:
                    self._clients[queue] = self._open(sdk.QueueClient, queue)
        return self._clients[queue]

    def _open(self, client: type[QueueClient], queue: str) -> QueueClient:
        options: dict[str, Any] = {
            "message_encode_policy": None,
            "message_decode_policy": None,
            **client_options(),
        }
        secret = self._storage.connection_string
        if secret is not None:
            return client.from_connection_string(spelled_out(secret.get_secret_value()), queue, **options)
        return client(str(self._storage.queue_uri), queue, credential=self._credential, **options)

    async def _create(self, client: QueueClient) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            await client.create_queue()
        except ResourceExistsError:
            return  # another instance was faster


def _gone_or_taken(error: HttpResponseError) -> bool:
    """False when the service knows no such message under this receipt: MessageNotFound, PopReceiptMismatch."""
    if error.status_code in (400, 404):
        return False
    raise error
