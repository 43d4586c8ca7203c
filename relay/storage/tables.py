"""Azure Table Storage behind :class:`relay.ports.Tables`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.trace import SpanKind

from relay import spans
from relay.config.settings import StorageSettings
from relay.errors import RowChanged, RowExists, TableBusy, TableMissing
from relay.ports import Insert, Merge, Page, Row
from relay.sdk import load
from relay.storage.azure_calls import NO_RETRY_OF_ITS_OWN, error_code, in_attempts, spelled_out
from relay.storage.credential import AppCredential

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient

SDK = "azure.data.tables.aio"

_MEANINGS: Mapping[str, type[RowExists | RowChanged | TableMissing | TableBusy]] = {
    "EntityAlreadyExists": RowExists,
    "UpdateConditionNotSatisfied": RowChanged,
    "ResourceNotFound": RowChanged,
    "EntityDoesNotExist": RowChanged,
    "TableNotFound": TableMissing,
    "TableBeingDeleted": TableBusy,
}
"""Error codes of the Table service (Azure: Table service error codes) that the relay acts on."""


T = TypeVar("T")


class AzureTables:
    """The tables of one storage account.

    A call whose answer was lost is made again: an insert may then find its own row there already.

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
        self._service: TableServiceClient | None = None
        self._credential = credential or AppCredential(storage.client_id)
        self._opening = asyncio.Lock()

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply the changes, all or none; the new etags in their order."""
        if len(changes) > 1:
            return await self._transact(
                "write", table, lambda: [_operation(partition, each) for each in changes]
            )
        (change,) = changes

        async def one(service: TableServiceClient) -> list[str]:
            spans.current().set_attribute(spans.DB_CHANGES, 1)
            client, entity = service.get_table_client(table), _entity(partition, change)
            if isinstance(change, Insert):
                return [str((await client.create_entity(entity))["etag"])]
            return [str((await client.update_entity(entity, **_unchanged_since(change.etag)))["etag"])]

        return await self._call("write", table, one)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None when it or its table does not exist."""

        async def get(service: TableServiceClient) -> Row | None:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return _row(await service.get_table_client(table).get_entity(partition, key))
            except ResourceNotFoundError:
                return None

        return await self._call("get", table, get)

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """Up to ``limit`` rows of a key range, in one request."""

        async def page(service: TableServiceClient) -> Page:
            from azure.core.exceptions import ResourceNotFoundError

            pages = (
                service.get_table_client(table)
                .query_entities(
                    "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high",
                    parameters={"partition": partition, "low": low, "high": high},
                    results_per_page=min(limit, 1000),
                )
                .by_page()
            )
            try:
                async for page in pages:
                    rows = [_row(entity) async for entity in page]
                    more = bool(getattr(pages, "continuation_token", None))
                    if rows or not more:  # the service may send an empty page and go on behind it
                        spans.current().set_attribute(spans.DB_ROWS, len(rows))
                        return Page(rows, more)
            except ResourceNotFoundError:
                return Page()
            return Page()

        return await self._call("page", table, page)

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete a row that is unchanged since the etag."""
        entity = {"PartitionKey": partition, "RowKey": key}
        await self._transact("delete", table, lambda: [("delete", entity, _unchanged_since(etag))])

    async def create_table(self, table: str) -> None:
        """Create a table; no-op when the table exists."""
        await self._call("create", table, lambda service: service.create_table_if_not_exists(table))

    async def drop_table(self, table: str) -> None:
        """Delete a table with all its rows; no-op when the table does not exist, or is being deleted."""
        try:
            await self._call("drop", table, lambda service: service.delete_table(table))
        except (TableMissing, TableBusy, RowChanged):
            return

    async def list_tables(self, prefix: str) -> list[str]:
        """Names of the tables that begin with the prefix, sorted."""
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)

        async def names(service: TableServiceClient) -> list[str]:
            found = service.query_tables(
                "TableName ge @low and TableName lt @high", parameters={"low": prefix, "high": after}
            )
            return sorted([table.name async for table in found])

        return await self._call("list", prefix, names)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._service is not None:
            await self._service.close()
            self._service = None
        await self._credential.close()

    async def _transact(self, operation: str, table: str, operations: Callable[[], list[Any]]) -> list[str]:
        """Several changes, or a deletion: the SDK's plain one does not tell that a row was gone."""

        async def transact(service: TableServiceClient) -> list[str]:
            changes = operations()
            spans.current().set_attribute(spans.DB_CHANGES, len(changes))
            results = await service.get_table_client(table).submit_transaction(changes)
            return [str(result.get("etag", "")) for result in results]

        return await self._call(operation, table, transact)

    async def _call(
        self, operation: str, table: str, attempt: Callable[[TableServiceClient], Awaitable[T]]
    ) -> T:
        attributes: dict[str, spans.Attribute] = {
            spans.DB_SYSTEM: "azure.tables",
            spans.DB_OPERATION: operation,
            spans.DB_TABLE: table,
        }

        async def one_attempt() -> T:
            service = await self._open()
            from azure.core.exceptions import HttpResponseError

            try:
                return await attempt(service)
            except HttpResponseError as error:
                code = error_code(error)
                if code in _MEANINGS:
                    raise _MEANINGS[code](f"Table Storage: {code}") from None
                raise

        with spans.span(spans.TABLES + operation, kind=SpanKind.CLIENT, attributes=attributes):
            return await in_attempts("Table Storage", self._call_seconds, one_attempt)

    async def _open(self) -> TableServiceClient:
        if self._service is None:
            sdk = await load(SDK)
            async with self._opening:
                self._service = self._service or self._client(sdk.TableServiceClient)
        return self._service

    def _client(self, client: type[TableServiceClient]) -> TableServiceClient:
        secret = self._storage.connection_string
        if secret is not None:
            connection = spelled_out(secret.get_secret_value())
            return client.from_connection_string(connection, **NO_RETRY_OF_ITS_OWN)
        endpoint = str(self._storage.table_uri)
        return client(endpoint=endpoint, credential=self._credential, **NO_RETRY_OF_ITS_OWN)


def _entity(partition: str, change: Insert | Merge) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": change.key, **change.values}


def _operation(partition: str, change: Insert | Merge) -> Any:
    if isinstance(change, Insert):
        return ("create", _entity(partition, change))
    return ("update", _entity(partition, change), _unchanged_since(change.etag))


def _unchanged_since(etag: str) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _row(entity: Any) -> Row:
    values = {name: value for name, value in entity.items() if name not in ("PartitionKey", "RowKey")}
    return Row(key=entity["RowKey"], values=values, etag=entity.metadata["etag"])
