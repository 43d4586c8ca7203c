"""The conversation's rows in Table Storage: claim a message, read the window, store a reply, mark it sent."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relay import spans
from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bots import Bot
from relay.errors import RelayError, RowChanged, RowExists, StorageUnavailable, TableBusy, TableMissing
from relay.keys import (
    ROWS_HIGH,
    ROWS_LOW,
    conversation_key,
    day_of,
    dedupe_key,
    history_table,
    message_hash,
    message_key,
    reply_key,
)
from relay.memory.rows import Entry, Kind, blanked, is_earlier
from relay.memory.window import Plan, fates, plan
from relay.messages import Message
from relay.ports import Clock, Insert, Merge, Page, Row, Tables, Value

log = logging.getLogger(__name__)

WAITING_ROWS = 11
"""Rows that a day's first page asks for beside the window: ten messages that wait, and the row behind them."""

BURST_ROWS = 100
"""Rows that each further page asks for, or more: room for a burst, which is nearly never there."""

TRANSACTION_MAX_ROWS = 100
"""Azure: changes in one transaction of the Table service."""

CLOCK_SKEW_MS = 5 * MINUTE_MS
"""How far ahead of our clock a message's time may be."""


class HistoryExpired(RelayError):
    """The message is so old that its day's table is, or should be, gone."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a conversation lies and how its rows are judged.

    Attributes:
        partition: partition key in every day's table.
        group: whether several people write in it.
        profile: the bot with the override of a ``robotInfo.function``.
    """

    partition: str
    group: bool
    profile: Callable[[str], Bot]

    @classmethod
    def of(cls, message: Message, bot: Bot) -> Conversation:
        """The conversation that a message belongs to."""
        return cls(conversation_key(message), message.team is not None, bot.for_function)


