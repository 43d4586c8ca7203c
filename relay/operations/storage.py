"""What people may ask of storage and no turn does: rows of every conversation, messages that stay on their queue, its
clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from relay.keys import LEASE_TABLE
from relay.ports import Queues, Row, Tables
from relay.storage.azure_calls import in_attempts
from relay.storage.queues import RECEIVE_MAX, AzureQueues
from relay.storage.tables import AzureTables, row_of

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient
    from azure.storage.queue.aio import QueueClient

SCAN_SECONDS = 60.0
"""The longest that one page of a scan may take, all its attempts included."""

SCAN_PAGE_SECONDS = 10.0
"""Time of the first attempt at a page: the service may look for 5 seconds before it sends what it has found (Azure:
Query timeout and pagination)."""

Found = tuple[str, Row]
"""A partition, and a row of it."""


class ScannedTables(Tables, Protocol):
    """Tables that can be looked through."""

    def scan(
        self, table: str, partition: str = "", select: Sequence[str] = (), **equal: str
    ) -> AsyncIterator[list[Found]]:
        """Every row whose properties are equal to these: a list for each request, which may be empty.

        The service reads the whole table, or partition, and sends what fits.

        Args:
            table: there are no rows when there is no such table.
            partition: only this one; empty for all.
            select: the properties to be sent; all if empty.
            equal: properties, ``RowKey`` among them, and their values.
        """

    async def service_time(self) -> int:
        """The end of the service's present second, Unix milliseconds, whatever this machine's clock says."""


class PeekedQueues(Queues, Protocol):
    """Queues that can be looked at."""

    async def peek(self, queue: str) -> list[str]:
        """The first 32 messages that are visible, and stay so; none from a queue that does not exist."""

    async def length(self, queue: str) -> int | None:
        """About how many messages there are, taken and delayed ones too; None when there is no such queue."""


class OperatorTables(AzureTables):
    """The tables of a storage account, for people."""

    async def scan(
        self, table: str, partition: str = "", select: Sequence[str] = (), **equal: str
    ) -> AsyncIterator[list[Found]]:
        """A page for each request."""
        wanted = {**({"PartitionKey": partition} if partition else {}), **equal}
        query = " and ".join(f"{name} eq @{name}" for name in wanted)
        chosen = ["PartitionKey", "RowKey", *select] if select else None
        token: Any = None

        async def page() -> tuple[list[Found], Any]:
            from azure.core.exceptions import ResourceNotFoundError

            client = self._client_of(await self._open(), table)
            pages = client.query_entities(query, parameters=wanted, select=chosen).by_page(token)
            try:
                async for found in pages:
                    rows = [found_in(entity) async for entity in found]
                    return rows, getattr(pages, "continuation_token", None)
            except ResourceNotFoundError:
                pass
            return [], None

        while True:
            rows, token = await in_attempts("Table Storage", SCAN_SECONDS, page, SCAN_PAGE_SECONDS)
            yield rows
            if not token:
                return

    async def service_time(self) -> int:
        """From the header of an answer."""
        dates: list[str] = []

        async def ask(service: TableServiceClient) -> None:
            found = service.query_tables(
                "TableName eq @name",
                parameters={"name": LEASE_TABLE},
                raw_response_hook=lambda response: dates.append(response.http_response.headers["Date"]),
            )
            async for _ in found:
                break

        await self._call("list", LEASE_TABLE, ask)
        return int(parsedate_to_datetime(dates[-1]).timestamp()) * 1000 + 999


def found_in(entity: Any) -> Found:
    """A partition and a row of it. Azure sends a property that was selected and is not there as null."""
    row = row_of(entity)
    values = {name: value for name, value in row.values.items() if value is not None}
    return str(entity["PartitionKey"]), replace(row, values=values)


class OperatorQueues(AzureQueues):
    """The queues of a storage account, for people."""

    async def peek(self, queue: str) -> list[str]:
        """Asked once."""

        async def peek(client: QueueClient) -> list[str]:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return [str(message.content) for message in await client.peek_messages(RECEIVE_MAX)]
            except ResourceNotFoundError:
                return []

        return await self._call("peek", queue, peek)
