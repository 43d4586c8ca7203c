"""Azure Table Storage behind :class:`relay.ports.Tables`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.trace import SpanKind

from relay import spans
from relay.config.settings import StorageSettings
from relay.errors import RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.sdk import load
from relay.storage.azure_calls import client_options, error_code, in_attempts, spelled_out
from relay.storage.credential import AppCredential
from relay.storage_ports import Insert, Merge, Page, Row

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.data.tables.aio import TableClient, TableServiceClient

SDK = "azure.data.tables.aio"

_ERRORS: Mapping[str, type[RowExists | RowChanged | TableMissing | TableBusy]] = {
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

    A call whose answer was lost is made again: an insert may then meet the row that it made itself.

    Args:
        storage: where.
        call_seconds: the longest that one call may take, all its attempts included.
        credential: of the process; one of its own when None. It is used where there is no connection string.
    """

    def __init__(
        self, storage: StorageSettings, call_seconds: float, credential: AppCredential | None = None
    ) -> None:
        self._storage = storage
        self._call_seconds = call_seconds
        self._service: TableServiceClient | None = None
        self._clients: dict[str, TableClient] = {}
        self._credential = credential or AppCredential(storage.client_id)
        self._opening = asyncio.Lock()

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply the changes, all or none; the new etags in their order."""

        async def write(service: TableServiceClient) -> list[str]:
            spans.current().set_attribute(spans.DB_CHANGES, len(changes))
            client = self._client_of(service, table)
            operations = [_operation(partition, each) for each in changes]
            if len(operations) > 1:
                results = await client.submit_transaction(operations)
            else:  # a transaction of one takes twice the CPU of a plain call
                ((name, entity, options),) = operations
                plain = client.create_entity if name == "create" else client.update_entity
                results = [await plain(entity, raw_response_hook=_raise_known, **options)]
            return [str(result["etag"]) for result in results]

        return await self._call("write", table, write)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """One row, or None when it or its table does not exist."""

        async def get(service: TableServiceClient) -> Row | None:
            from azure.core.exceptions import ResourceNotFoundError

            try:
                return row_of(await self._client_of(service, table).get_entity(partition, key))
            except ResourceNotFoundError:
                return None

        return await self._call("get", table, get)

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        """Up to ``limit`` rows of a key range, in one request."""

        async def page(service: TableServiceClient) -> Page:
            from azure.core.exceptions import ResourceNotFoundError

            pages = (
                self._client_of(service, table)
                .query_entities(
                    "PartitionKey eq @partition and RowKey ge @low and RowKey lt @high",
                    parameters={"partition": partition, "low": low, "high": high},
                    results_per_page=min(limit, 1000),
                )
                .by_page()
            )
            try:
                async for page in pages:
                    rows = [row_of(entity) async for entity in page]
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

        async def delete(service: TableServiceClient) -> None:
            spans.current().set_attribute(spans.DB_CHANGES, 1)
            await self._client_of(service, table).delete_entity(
                partition, key, raw_response_hook=_raise_known, **_unchanged_since(etag)
            )

        await self._call("delete", table, delete)

    async def create_table(self, table: str) -> None:
        """Create a table; fine when it is there."""
        await self._call("create", table, lambda service: service.create_table_if_not_exists(table))

    async def drop_table(self, table: str) -> None:
        """Delete a table with all it holds; fine when it is not there, or going."""
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
            self._clients.clear()
        await self._credential.close()

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
                if code in _ERRORS:
                    raise _ERRORS[code](f"Table Storage: {code}") from None
                raise

        with spans.span(spans.TABLES + operation, kind=SpanKind.CLIENT, attributes=attributes):
            return await in_attempts("Table Storage", self._call_seconds, one_attempt)

    async def _open(self) -> TableServiceClient:
        if self._service is None:
            sdk = await load(SDK)
            async with self._opening:
                self._service = self._service or self._client(sdk.TableServiceClient)
        return self._service

    def _client_of(self, service: TableServiceClient, table: str) -> TableClient:
        """The SDK's client of a table, kept: making one costs a fifteenth of a call."""
        if table not in self._clients:
            self._clients[table] = service.get_table_client(table)
        return self._clients[table]

    def _client(self, client: type[TableServiceClient]) -> TableServiceClient:
        secret = self._storage.connection_string
        if secret is not None:
            connection = spelled_out(secret.get_secret_value())
            return client.from_connection_string(connection, **client_options())
        endpoint = str(self._storage.table_uri)
        return client(endpoint=endpoint, credential=self._credential, **client_options())


def _operation(partition: str, change: Insert | Merge) -> Any:
    entity = {"PartitionKey": partition, "RowKey": change.key, **change.values}
    if isinstance(change, Insert):
        return ("create", entity, {"response_preference": "return-no-content"})
    return ("update", entity, _unchanged_since(change.etag))


def _unchanged_since(etag: str) -> dict[str, Any]:
    from azure.core import MatchConditions

    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def row_of(entity: Any) -> Row:
    """An entity of the SDK as the ports name it."""
    values = dict(entity)
    del values["PartitionKey"]
    return Row(key=values.pop("RowKey"), values=values, etag=entity.metadata["etag"])


def _raise_known(response: PipelineResponse[Any, Any]) -> None:
    """Raise what the answer to a plain call means to the relay.

    The SDK's own reading of it is not enough: ``create_entity`` leaves the service's error code out, and
    ``delete_entity`` takes any 404 for success.
    """
    from azure.core.exceptions import HttpResponseError

    answer = response.http_response
    if answer.status_code < 400:
        return
    try:
        code = str(json.loads(answer.text())["odata.error"]["code"])
    except (ValueError, LookupError, TypeError):
        code = answer.headers.get("x-ms-error-code") or f"HTTP {answer.status_code}"
    if answer.status_code == 404:
        raise _ERRORS.get(code, StorageUnavailable)(f"Table Storage: {code}")
    error = HttpResponseError(response=answer)
    error.error_code = code  # type: ignore[attr-defined]
    raise error
