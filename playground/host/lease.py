"""The hold that a host has on a message it has taken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue import StorageErrorCode
from azure.storage.queue.aio import QueueClient

from playground.host.lifetime import Lifetime

_LOST = (StorageErrorCode.MESSAGE_NOT_FOUND, StorageErrorCode.POP_RECEIPT_MISMATCH)

_log = logging.getLogger("host.queues")


class Lease:
    """Keeps one message hidden inside ``async with``, and gives it back or deletes it afterwards."""

    def __init__(self, queue: QueueClient, message: StoredMessage, seconds: int) -> None:
        self._queue = queue
        self._id = message.id
        self._receipt = message.pop_receipt
        self._seconds = seconds
        self._needed = Lifetime()

    async def __aenter__(self) -> Self:
        self._renewal = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._needed.end()
        await self._renewal  # not cancelled: a renewal under way decides which receipt is valid

    async def delete(self) -> None:
        """Delete the message; fine when it is gone, or was taken since."""
        async with self._unless_lost():
            await self._queue.delete_message(self._id, self._receipt)

    async def release(self, delay_seconds: float) -> None:
        """Make the message visible again after a delay; fine when it is gone, or was taken since."""
        async with self._unless_lost():
            await self._queue.update_message(self._id, self._receipt, visibility_timeout=int(delay_seconds))

    async def _renew(self) -> None:
        while True:
            await self._needed.pause(self._seconds / 2)
            if self._needed.ended:
                return
            try:
                async with self._unless_lost():
                    updated = await self._queue.update_message(
                        self._id, self._receipt, visibility_timeout=self._seconds
                    )
                    self._receipt = updated.pop_receipt
            except AzureError as error:
                _log.warning("message %s could not be kept hidden: %s", self._id, type(error).__name__)

    @contextlib.asynccontextmanager
    async def _unless_lost(self) -> AsyncIterator[None]:
        try:
            yield
        except HttpResponseError as error:
            if getattr(error, "error_code", None) not in _LOST:
                raise
            _log.warning("message %s was deleted or taken by somebody else", self._id)
