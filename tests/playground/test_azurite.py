"""Azurite as a child process."""

from pathlib import Path

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient

from playground.azurite import Azurite, AzuriteMissing
from playground.processes import ChildFailed


async def table_names(azurite: Azurite) -> list[str]:
    async with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        return [table.name async for table in tables.list_tables()]


async def create_table(azurite: Azurite, name: str) -> None:
    async with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
        await tables.create_table(name)


@pytest.mark.stack
async def test_tables_and_queues_answer() -> None:
    async with Azurite() as azurite:
        await create_table(azurite, "history")
        assert await table_names(azurite) == ["history"]
        async with QueueClient.from_connection_string(azurite.connection_string, "turns") as queue:
            await queue.create_queue()
            await queue.send_message("hello")
            assert [message.content async for message in queue.receive_messages()] == ["hello"]


@pytest.mark.stack
async def test_two_of_them_share_nothing() -> None:
    async with Azurite() as one, Azurite() as other:
        ports = [port for it in (one, other) for port in (it.blob_port, it.queue_port, it.table_port)]
        assert len(set(ports)) == 6
        await create_table(one, "history")
        assert await table_names(other) == []


@pytest.mark.stack
async def test_data_on_disk_survive_a_restart(tmp_path: Path) -> None:
    async with Azurite(in_memory=False, location=tmp_path) as azurite:
        await create_table(azurite, "history")
    async with Azurite(in_memory=False, location=tmp_path) as azurite:
        assert await table_names(azurite) == ["history"]


@pytest.mark.stack
def test_a_port_in_use_is_told() -> None:
    with (
        Azurite() as one,
        pytest.raises(ChildFailed, match="azurite"),
        Azurite(ports=(0, 0, one.table_port)),
    ):
        pytest.fail("it started")


def test_where_it_is_not_set_up_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RELAY_AZURITE_JS", str(tmp_path / "azurite.js"))
    with pytest.raises(AzuriteMissing, match=r"python3 dev\.py test"):
        Azurite().start()
