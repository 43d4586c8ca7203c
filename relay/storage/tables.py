"""Azure Table Storage behind :class:`relay.ports.Tables`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from relay import spans
from relay.errors import RowChanged, RowExists, TableBusy, TableMissing
from relay.ports import Insert, Merge, Page, Row
from relay.sdk import load
from relay.settings import StorageSettings
from relay.storage.azure_calls import bounded, error_code, spelled_out
from relay.storage.credential import app_credential

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient

_MEANINGS: Mapping[str, type[RowExists | RowChanged | TableMissing | TableBusy]] = {
    "EntityAlreadyExists": RowExists,
    "UpdateConditionNotSatisfied": RowChanged,
    "ResourceNotFound": RowChanged,
    "EntityDoesNotExist": RowChanged,
    "TableNotFound": TableMissing,
    "TableBeingDeleted": TableBusy,
}
"""Error codes of the Table service (Azure: Table service error codes) that the relay acts on."""


class AzureTables:
    """The tables of one storage account.

    Args:
        storage: where, and with which credential.
        call_seconds: the longest that one call may take, its retries included.
    """

    def __init__(self, storage: StorageSettings, call_seconds: float) -> None:
        self._storage = storage
        self._call_seconds = call_seconds
        self._service: TableServiceClient | None = None
        self._credential: Any = None
        self._opening = asyncio.Lock()

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply the changes, all or none; the new etags in their order."""
        operations = [_operation(partition, change) for change in changes]
        return await self._transact("write", table, operations)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None when it or its table does not exist."""
        async with self._calling("get", table) as service:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return _row(await service.get_table_client(table).get_entity(partition, key))
            except ResourceNotFoundError:
                return None

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """Up to ``limit`` rows of a key range, in one request."""
        async with self._calling("page", table) as service:
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

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete a row that is unchanged since the etag."""
        entity = {"PartitionKey": partition, "RowKey": key}
        await self._transact("delete", table, [("delete", entity, _unchanged_since(etag))])

    async def create_table(self, table: str) -> None:
        """Create a table; fine when it is there."""
        async with self._calling("create", table) as service:
            await service.create_table_if_not_exists(table)

    async def drop_table(self, table: str) -> None:
        """Delete a table with all it holds; fine when it is not there, or going."""
        try:
            async with self._calling("drop", table) as service:
                await service.delete_table(table)
        except (TableMissing, TableBusy, RowChanged):
            return

    async def list_tables(self, prefix: str) -> list[str]:
        """Names of the tables that begin with the prefix, sorted."""
        async with self._calling("list", prefix) as service:
            after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
            found = service.query_tables(
                "TableName ge @low and TableName lt @high", parameters={"low": prefix, "high": after}
            )
            return sorted([table.name async for table in found])

    async def aclose(self) -> None:
        """Close the connections."""
        if self._service is not None:
            await self._service.close()
            self._service = None
        if self._credential is not None:
            await self._credential.close()

    async def _transact(self, operation: str, table: str, operations: list[Any]) -> list[str]:
        """Even a single change goes as a transaction: only there the SDK always tells the service's error code."""
        async with self._calling(operation, table) as service:
            spans.current().set_attribute(spans.DB_CHANGES, len(operations))
            results = await service.get_table_client(table).submit_transaction(operations)
            return [str(result.get("etag", "")) for result in results]

    @asynccontextmanager
    async def _calling(self, operation: str, table: str) -> AsyncIterator[TableServiceClient]:
        attributes: dict[str, spans.Attribute] = {
            spans.DB_SYSTEM: "azure.tables",
            spans.DB_OPERATION: operation,
            spans.DB_TABLE: table,
        }
        with spans.span(spans.TABLES + operation, kind=SpanKind.CLIENT, attributes=attributes):
            async with bounded("Table Storage", self._call_seconds):
                service = await self._open()
                from azure.core.exceptions import HttpResponseError

                try:
                    yield service
                except HttpResponseError as error:
                    code = error_code(error)
                    if code in _MEANINGS:
                        raise _MEANINGS[code](f"Table Storage: {code}") from None
                    raise

    async def _open(self) -> TableServiceClient:
        if self._service is not None:
            return self._service
        sdk = await load("azure.data.tables.aio")
        async with self._opening:
            if self._service is None:
                options: dict[str, Any] = {
                    "retry_total": 2,
                    "retry_backoff_factor": 0.2,
                    "connection_timeout": 2,
                    "read_timeout": self._call_seconds,
                }
                secret = self._storage.connection_string
                if secret is not None:
                    self._service = sdk.TableServiceClient.from_connection_string(
                        spelled_out(secret.get_secret_value()), **options
                    )
                else:
                    self._credential = await app_credential(self._storage.client_id)
                    self._service = sdk.TableServiceClient(
                        endpoint=self._storage.table_uri, credential=self._credential, **options
                    )
        assert self._service is not None  # noqa: S101  (set above)
        return self._service


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