class History:
    """History rows over a Tables port.

    Args:
        tables: Table Storage.
        clock: wall clock; decides which day tables are read, and which are gone.
        keep_ms: how long after the end of its day a table is kept: the longest limit in force plus a day.
    """

    def __init__(self, tables: Tables, clock: Clock, keep_ms: int) -> None:
        self._tables = tables
        self._clock = clock
        self._keep_ms = keep_ms

    def is_expired(self, day: int) -> bool:
        """Whether the table of a day should be gone."""
        return (day + 1) * DAY_MS + self._keep_ms <= self._clock.now()

    def kept_days(self) -> Sequence[int]:
        """The days whose tables may hold rows, newest first."""
        newest = day_of(self._clock.now() + CLOCK_SKEW_MS)
        days = []
        day = newest
        while not self.is_expired(day):
            days.append(day)
            day -= 1
        return days

    async def claim(self, message: Message, kind: Kind) -> tuple[str, Entry]:
        """Record that a message is there, once; the same row for every delivery by every input.

        Returns:
            The partition of its conversation, and its row: fresh if nobody had claimed it before.

        Raises:
            HistoryExpired: its day is gone.
            StorageUnavailable: try again later.
        """
        with spans.span(spans.CLAIM) as span:
            partition, entry = await self._claim(message, kind)
            span.set_attribute(spans.FRESH, entry.fresh)
            return partition, entry

    async def _claim(self, message: Message, kind: Kind) -> tuple[str, Entry]:
        partition = conversation_key(message)
        # Only the chatbot input tells the topic. A copy of the same message has none, so both meet in the
        # conversation without a topic, and the first to come decides where the message lies.
        base = conversation_key(dataclasses.replace(message, topic=""))
        if (neighbour := self._neighbour_day(message)) is not None:
            found = await self._find(neighbour, base, message.id)
            if found is not None:
                return found
        if message.topic:
            partition = await self._settle_partition(message, base, partition)
        return await self._claim_in(partition, message, kind)

    def _neighbour_day(self, message: Message) -> int | None:
        """The other day in whose table the same message may lie, if one of its deliveries told no time.

        Such a delivery was given the time at which it came: later than the message's own, or than that of an
        earlier delivery.
        """
        day = day_of(message.at)
        if not message.dated:
            return day - 1
        return day + 1 if day_of(self._clock.now()) > day else None

    async def _settle_partition(self, message: Message, base: str, partition: str) -> str:
        """Where a message with a topic lies: in its conversation, unless a delivery without one came first."""
        pointer = Insert(dedupe_key(message.id), {"partition": partition})
        try:
            await self._insert_into_day(day_of(message.at), base, pointer)
        except RowExists:
            row = await self._tables.get(history_table(day_of(message.at)), base, pointer.key)
            if row is None:
                raise StorageUnavailable("a claimed message has no row yet") from None
            return str(row.values.get("partition", base))
        return partition

    async def _claim_in(self, partition: str, message: Message, kind: Kind) -> tuple[str, Entry]:
        key = message_key(message.at, message.id, message.server_id)
        entry = Entry(
            key=key,
            kind=kind,
            state="waiting",
            sender=message.sender,
            text=message.text if kind == "text" else "",
            id=message.id,
            nick=message.nick,
            custom=message.custom,
            function=message.function,
        )
        row = Insert(dedupe_key(message.id), {"row": key})
        try:
            _, etag = await self._insert_into_day(entry.day, partition, row, Insert(key, entry.values()))
        except RowExists:
            found = await self._find(entry.day, partition, message.id)
            if found is None:
                raise StorageUnavailable("a claimed message has no row yet") from None
            return found
        return partition, dataclasses.replace(entry, etag=etag, fresh=True)

    async def get(self, partition: str, entry: Entry) -> Entry | None:
        """The row of an entry as it is now."""
        return await self._get(entry.day, partition, entry.key)

    async def reply_of(self, partition: str, entry: Entry) -> Entry | None:
        """The reply that covers an answered message."""
        return await self._get(entry.day, partition, entry.reply)

    async def is_done(self, partition: str, entry: Entry) -> bool:
        """Whether nothing is left to do for a claimed message: its reply is sent, or ``/forget`` closed it."""
        if entry.state == "closed" or (entry.state == "answered" and entry.kind != "text"):
            return True
        if entry.state != "answered":
            return False
        reply = await self.reply_of(partition, entry)
        return reply is None or reply.state != "stored"

    async def read(
        self, conversation: Conversation, own: Entry, alone: Callable[[Entry], bool] | None = None
    ) -> tuple[Entry, Plan]:
        """Read back from the newest row until the plan is complete; the lease must be held.

        Args:
            conversation: which.
            own: the claimed message that this turn is about.
            alone: see :func:`relay.memory.window.plan`.

        Returns:
            The own message as it is now, and the plan.
        """
        with spans.span(spans.WINDOW) as span:
            own, found = await self._read(conversation, own, alone)
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
                for entry, fate in reversed([*fates(found, conversation.profile)]):
                    role = "assistant" if entry.kind == "reply" else "user"
                    row: dict[str, spans.Attribute] = {
                        spans.ROW: entry.key,
                        spans.ROLE: role,
                        spans.AT: entry.at,
                        spans.FATE: fate,
                    }
                    span.add_event(spans.WINDOW_ROW, row)
            return own, found

    async def _read(
        self, conversation: Conversation, own: Entry, alone: Callable[[Entry], bool] | None
    ) -> tuple[Entry, Plan]:
        entries: dict[str, Entry] = {own.key: own} if own.state == "waiting" else {}
        read_to: Entry | None = None
        seen: set[str] = set()

        def look() -> Plan:
            return plan(
                entries.values(),
                read_to=read_to,
                profile=conversation.profile,
                group=conversation.group,
                alone=alone,
            )

        limit = conversation.profile(own.function).rewind_messages + WAITING_ROWS
        so_far = look()
        day = day_of(self._clock.now() + CLOCK_SKEW_MS)
        first_pages = await self._first_pages(day, so_far.cutoff, conversation.partition, limit)
        while (day + 1) * DAY_MS > so_far.cutoff and not self.is_expired(day):
            async for page in self._pages(day, conversation.partition, limit, first_pages.get(day)):
                for entry in map(Entry.from_row, page.rows):
                    entries[entry.key] = read_to = entry
                    seen.add(entry.key)
                so_far = look()
                if so_far.complete:
                    break
            if so_far.complete:
                break
            day -= 1
        if own.key in seen:
            return entries[own.key], so_far
        # Too old for what was read: look at it itself, it may have been answered since it was claimed.
        current = await self._get(own.day, conversation.partition, own.key) or own
        entries[own.key] = current
        return current, look()

    async def store_reply(
        self,
        partition: str,
        batch: Sequence[Entry],
        reply: Entry,
        *,
        exclude_batch: bool = False,
        promised: bool = False,
    ) -> Entry:
        """Insert the reply and mark every message it covers, all or nothing.

        Args:
            partition: the conversation.
            batch: the messages, as last read.
            reply: the row to insert.
            exclude_batch: keep the messages out of the window as well.
            promised: a ``response`` bot's reply that goes by the API: no copy of a request may show it again.

        Raises:
            RowChanged: someone else answered one of them, or ``/forget`` closed it; look again.
        """
        covered: dict[str, Value] = {"state": "answered", "reply": reply.key}
        covered |= {"excluded": True} if exclude_batch else {}
        covered |= {"promised": True} if promised else {}
        changes = [Merge(entry.key, covered, entry.etag) for entry in batch]
        attributes: dict[str, spans.Attribute] = {
            spans.REPLY: reply.client_id,
            spans.COVERS: [message_hash(entry.id) for entry in batch],
        }
        with spans.span(spans.STORE, attributes=attributes):
            try:
                etags = await self._tables.write(
                    history_table(reply.day), partition, Insert(reply.key, reply.values()), *changes
                )
            except (RowExists, TableMissing, TableBusy) as error:
                raise RowChanged("the batch has a reply already, or its day is gone") from error
        return dataclasses.replace(reply, etag=etags[0])

    async def change(self, partition: str, entry: Entry, **values: Value) -> Entry:
        """Change some plain properties of a row.

        Raises:
            RowChanged: it is not as last read.
        """
        change = Merge(entry.key, values, entry.etag)
        try:
            (etag,) = await self._tables.write(history_table(entry.day), partition, change)
        except (TableMissing, TableBusy) as error:
            raise RowChanged("the day of this row is gone") from error
        return dataclasses.replace(entry, etag=etag, **values)  # type: ignore[arg-type]

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
            promised = Merge(entry.key, {"promised": True}, entry.etag)
            changes = [promised]
            if entry.state == "answered":
                reply = await self.reply_of(partition, entry)
                if reply is None or reply.state != "sent" or reply.returned != request:
                    return entry  # a copy of the request has shown it
                changes.append(Merge(reply.key, {"state": "stored"}, reply.etag))
            try:
                await self.merge_all(partition, entry.day, changes)
            except RowChanged:
                log.info("a message changed while its answer was promised conversation=%s", partition)
            entry = await self.get(partition, entry) or dataclasses.replace(entry, promised=True)
        return entry

    async def exclude(self, partition: str, entries: Iterable[Entry]) -> None:
        """Keep rows out of every later window. One that has changed meanwhile stays; a later turn finds it again."""
        await self._merge_unchanged(partition, {entry: {"excluded": True} for entry in entries})

    async def close(self, partition: str, entries: Iterable[Entry]) -> None:
        """Close waiting messages without an answer and blank them, as their sender's ``/forget`` asks.

        One that has changed meanwhile stays; whoever reads again finds it again.
        """
        closed: dict[str, Value] = {"state": "closed", "forgotten": "late"}
        await self._merge_unchanged(partition, {entry: blanked(entry.values()) | closed for entry in entries})

    async def _merge_unchanged(self, partition: str, values: Mapping[Entry, Mapping[str, Value]]) -> None:
        """Change rows together, day by day; where one of them has changed meanwhile, one by one without that."""
        days: dict[int, list[Merge]] = {}
        for entry, changed in values.items():
            days.setdefault(entry.day, []).append(Merge(entry.key, changed, entry.etag))
        for day, merges in days.items():
            for start in range(0, len(merges), TRANSACTION_MAX_ROWS):
                together = merges[start : start + TRANSACTION_MAX_ROWS]
                try:
                    await self.merge_all(partition, day, together)
                except RowChanged:
                    for merge in together if len(together) > 1 else ():
                        try:
                            await self.merge_all(partition, day, [merge])
                        except RowChanged:
                            log.info(
                                "a row changed before it was excluded or closed conversation=%s", partition
                            )

    async def withhold(self, partition: str, reply: Entry, text: str, client_id: str) -> Entry:
        """Put a fixed text, under an id of its own, in the place of a stored reply that moderation refused.

        Raises:
            RowChanged: it is not as last read.
        """
        plain: dict[str, Value] = {"text": text, "client_id": client_id, "excluded": True, "parts_sent": 0}
        change = Merge(reply.key, blanked(reply.values()) | plain, reply.etag)
        try:
            (etag,) = await self._tables.write(history_table(reply.day), partition, change)
        except (TableMissing, TableBusy) as error:
            raise RowChanged("the day of this reply is gone") from error
        return dataclasses.replace(
            reply, text=text, note="", parts=(), parts_sent=0, client_id=client_id, excluded=True, etag=etag
        )

    async def rows_before(self, partition: str, mark: Entry) -> AsyncIterator[tuple[int, list[Row]]]:
        """Pages of every row of the conversation that is older than the mark, with their day."""
        for day in self.kept_days():
            if day > mark.day:
                continue
            async for page in self._pages(day, partition, 1000):
                rows = [row for row in page.rows if is_earlier(Entry.from_row(row), mark)]
                yield day, rows

    async def merge_all(self, partition: str, day: int, changes: Sequence[Merge]) -> None:
        """Apply up to 100 changes in one transaction.

        Raises:
            RowChanged: one of the rows is not as last read; none was changed.
        """
        try:
            await self._tables.write(history_table(day), partition, *changes)
        except (TableMissing, TableBusy) as error:
            raise RowChanged("the day of these rows is gone") from error

    async def _find(self, day: int, partition: str, message_id: str) -> tuple[str, Entry] | None:
        """Where a message was claimed, and its row; None before both are there."""
        pointer = await self._tables.get(history_table(day), partition, dedupe_key(message_id))
        if pointer is None:
            return None
        if "partition" in pointer.values:
            return await self._find(day, str(pointer.values["partition"]), message_id)
        entry = await self._get(day, partition, str(pointer.values["row"]))
        return (partition, entry) if entry else None

    async def _get(self, day: int, partition: str, key: str) -> Entry | None:
        row = await self._tables.get(history_table(day), partition, key)
        return Entry.from_row(row) if row else None

    async def _first_pages(self, newest: int, cutoff: int, partition: str, limit: int) -> dict[int, Page]:
        """The first page of the newest day and of the day before, if the window may reach it, side by side.

        Always both, full or not: what a turn costs does not depend on what is stored.
        """
        days = [
            day for day in (newest, newest - 1) if (day + 1) * DAY_MS > cutoff and not self.is_expired(day)
        ]
        reads = (self._tables.page(history_table(day), partition, ROWS_LOW, ROWS_HIGH, limit) for day in days)
        return dict(zip(days, await asyncio.gather(*reads), strict=True))

    async def _pages(
        self, day: int, partition: str, limit: int, first: Page | None = None
    ) -> AsyncIterator[Page]:
        low = ROWS_LOW
        while True:
            page = first or await self._tables.page(history_table(day), partition, low, ROWS_HIGH, limit)
            first = None
            if page.rows:
                yield page
                low = page.rows[-1].key + " "  # the next possible key
                limit = max(limit, BURST_ROWS)
            if not (page.rows and page.more):
                return

    async def _insert_into_day(self, day: int, partition: str, *rows: Insert) -> list[str]:
        """Write, creating the day's table with its first message, unless it should be gone."""
        for _ in range(2):
            try:
                return await self._tables.write(history_table(day), partition, *rows)
            except TableMissing:
                if self.is_expired(day):
                    raise HistoryExpired(f"the history of {history_table(day)} has expired") from None
                try:
                    await self._tables.create_table(history_table(day))
                except TableBusy as error:
                    raise StorageUnavailable("a history table is being deleted and made anew") from error
            except TableBusy as error:
                if self.is_expired(day):
                    raise HistoryExpired(f"the history of {history_table(day)} has expired") from None
                raise StorageUnavailable("a history table is being deleted") from error
        raise StorageUnavailable("a history table was made and is still missing")


def reply_to(batch: Sequence[Entry], text: str, client_id: str, parts: tuple[str, ...] = ()) -> Entry:
    """A reply that covers a batch, ready to be stored."""
    newest = batch[-1]
    return Entry(
        key=reply_key(newest.key),
        kind="reply",
        state="stored",
        sender=newest.sender,
        function=newest.function,
        text=text,
        id=newest.id,
        client_id=client_id,
        parts=parts,
    )
