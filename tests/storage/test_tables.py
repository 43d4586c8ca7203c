"""AzureTables: what the Table service answers to a plain call, and what the relay makes of it.

Answers that Azurite never gives; those that it gives are held by tests/conformance.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from pydantic import SecretStr

from playground.loopback import serving
from relay.config.settings import StorageSettings
from relay.errors import RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.ports import Insert, Merge
from relay.storage.tables import AzureTables

CALLS = ("insert", "merge", "delete")

WORDS = "hunter2"
"""Stands in every refusal: a real one may quote the request."""


@dataclass
class Service:
    """A Table service that refuses as told, then says yes.

    Attributes:
        refusals: status and error code; without a code the body is no JSON.
        requests: what came: method, If-Match, Prefer.
    """

    refusals: list[tuple[int, str]] = field(default_factory=list)
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    tables: AzureTables = field(init=False)

    async def answer(self, request: web.Request) -> web.Response:
        headers = request.headers
        self.requests.append((request.method, headers.get("If-Match"), headers.get("Prefer")))
        if not self.refusals:
            return web.Response(status=204, headers={"ETag": 'W/"new"'})
        status, code = self.refusals.pop(0)
        if not code:
            return web.Response(status=status, text=WORDS)
        error = {"code": code, "message": {"lang": "en-US", "value": WORDS}}
        return web.json_response({"odata.error": error}, status=status)

    async def call(self, name: str) -> list[str]:
        """One plain call."""
        if name == "delete":
            await self.tables.delete("table", "p", "a", 'W/"old"')
            return []
        change = Insert("a", {"n": 1}) if name == "insert" else Merge("a", {"n": 1}, 'W/"old"')
        return await self.tables.write("table", "p", change)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    async with serving(app) as url:
        where = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint={url}/a"
        service.tables = AzureTables(StorageSettings(connection_string=SecretStr(where)), call_seconds=10)
        yield service
        await service.tables.aclose()


async def test_one_change_is_one_plain_request(service: Service) -> None:
    assert await service.call("insert") == ['W/"new"']
    assert await service.call("merge") == ['W/"new"']
    await service.call("delete")
    assert service.requests == [
        ("POST", None, "return-no-content"),
        ("PATCH", 'W/"old"', None),
        ("DELETE", 'W/"old"', None),
    ]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (404, "TableNotFound", TableMissing),
        (404, "ResourceNotFound", RowChanged),
        (409, "EntityAlreadyExists", RowExists),
        (409, "TableBeingDeleted", TableBusy),
        (412, "UpdateConditionNotSatisfied", RowChanged),
    ],
)
async def test_a_refusal_means_the_same_to_every_call(
    service: Service, call: str, status: int, code: str, meaning: type[Exception]
) -> None:
    service.refusals = [(status, code)]
    with pytest.raises(meaning, match=f"^Table Storage: {code}$"):
        await service.call(call)
    assert len(service.requests) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "AuthorizationFailure", "AuthorizationFailure"),
        (400, "PropertyValueTooLarge", "PropertyValueTooLarge"),
        (404, "AccountNotFound", "AccountNotFound"),
        (404, "", "HTTP 404"),
    ],
)
async def test_any_other_refusal_is_told_by_its_code_alone_and_once(
    service: Service, call: str, status: int, code: str, told: str
) -> None:
    """An unknown 404 too: it is no row that is gone, and no deletion that was done."""
    service.refusals = [(status, code)]
    with pytest.raises(StorageUnavailable, match=f"^Table Storage: {told}$") as caught:
        await service.call(call)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(service.requests) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("refusal", [(503, "ServerBusy"), (500, "InternalError"), (502, "")])
async def test_what_may_pass_is_asked_again(service: Service, call: str, refusal: tuple[int, str]) -> None:
    service.refusals = [refusal]
    await service.call(call)
    assert len(service.requests) == 2
