"""The storages under test: in memory, and a real Azurite (marker ``stack``)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from playground.azurite import Azurite
from relay.clock import SystemClock
from relay.config.settings import StorageSettings
from relay.operations.storage import OperatorQueues, OperatorTables, PeekedQueues, ScannedTables
from relay.storage import azure_calls
from tests.doubles import MemoryQueues, MemoryTables
from tests.shared_azurite import SharedAzurite

CALL_SECONDS = 8.0


@dataclass
class Storage:
    """A storage account under test.

    Attributes:
        tables, queues: the ports, and what people ask beside them.
        name: prefix for table and queue names that no other test uses.
    """

    tables: ScannedTables
    queues: PeekedQueues
    name: str


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One account for all tests of a run."""
    with SharedAzurite() as running:
        yield running


@pytest.fixture(params=["double", pytest.param("azurite", marks=pytest.mark.stack)])
async def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Storage]:
    """The double, then the real part."""
    name = "t" + uuid.uuid4().hex[:12]
    if request.param == "double":
        clock = SystemClock()
        yield Storage(MemoryTables(now=clock.now), MemoryQueues(clock), name)
        return
    # A call that a slow machine cuts off is made again, and then meets what it has done itself.
    monkeypatch.setattr(azure_calls, "ATTEMPT_SECONDS", CALL_SECONDS)
    running: Azurite = request.getfixturevalue("azurite")
    where = StorageSettings(connection_string=SecretStr(running.connection_string))
    tables, queues = OperatorTables(where, CALL_SECONDS), OperatorQueues(where, CALL_SECONDS)
    yield Storage(tables, queues, name)
    await tables.aclose()
    await queues.aclose()


@pytest.fixture
async def table(storage: Storage) -> str:
    """A table that is there and empty."""
    await storage.tables.create_table(storage.name)
    return storage.name
