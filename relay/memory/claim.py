"""The claim: a message is recorded once, whichever inputs deliver it and however often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relay import spans
from relay.errors import HistoryExpired, RowChanged, RowExists, StorageUnavailable
from relay.frozen import replaced
from relay.keys import conversation_key, day_of, dedupe_key, message_key
from relay.memory.days import Days
from relay.memory.rows import Entry, Kind
from relay.messages import Message
from relay.ports import Insert, Merge


class Claims:
    """Claims messages in the day tables."""

    def __init__(self, days: Days) -> None:
        self._days = days

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
            while entry.state == "heard":
                entry = await self._addressed(partition, entry, message, kind)
            span.set_attribute(spans.FRESH, entry.fresh)
            return partition, entry

    async def claim_recalled(self, message: Message) -> tuple[str, Entry]:
        """Claim a message that its sender has taken back: whoever delivers it later finds it closed.

        Returns, Raises:
            As :meth:`claim`; fresh if the message had not come yet.
        """
        return await self._claim(message, "text", recalled=True)

    async def find(
        self, message: Message, ids: Sequence[str], *, again: bool = False
    ) -> tuple[str, Entry] | None:
        """Where a message was claimed, and its row, if it was.

        Args:
            message: without a topic. If it tells its time, it is looked for on that day and the next, else on every
                day that is kept.
            ids: under which it may be known, the likelier first.
            again: it was looked for before: it can only have come meanwhile.

        Raises:
            StorageUnavailable: try again later.
        """
        base, own = conversation_key(message), day_of(message.at)
        days = (own, own + 1) if message.dated else self._days.kept()[: 2 if again else None]
        for day in days:
            for message_id in ids:
                if (found := await self._find(day, base, message_id)) is not None:
                    return found
        return None

    async def hear(self, message: Message) -> None:
        """Keep a message that is for nobody, unless it is there already.

        Raises:
            StorageUnavailable: try again later.
        """
        partition = conversation_key(message)
        neighbour = self._neighbour_day(message)
        if neighbour is not None and await self._find(neighbour, partition, message.id) is not None:
            return
        entry = Entry.of(message, "text", message_key(message.at, message.id, message.server_id))
        row = Insert(entry.key, replaced(entry, state="heard").values())
        try:
            await self._days.insert(
                entry.day, partition, Insert(dedupe_key(message.id), {"row": entry.key}), row
            )
        except (RowExists, HistoryExpired):
            return

    async def _addressed(self, partition: str, heard: Entry, message: Message, kind: Kind) -> Entry:
        """A message that was heard becomes what this delivery of it says: it is for the bot, and waits."""
        said = Entry.of(message, kind, heard.key)
        if heard.edited and kind == "text":
            said = replaced(said, text=heard.text)
        values = heard.blanked() | said.values()
        try:
            (etag,) = await self._days.change(heard.day, partition, Merge(heard.key, values, heard.etag))
        except RowChanged:
            current = await self._days.entry(heard.day, partition, heard.key)
            if current is None:
                raise HistoryExpired("what was heard has expired") from None
            return current
        return replaced(heard.changed(values, etag), fresh=True)

    async def _claim(self, message: Message, kind: Kind, *, recalled: bool = False) -> tuple[str, Entry]:
        partition = conversation_key(message)
        # Only the chatbot input tells the topic. A copy of the same message has none, so both meet in the
        # conversation without a topic, and the first to come decides where the message lies. Likewise for a group
        # whose members have come to have conversations of their own.
        base = conversation_key(replace(message, topic="", member=False))
        if (neighbour := self._neighbour_day(message)) is not None:
            found = await self._find(neighbour, base, message.id)
            if found is not None:
                return found
        if partition != base:
            partition = await self._settle_partition(message, base, partition)
        entry = Entry.of(message, kind, message_key(message.at, message.id, message.server_id))
        if recalled:
            entry = replaced(entry, state="closed", forgotten="recalled")
        return await self._insert(partition, message, entry)

    def _neighbour_day(self, message: Message) -> int | None:
        """The other day in whose table the same message may lie, if one of its deliveries told no time.

        Such a delivery was given the time at which it came: later than the message's own, or than that of an
        earlier delivery.
        """
        day = day_of(message.at)
        if not message.dated:
            return day - 1
        return day + 1 if self._days.is_over(day) else None

    async def _settle_partition(self, message: Message, base: str, partition: str) -> str:
        """Where a message beside the base lies: in its conversation, unless a delivery without one came first."""
        day, pointer = day_of(message.at), Insert(dedupe_key(message.id), {"partition": partition})
        try:
            await self._days.insert(day, base, pointer)
        except RowExists:
            row = await self._days.row(day, base, pointer.key)
            if row is None:
                raise StorageUnavailable("a claimed message has no row yet") from None
            return str(row.values.get("partition", base))
        return partition

    async def _insert(self, partition: str, message: Message, entry: Entry) -> tuple[str, Entry]:
        pointer = Insert(dedupe_key(message.id), {"row": entry.key})
        try:
            _, etag = await self._days.insert(
                entry.day, partition, pointer, Insert(entry.key, entry.values())
            )
        except RowExists:
            found = await self._find(entry.day, partition, message.id)
            if found is None:
                raise StorageUnavailable("a claimed message has no row yet") from None
            return found
        return partition, replaced(entry, etag=etag, fresh=True)

    async def _find(self, day: int, partition: str, message_id: str) -> tuple[str, Entry] | None:
        """Where a message was claimed, and its row; None before both are there."""
        pointer = await self._days.row(day, partition, dedupe_key(message_id))
        if pointer is None:
            return None
        if "partition" in pointer.values:
            return await self._find(day, str(pointer.values["partition"]), message_id)
        entry = await self._days.entry(day, partition, str(pointer.values["row"]))
        return (partition, entry) if entry else None
