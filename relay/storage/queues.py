"""Azure Queue Storage behind :class:`relay.ports.Queues`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from relay import spans
from relay.messages import Receipt
from relay.ports import Queued
from relay.sdk import load
from relay.settings import StorageSettings
from relay.storage.azure_calls import bounded, spelled_out
from relay.storage.credential import app_credential

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

RECEIVE_MAX = 32
"""Azure: Get Messages returns at most 32."""


class AzureQueues:
    """Queues of one storage account. Messages are plain text (``messageEncoding: none`` in host.json).

    Args:
        storage: where, and with which credential.
        call_seconds: the longest that one call may take, its retries included.
    """

    def __init__(self, storage: StorageSettings, call_seconds: float) -> None:
        self._storage = storage
        self._call_seconds = call_seconds
        self._clients: dict[str, QueueClient] = {}
        self._credential: Any = None
        self._opening = asyncio.Lock()

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        """Enqueue; a missing queue is created."""
        async with self._calling("send", queue) as client:
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

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        """Delete; False when it is gone, or was taken since."""
        async with self._calling("delete", queue) as client:
            from azure.core.exceptions import HttpResponseError

            try:
                await client.delete_message(receipt.id, receipt.pop)
            except HttpResponseError as error:
                # MessageNotFound 404, PopReceiptMismatch 400
                if error.status_code in (400, 404):
                    return False
                raise
            return True

    async def receive(self, queue: str, hide_seconds: int) -> list[Queued]:
        """Take up to 32 visible messages; none from a queue that does not exist."""
        async with self._calling("receive", queue) as client:
            from azure.core.exceptions import ResourceNotFoundError

            pages = client.receive_messages(
                messages_per_page=RECEIVE_MAX, max_messages=RECEIVE_MAX, visibility_timeout=hide_seconds
            )
            try:
                return [
                    Queued(Receipt(message.id, message.pop_receipt or ""), str(message.content))
                    async for message in pages
                ]
            except ResourceNotFoundError:
                return []

    async def length(self, queue: str) -> int | None:
        """About how many messages are on a queue, taken and delayed ones too; None when there is no such queue."""
        async with self._calling("length", queue) as client:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return (await client.get_queue_properties()).approximate_message_count
            except ResourceNotFoundError:
                return None

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        if self._credential is not None:
            await self._credential.close()

    @asynccontextmanager
    async def _calling(self, operation: str, queue: str) -> AsyncIterator[QueueClient]:
        attributes: dict[str, spans.Attribute] = {
            spans.QUEUE_SYSTEM: "azure.queues",
            spans.QUEUE_OPERATION: operation,
            spans.QUEUE_NAME: queue,
        }
        with spans.span(spans.QUEUES + operation, kind=SpanKind.CLIENT, attributes=attributes):
            async with bounded("Queue Storage", self._call_seconds):
                yield await self._client(queue)

    async def _client(self, queue: str) -> QueueClient:
        if queue not in self._clients:
            sdk = await load("azure.storage.queue.aio")
            async with self._opening:
                if queue not in self._clients:
                    self._clients[queue] = await self._open(sdk.QueueClient, queue)
        return self._clients[queue]

    async def _open(self, client: type[QueueClient], queue: str) -> QueueClient:
        options: dict[str, Any] = {
            "message_encode_policy": None,
            "message_decode_policy": None,
            "retry_total": 1,
            "initial_backoff": 0.2,
            "increment_base": 1.5,
            "connection_timeout": 2,
            "read_timeout": self._call_seconds,
        }
        secret = self._storage.connection_string
        if secret is not None:
            return client.from_connection_string(spelled_out(secret.get_secret_value()), queue, **options)
        if self._credential is None:
            self._credential = await app_credential(self._storage.client_id)
        return client(str(self._storage.queue_uri), queue, credential=self._credential, **options)

    async def _create(self, client: QueueClient) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            await client.create_queue()
        except ResourceExistsError:
            return  # another instance was faster
