"""Limits: how many messages a sender, and everybody together, may write to a bot in a minute and in a day, and how many
tokens their answers may take.

A minute is one of the clock's, a day is UTC's. A message that is within every limit takes one of each: the counts of
its sender and of its bot lie in one partition, so that one conditional write takes both, whichever instance counts.
Messages that a process counts for a bot at the same time share the write. It succeeds only on the counts that it was
decided on, so no instance admits what another has taken; a message over a limit takes nothing, and needs no call
where this process has seen the limit reached.

Tokens are counted once an answer is stored: the one that crosses the limit is given whole.

Limits guard against cost and flooding, not against wrong answers. Whatever goes wrong lets messages pass: a process
that dies between the claim and the count leaves that message uncounted, and so does storage that cannot be reached.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from relay import spans
from relay.clock import MINUTE_MS
from relay.config.bot import Bot, Limits
from relay.errors import RowChanged, RowExists, StorageError, StorageUnavailable, TableMissing
from relay.keys import bot_key, day_of, limits_table
from relay.memory.counts import Admission, Count, Decision
from relay.memory.history import History
from relay.memory.rows import Entry
from relay.ports import Clock, Tables

log = logging.getLogger(__name__)

ATTEMPTS = 30
"""How often a write is tried that meets the writes of other instances. Each time one of them is done: with 10, a sixth
of the messages to ten busy instances were not counted, with 30 less than one in a hundred."""

TOGETHER_MAX = 99
"""Messages that share a write: their senders' counts and the bot's fit one transaction of 100 changes."""

REMEMBERED_MAX = 10_000
"""Counts of a bot that a process remembers, to write them without reading them first."""


@dataclass(eq=False, slots=True)
class _Message:
    """A message that waits for its admission."""

    sender: str
    admission: Admission | None = None


@dataclass(slots=True)
class _Counting:
    """Where the messages of one bot are counted, one write at a time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[_Message] = field(default_factory=list)
    day: int = 0
    counts: dict[str, Count] = field(default_factory=dict)


T = TypeVar("T")


class Limiter:
    """Counts messages over a Tables port.

    Args:
        tables: Table Storage.
        clock: wall clock; says which minute and which day it is.
        new_writer: makes the name of a write, different for every one.
    """

    def __init__(
        self, tables: Tables, clock: Clock, new_writer: Callable[[], str] = lambda: uuid.uuid4().hex
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._new_writer = new_writer
        self._countings: dict[str, _Counting] = {}

    async def admit(self, bot: Bot, sender: str) -> Admission:
        """Count a message, if its limits allow it. Never raises: what cannot be counted is admitted."""
        if bot.limits is None:
            return Admission()
        counting = self._countings.setdefault(bot.accid, _Counting())
        message = _Message(sender)
        counting.waiting.append(message)
        try:
            async with counting.lock:
                if (
                    message.admission is None
                ):  # else whoever held the lock has counted it together with the own
                    await self._decide(bot, bot.limits, counting)
        finally:
            if message in counting.waiting:
                counting.waiting.remove(message)
        return message.admission or Admission()

    async def _decide(self, bot: Bot, limits: Limits, counting: _Counting) -> None:
        together = counting.waiting[:TOGETHER_MAX]
        try:
            admissions = await self._count(
                bot.accid, limits, counting, [message.sender for message in together]
            )
        except StorageError as failure:
            log.warning("messages not counted bot=%s count=%d cause=%s", bot.accid, len(together), failure)
            admissions = [Admission()] * len(together)
        for message, admission in zip(together, admissions, strict=True):
            message.admission = admission
        counting.waiting = [message for message in counting.waiting if message.admission is None]

    async def spend(self, bot: Bot, senders: Sequence[str], tokens: int) -> None:
        """Count what an answer took, in equal parts for those that it answers. Never raises."""
        if bot.limits is None or not bot.limits.count_tokens or not tokens:
            return
        counting, share = self._countings.setdefault(bot.accid, _Counting()), -(-tokens // len(senders))

        def add(decision: Decision) -> None:
            for sender in senders:
                decision.spend(sender, share)

        try:
            async with counting.lock:
                await self._write(bot.accid, bot.limits, counting, add)
        except StorageError as failure:
            log.warning("tokens not counted bot=%s tokens=%d cause=%s", bot.accid, tokens, failure)

    async def _count(
        self, accid: str, limits: Limits, counting: _Counting, senders: Sequence[str]
    ) -> list[Admission]:
        return await self._write(
            accid, limits, counting, lambda decision: [decision.admit(sender) for sender in senders]
        )

    async def _write(
        self, accid: str, limits: Limits, counting: _Counting, decide: Callable[[Decision], T]
    ) -> T:
        """Decide on the counts, and write those that it changes: on the counts that it was decided on, or again."""
        now = self._clock.now()
        table, partition = limits_table(day_of(now)), bot_key(accid)
        if counting.day != day_of(now) or len(counting.counts) > REMEMBERED_MAX:
            counting.day, counting.counts = day_of(now), {}
        for _ in range(ATTEMPTS):
            decision = Decision(limits, counting.counts, now // MINUTE_MS)
            decided = decide(decision)
            if not decision.changed:
                return decided
            writer = self._new_writer()
            changes = [count.change(key, writer) for key, count in decision.changed.items()]
            try:
                etags = await self._tables.write(table, partition, *changes)
            except TableMissing:
                await self._tables.create_table(table)
            except (RowExists, RowChanged):
                rows = await asyncio.gather(
                    *(self._tables.get(table, partition, key) for key in decision.changed)
                )
                counting.counts |= zip(decision.changed, map(Count.from_row, rows), strict=True)
                if any(row is not None and row.values["writer"] == writer for row in rows):
                    return decided  # it was our own write, whose answer was lost
            else:
                for (key, count), etag in zip(decision.changed.items(), etags, strict=True):
                    counting.counts[key] = replace(count, etag=etag)
                return decided
        raise StorageUnavailable("other instances were faster each time")


async def counted(limiter: Limiter, history: History, bot: Bot, partition: str, message: Entry) -> Entry:
    """Count a claimed message and note in its row what follows: that it is over a limit, or the last one within.

    Only the first claim of a message counts it, so redeliveries, retries and watches do not.

    Returns:
        The message as it is now.
    """
    if bot.limits is None or not message.fresh:
        return message
    with spans.span(spans.LIMITS) as span:
        admission = await limiter.admit(bot, message.sender)
        span.set_attributes(dict(_attributes(bot.limits, admission)))
        if not admission.until:
            return message
        mark = "warned" if admission.admitted else "limited"
        try:
            return await history.change(partition, message, **{mark: str(admission.until)})
        except (RowChanged, StorageUnavailable) as failure:
            log.warning(
                "limit not noted bot=%s conversation=%s cause=%s",
                bot.accid,
                partition,
                type(failure).__name__,
            )
            return message


def _attributes(limits: Limits, admission: Admission) -> Iterator[tuple[str, spans.Attribute]]:
    if admission.sender is None or admission.bot is None:
        yield spans.OUTCOME, "uncounted"
        return
    yield spans.OUTCOME, "admitted" if admission.admitted else "limited"
    if admission.until:
        yield spans.LIMITED_UNTIL, admission.until
    if limits.per_sender is not None:
        yield spans.SENDER_MINUTE, admission.sender.in_minute
        yield spans.SENDER_DAY, admission.sender.in_day
    if limits.per_bot is not None:
        yield spans.BOT_MINUTE, admission.bot.in_minute
        yield spans.BOT_DAY, admission.bot.in_day
