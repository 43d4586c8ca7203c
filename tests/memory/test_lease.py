"""Leases where two want the same one."""

from __future__ import annotations

from relay.keys import LEASE_TABLE
from relay.memory.lease import Leases
from relay.ports import Row
from tests.doubles import ManualClock, MemoryTables


async def test_of_two_who_find_a_lease_expired_one_takes_it_over() -> None:
    tables, clock = MemoryTables(), ManualClock()
    await tables.create_table(LEASE_TABLE)
    leases = Leases(tables, clock)
    assert await leases.take("conversation", 10)
    clock.advance(10)
    get = tables.get

    async def overtaken(table: str, partition: str, key: str) -> Row | None:
        row = await get(table, partition, key)
        tables.get = get  # type: ignore[method-assign]
        assert await leases.take(partition, 10)
        return row

    tables.get = overtaken  # type: ignore[method-assign]
    assert await leases.take("conversation", 10) is None
