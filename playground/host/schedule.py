"""NCRONTAB: the schedule of a timer trigger in six fields, seconds first (Azure Functions: timer trigger)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from playground.host.errors import HostError

SEARCH_DAYS = 8 * 366
"""29 February comes every eighth year at worst (1896 to 1904, 2096 to 2104)."""

_FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)

_ITEM = re.compile(r"(?:\*|(?P<low>\d+)(?:-(?P<high>\d+))?)(?:/(?P<step>\d+))?")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The moments at which a timer fires, in UTC. Sunday is day 0 of the week.

    When both a day and a day of the week are given, both must hold (unlike cron, like NCrontab).
    """

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, expression: str) -> Schedule:
        """Read ``{second} {minute} {hour} {day} {month} {day of week}``: ``*``, numbers, ranges, steps.

        Raises:
            HostError: it is not such an expression.
        """
        parts = expression.split()
        if len(parts) != len(_FIELDS):
            raise HostError(f"schedule {expression!r}: six fields are needed, seconds first")
        return cls(*(_values(part, *field) for part, field in zip(parts, _FIELDS, strict=True)))

    def next_after(self, moment: datetime) -> datetime:
        """The first moment of the schedule later than ``moment``; same time zone.

        Raises:
            HostError: there is none (31 February).
        """
        earliest = moment.replace(microsecond=0) + timedelta(seconds=1)
        for offset in range(SEARCH_DAYS):
            day = earliest.date() + timedelta(days=offset)
            if self._on(day):
                for moment_of_day in self._times(earliest.time() if offset == 0 else time.min):
                    return datetime.combine(day, moment_of_day, earliest.tzinfo)
        raise HostError("the schedule never fires")

    def _on(self, day: date) -> bool:
        return day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays

    def _times(self, earliest: time) -> Iterator[time]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                if (hour, minute) >= (earliest.hour, earliest.minute):
                    for second in sorted(self.seconds):
                        if time(hour, minute, second) >= earliest:
                            yield time(hour, minute, second)


def _values(text: str, name: str, least: int, most: int) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise HostError(f"schedule: {item!r} is not a {name} ({least}-{most}, *, a range or a step)")
        low = int(match["low"] or least)
        # `5` is one value, `5/10` and `*/10` go on to the end of the field.
        high = int(match["high"] or (most if match["low"] is None or match["step"] else low))
        step = int(match["step"] or 1)
        if not least <= low <= high <= most or step == 0:
            raise HostError(f"schedule: {item!r} is outside of {least}-{most}, the values of {name}")
        values.update(range(low, high + 1, step))
    return frozenset(values)
