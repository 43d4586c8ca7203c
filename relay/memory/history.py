"""The rows of a conversation: read the window, store a reply, change what was read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from relay import spans
from relay.config.bots import Bot
from relay.errors import RowChanged
from relay.frozen import replaced
from relay.keys import conversation_key
from relay.memory.days import Days
from relay.memory.rows import Entry, is_earlier
from relay.memory.window import Plan, fates, plan
from relay.messages import Message, message_hash
from relay.ports import Insert, Merge, Page, Value

log = logging.getLogger(__name__)

SPARE_ROWS = 10
"""Rows that the first read asks for beside the window: what waits, what is refused, commands."""

LEAST_ROWS = 18
"""Rows that the first read asks for, however little is remembered: enough to know a machine by its pace."""

FURTHER_ROWS = 100
"""Rows of every further read, which a burst of messages needs, and little else."""

UNSEEABLE: dict[str, Value] = {"unread": "refused"}
"""Of a picture that a model has refused."""

TRANSACTION_MAX_ROWS = 100
"""Azure: changes in one transaction of the Table service."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a conversation lies and whose settings it goes by.

    Attributes:
        partition: partition key in every day's table.
        group: whether several people write in it.
        bot: the bot without any override.
    """

    partition: str
    group: bool
    bot: Bot

    @classmethod
    def of(cls, message: Message, bot: Bot, partition: str = "") -> Conversation:
        """The conversation that a message belongs to, or the one in which a delivery of it was claimed before."""
        own = conversation_key(message)
        is_alone = message.team is None or (message.member and partition in ("", own))
        return cls(partition or own, not is_alone, bot)


def _sending(reply: Entry) -> tuple[object, ...]:
    """What says how far a reply has come."""
    return reply.state, reply.client_id, reply.parts_sent, reply.stream


class History:
    """Messages and replies of conversations, in the day tables."""

    def __init__(self, days: Days) -> None:
        self._days = days

    async def get(self, partition: str, entry: Entry) -> Entry | None:
        """The row of an entry as it is now."""
        return await self._days.entry(entry.day, partition, entry.key)

    async def reply_of(self, partition: str, entry: Entry) -> Entry | None:
        """The reply that covers an answered message; None when a person has answered it, or when it is gone."""
        return await self._days.entry(entry.day, partition, entry.reply) if entry.reply else None

    async def is_done(self, partition: str, entry: Entry) -> bool:
        """Whether nothing is left to do for a claimed message: its reply is sent, or ``/forget`` closed it."""
        if entry.state == "closed" or (entry.state == "answered" and not entry.reply):
            return True
        if entry.state != "answered":
            return False
        reply = await self.reply_of(partition, entry)
        return reply is None or reply.state != "stored"

    async def read(
        self, conversation: Conversation, question: Entry, only: str | None = None, now: int = 0
    ) -> tuple[Entry, Plan]:
        """Read back from the newest row until the plan is complete; the lease must be held.

        Args:
            conversation: which.
            question: the claimed message that this turn is about.
            only, now: see :func:`relay.memory.window.plan`.

        Returns:
            The question as it is now, and the plan.
        """
        with spans.span(spans.WINDOW) as span:
            question, found = await self._read(conversation, question, only, now)
            if span.is_recording():
                span.set_attributes(
                    {
                        spans.ROWS_READ: len(found.rows),
                        spans.WINDOW_SENT: len(found.window),
                        spans.BATCH: len(found.batch),
                        spans.CUTOFF: found.cutoff,
                    }
                )
                # Oldest first: of more than it keeps for a span (128), OpenTelemetry drops the first.
                for entry, fate in reversed([*fates(found)]):
                    role = "assistant" if entry.kind == "reply" else "user"
                    row: dict[str, spans.Attribute] = {
                        spans.ROW: entry.key,
                        spans.ROLE: role,
                        spans.AT: entry.at,
                        spans.FATE: fate,
                    }
                    span.add_event(spans.WINDOW_ROW, row)
            return question, found

    async def _read(
        self, conversation: Conversation, question: Entry, only: str | None, now: int
    ) -> tuple[Entry, Plan]:
        entries: dict[str, Entry] = {question.key: question} if question.state == "waiting" else {}
        read_to: Entry | None = None
        seen: set[str] = set()

        def look() -> Plan:
            return plan(
                entries.values(),
                read_to=read_to,
                bot=conversation.bot,
                group=conversation.group,
                only=only,
                asker=question.sender,
                now=now,
            )

        rewind_messages = conversation.bot.for_function(question.function).rewind_messages
        limit = max(rewind_messages + SPARE_ROWS, LEAST_ROWS)
        so_far = look()
        day = self._days.newest
        first_pages = await self._first_pages(day, so_far.reach, conversation.partition, limit)
        while self._days.may_hold(day, so_far.reach):
            further = max(limit, FURTHER_ROWS)
            pages = self._days.pages(day, conversation.partition, further, first_pages.get(day))
            async with aclosing(pages):
                async for page in pages:
                    for entry in map(Entry.from_row, page.rows):
                        entries[entry.key] = read_to = entry
                        seen.add(entry.key)
                    so_far = look()
                    if so_far.complete:
                        break
            if so_far.complete:
                break
            day -= 1
        if question.key in seen:
            return entries[question.key], so_far
        # Too old for what was read: look at it itself, it may have been answered since it was claimed.
        current = await self.get(conversation.partition, question) or question
        entries[question.key] = current
        return current, look()

    async def _first_pages(self, newest: int, cutoff: int, partition: str, limit: int) -> dict[int, Page]:
        """The first page of the newest day and of the day before, if the window may reach it, side by side.

        Always both, full or not: what a turn costs does not depend on what is stored.
        """
        days = [day for day in (newest, newest - 1) if self._days.may_hold(day, cutoff)]
        reads = (self._days.page(day, partition, limit) for day in days)
        return dict(zip(days, await asyncio.gather(*reads), strict=True))

    async def before(self, partition: str, mark: Entry) -> AsyncIterator[list[Entry]]:
        """Pages of everything in the conversation that is older than the mark; each page is of one day."""
        for day in self._days.kept():
            if day <= mark.day:
                async for page in self._days.pages(day, partition, 1000):
                    yield [entry for entry in map(Entry.from_row, page.rows) if is_earlier(entry, mark)]

    async def store_reply(
        self,
        partition: str,
        batch: Sequence[Entry],
        reply: Entry,
        *,
        exclude_batch: bool = False,
        promised: bool = False,
        unseeable: Collection[str] = (),
    ) -> Entry:
        """Insert the reply and mark every message it covers, all or nothing.

        Args:
            partition: the conversation.
            batch: the messages, as last read or changed.
            reply: the row to insert.
            exclude_batch: keep the messages out of the window as well.
            promised: a ``response`` bot's reply that goes by the API: no copy of a request may show it again.
            unseeable: keys of messages whose picture the model has refused: it is not shown again.

        Raises:
            RowChanged: someone else answered one of them, or ``/forget`` closed it; look again.
        """
        covered: dict[str, Value] = {"state": "answered", "reply": reply.key}
        covered |= {"excluded": True} if exclude_batch else {}
        covered |= {"promised": True} if promised else {}
        marked = covered | UNSEEABLE
        changes = [Merge(e.key, marked if e.key in unseeable else covered, e.etag) for e in batch]
        attributes: dict[str, spans.Attribute] = {
            spans.REPLY: reply.client_id,
            spans.COVERS: [message_hash(entry.id) for entry in batch],
        }
        with spans.span(spans.STORE, attributes=attributes):
            etags = await self._days.change(reply.day, partition, Insert(reply.key, reply.values()), *changes)
        return replaced(reply, etag=etags[0])

    async def change(self, partition: str, entry: Entry, **values: Value) -> Entry:
        """Change properties of a row. Whoever goes on with the entry goes on with what this returns.

        Raises:
            RowChanged: it is not as last read.
        """
        (etag,) = await self._days.change(entry.day, partition, Merge(entry.key, values, entry.etag))
        return entry.changed(values, etag)

    async def add(self, partition: str, row: Entry, fence: Entry) -> tuple[Entry, Entry]:
        """Insert a row that is of no use once another of its day is not as last read; both as they are now.

        Raises:
            RowChanged: it is not, or the row is there already.
        """
        changes = Insert(row.key, row.values()), Merge(fence.key, {"state": fence.state}, fence.etag)
        etags = await self._days.change(row.day, partition, *changes)
        return replaced(row, etag=etags[0]), replaced(fence, etag=etags[1])

    async def note(self, partition: str, reply: Entry, **values: Value) -> Entry:
        """Change properties of a reply that is being sent, also if it has been excluded meanwhile.

        Raises:
            RowChanged: it is not to be sent any more, or was marked by somebody else.
        """
        while True:
            try:
                return await self.change(partition, reply, **values)
            except RowChanged:
                current = await self.get(partition, reply)
                if current is None or _sending(current) != _sending(reply):
                    raise
                reply = replaced(current, delivered=reply.delivered)

    async def change_together(self, partition: str, changes: Mapping[Entry, Mapping[str, Value]]) -> None:
        """Change a message and its reply, both or neither; nothing to change is fine.

        Raises:
            RowChanged: one of them is not as last read.
        """
        merges = [Merge(entry.key, values, entry.etag) for entry, values in changes.items()]
        if merges:
            await self._days.change(next(iter(changes)).day, partition, *merges)

    async def covered(self, partition: str, reply: Entry) -> list[Entry]:
        """The messages that a reply answers, newest first. They are of its day, right behind it."""
        found: list[Entry] = []
        page = await self._days.page(reply.day, partition, FURTHER_ROWS, behind=reply.key)
        while True:
            found += [entry for entry in map(Entry.from_row, page.rows) if entry.reply == reply.key]
            if len(found) >= reply.covers or not page.more:
                return found
            page = await self._days.page(reply.day, partition, FURTHER_ROWS, behind=page.rows[-1].key)

    async def rounds_for(self, partition: str, entry: Entry) -> list[Entry]:
        """The rounds of calls for a message, with what tools have said, newest first: in front of it, on its day."""
        own, keys, found = message_hash(entry.id), set[str](), list[Entry]()
        async with aclosing(self._days.pages(entry.day, partition, 1000)) as pages:
            async for page in pages:
                for row in map(Entry.from_row, page.rows):
                    if row.key >= entry.key:
                        return found
                    keys |= {row.key} if row.kind == "round" and own in row.covered else set()
                    if row.key.partition(".")[0] in keys:
                        found.append(row)
        return found

    async def change_each(self, partition: str, changes: Mapping[Entry, Mapping[str, Value]]) -> None:
        """Change rows together, day by day; where one is not as last read, one by one without that.

        Whoever reads again finds what has stayed.
        """
        days: dict[int, list[Merge]] = {}
        for entry, values in changes.items():
            days.setdefault(entry.day, []).append(Merge(entry.key, values, entry.etag))
        for day, merges in days.items():
            for start in range(0, len(merges), TRANSACTION_MAX_ROWS):
                together = merges[start : start + TRANSACTION_MAX_ROWS]
                if not await self._merged(day, partition, together) and len(together) > 1:
                    for merge in together:
                        await self._merged(day, partition, [merge])

    async def _merged(self, day: int, partition: str, merges: Sequence[Merge]) -> bool:
        try:
            await self._days.change(day, partition, *merges)
        except RowChanged:
            log.info("rows had changed before they were changed together conversation=%s", partition)
            return False
        return True

    async def exclude(self, partition: str, entries: Iterable[Entry]) -> None:
        """Keep rows out of every later window."""
        await self.change_each(partition, {entry: {"excluded": True} for entry in entries})

    async def close(self, partition: str, entries: Iterable[Entry]) -> None:
        """Close waiting messages without an answer and blank them, as their sender's ``/forget`` asks."""
        await self.change_each(partition, {entry: entry.gone("late") for entry in entries})

    async def promise(self, partition: str, entry: Entry, request: str) -> Entry:
        """Note that the user has read "still thinking": from here on no copy of the request shows the reply.

        A reply that the same request had stored, and could not tell, becomes one that is still to be sent.

        Args:
            partition: the conversation's.
            entry: the claimed message of a ``response`` bot.
            request: id of the request.

        Returns:
            The message as it is now.
        """
        while entry.kind == "text" and not entry.promised and entry.state in ("waiting", "answered"):
            values: dict[str, Value] = {"promised": True}
            changes = [Merge(entry.key, values, entry.etag)]
            if entry.state == "answered":
                reply = await self.reply_of(partition, entry)
                if reply is None or reply.state != "sent" or reply.returned != request:
                    return entry  # a copy of the request has shown it
                changes.append(Merge(reply.key, {"state": "stored"}, reply.etag))
            try:
                etags = await self._days.change(entry.day, partition, *changes)
            except RowChanged:
                log.info("a message changed while its answer was promised conversation=%s", partition)
                entry = await self.get(partition, entry) or replaced(entry, promised=True)
            else:
                entry = entry.changed(values, etags[0])
        return entry
