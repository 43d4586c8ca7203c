"""What the storage clients take from the environment: a proxy, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from playground.azurite import ACCOUNT, ACCOUNT_KEY
from playground.loopback import serving
from relay.config.settings import StorageSettings
from relay.messages import Receipt
from relay.ports import Insert
from relay.storage.queues import AzureQueues
from relay.storage.tables import AzureTables

Call = Callable[[StorageSettings], Awaitable[None]]


async def write_a_row(storage: StorageSettings) -> None:
    async with aclosing(AzureTables(storage, call_seconds=5)) as tables:
        await tables.write("table", "p", Insert("a", {"n": 1}))


async def delete_a_message(storage: StorageSettings) -> None:
    async with aclosing(AzureQueues(storage, call_seconds=5)) as queues:
        await queues.delete("relay-turns", Receipt("id", "pop"))


@dataclass
class Service:
    """Says yes to everything.

    Attributes:
        url: where it listens.
        asked: host and kind of authorization of each request.
    """

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        kind = request.headers["Authorization"].split(" ")[0]
        self.asked.append((request.headers["Host"], kind))
        return web.Response(status=204, headers={"ETag": 'W/"new"'})


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    served = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.answer)
    async with serving(app) as served.url:
        yield served


def at(url: str) -> StorageSettings:
    endpoints = f"TableEndpoint={url}/{ACCOUNT};QueueEndpoint={url}/{ACCOUNT}"
    key = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
    return StorageSettings(connection_string=SecretStr(f"{key};{endpoints}"))


calls = pytest.mark.parametrize("call", [write_a_row, delete_a_message])


@calls
async def test_storage_is_reached_by_the_proxy_that_the_environment_names(
    service: Service, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", service.url)
    await call(at("http://storage.invalid:10002"))
    assert service.asked == [("storage.invalid:10002", "SharedKey")]


@calls
async def test_passwords_that_other_programs_keep_for_the_host_are_not_sent(
    service: Service, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("default login somebody password hunter2\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(passwords))
    monkeypatch.setenv("NO_PROXY", "example.com")  # which is no proxy
    await call(at(service.url))
    assert [kind for _, kind in service.asked] == ["SharedKey"]
