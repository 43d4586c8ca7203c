"""Leases where two want the same one."""

from __future__ import annotations

from relay.keys import LEASE_TABLE
from relay.memory.lease import Leases
from tests.doubles import Call, ManualClock, MemoryTables


async def test_of_two_who_find_a_lease_expired_one_takes_it_over() -> None:
    tables, clock = MemoryTables(), ManualClock()
    await tables.create_table(LEASE_TABLE)
    leases = Leases(tables, clock)
    assert await leases.take("conversation", 10)
    clock.advance(10)

    async def overtaken(call: Call) -> None:
        if call.name == "get":
            tables.after = None
            assert await leases.take("conversation", 10)

    tables.after = overtaken
    assert await leases.take("conversation", 10) is None
