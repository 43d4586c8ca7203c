"""What the limits of a bot say to a message, given how many were admitted before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bot import Limits, Rate
from relay.keys import BOT_KEY, day_of, sender_key
from relay.ports import Insert, Merge, Row, Value

TOKENS_MAX = 2**31 - 1
"""The largest plain integer of a table."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages were admitted, and what their answers took: a row of the day's table.

    Attributes:
        minute: the minute that ``in_minute`` is about, counted from 1970.
        tokens: of the day, prompts and answers.
        etag: of the row; empty when there is none.
    """

    minute: int = 0
    in_minute: int = 0
    in_day: int = 0
    tokens: int = 0
    etag: str = ""

    @classmethod
    def from_row(cls, row: Row | None) -> Count:
        """Read a row, or its absence."""
        if row is None:
            return cls()
        values = row.values
        minute, in_minute, in_day = (int(values[name]) for name in ("minute", "in_minute", "in_day"))
        return cls(minute, in_minute, in_day, int(values.get("tokens", 0)), row.etag)

    def at(self, minute: int) -> Count:
        """The count in a minute. Another instance's clock may be ahead, and has then begun the next one."""
        return self if self.minute >= minute else replace(self, minute=minute, in_minute=0)

    def full_until(self, rate: Rate | None) -> int:
        """When there is room again, Unix milliseconds; 0 when there is."""
        if rate is None:
            return 0
        until = 0
        if rate.minute is not None and self.in_minute >= rate.minute:
            until = (self.minute + 1) * MINUTE_MS
        is_full = rate.day is not None and self.in_day >= rate.day
        if is_full or (rate.tokens_per_day is not None and self.tokens >= rate.tokens_per_day):
            until = (day_of(self.minute * MINUTE_MS) + 1) * DAY_MS
        return until

    def one_more(self) -> Count:
        """With another message admitted."""
        return replace(self, in_minute=self.in_minute + 1, in_day=self.in_day + 1)

    def spent(self, tokens: int) -> Count:
        """With what an answer took."""
        return replace(self, tokens=min(self.tokens + tokens, TOKENS_MAX))

    def change(self, key: str, writer: str) -> Insert | Merge:
        """The write of this count, if the row is unchanged since it was read."""
        values: dict[str, Value] = {
            "minute": self.minute,
            "in_minute": self.in_minute,
            "in_day": self.in_day,
            "tokens": self.tokens,
            "writer": writer,
        }
        return Merge(key, values, self.etag) if self.etag else Insert(key, values)


@dataclass(frozen=True, slots=True)
class Admission:
    """What the limits say to a message.

    Attributes:
        admitted: whether it may be answered.
        until: when the next message may be, Unix milliseconds; 0 when that is now.
        sender, bot: the counts, this message included if it is admitted; None when they are not known.
    """

    admitted: bool = True
    until: int = 0
    sender: Count | None = None
    bot: Count | None = None


class Decision:
    """Decides messages in their order.

    Args:
        limits: of the bot.
        counts: that are known, by the keys of their rows.
        minute: the present one, counted from 1970.

    Attributes:
        changed: the counts that the decisions so far have changed.
    """

    def __init__(self, limits: Limits, counts: Mapping[str, Count], minute: int) -> None:
        self._limits = limits
        self._known = counts
        self._minute = minute
        self.changed: dict[str, Count] = {}

    def admit(self, sender: str) -> Admission:
        """Decide about the next message, one of this sender."""
        key = sender_key(sender)
        admitted = not self._full_until(key)
        if admitted:
            for limited, rate in ((key, self._limits.per_sender), (BOT_KEY, self._limits.per_bot)):
                if rate is not None:
                    self.changed[limited] = self._count(limited).one_more()
        return Admission(admitted, self._full_until(key), self._count(key), self._count(BOT_KEY))

    def spend(self, sender: str, tokens: int) -> None:
        """Count what an answer to a sender took."""
        for key, rate in ((sender_key(sender), self._limits.per_sender), (BOT_KEY, self._limits.per_bot)):
            if rate is not None:
                self.changed[key] = self._count(key).spent(tokens)

    def _full_until(self, key: str) -> int:
        return max(
            self._count(key).full_until(self._limits.per_sender),
            self._count(BOT_KEY).full_until(self._limits.per_bot),
        )

    def _count(self, key: str) -> Count:
        return self.changed.get(key) or self._known.get(key, Count()).at(self._minute)
