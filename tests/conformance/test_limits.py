"""Counting for limits over Table Storage: instances that count at the same time count together."""

from __future__ import annotations

import asyncio

from relay.clock import SystemClock
from relay.config.bot import Bot, Limits, Rate
from relay.turn.limits import Limiter
from tests.conformance.conftest import Storage


async def test_instances_admit_exactly_as_many_messages_as_allowed(storage: Storage) -> None:
    bot = Bot(
        accid=storage.name,  # no other test counts for it
        name="Helper",
        system_prompt="x",
        limits=Limits(per_sender=Rate(day=12), per_bot=Rate(day=20)),
    )
    instances = [Limiter(storage.tables, SystemClock()) for _ in range(2)]
    verdicts = await asyncio.gather(
        *(
            limiter.admit(bot, sender)
            for _ in range(8)
            for limiter in instances
            for sender in ("alice", "bob")
        )
    )
    assert sum(verdict.admitted for verdict in verdicts) == 20
    assert max(verdict.bot.in_day for verdict in verdicts if verdict.bot) == 20
    late = await Limiter(storage.tables, SystemClock()).admit(bot, "carol")
    assert not late.admitted
