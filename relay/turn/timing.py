"""Times that are the same for every bot, and whether they fit together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relay.config.bots import Bot, Bots
from relay.config.settings import APP_FOLDER, Settings

HOST_FILE = APP_FOLDER / "host.json"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a turn may take.

    Attributes:
        send_seconds: the sending budget behind a turn's deadline.
        margin_seconds: rest of the lease; a store call takes less than this.
    """

    send_seconds: float = 20
    margin_seconds: float = 30

    @property
    def store_seconds(self) -> float:
        """The longest that one storage call may take, its retries included."""
        return min(8.0, self.margin_seconds / 3)

    def may_store(self, now: int, lease_until: int) -> bool:
        """Whether one call more that stores something ends before a lease does; both times in Unix milliseconds."""
        return now + self.store_seconds * 1000 < lease_until

    def lease_seconds(self, bot: Bot) -> float:
        """How long a turn of this bot may hold its conversation; also the delay of the watch."""
        return bot.turn_seconds + self.send_seconds + self.margin_seconds


def too_long(settings: Settings, bots: Bots, host_file: Path = HOST_FILE) -> list[str]:
    """Problems of leases that are longer than ``functionTimeout``, at whose end Azure kills every turn of the worker
    (azure-functions-host#8720)."""
    timing = Timing(settings.send_seconds, settings.lease_margin_seconds)
    limit = function_timeout_seconds(host_file)
    return [
        f'bot "{bot.accid}"{function}: a turn may hold its conversation for {timing.lease_seconds(variant):g} s '
        "(turn_seconds, RELAY_SEND_SECONDS and RELAY_LEASE_MARGIN_SECONDS together), but functionTimeout in "
        f"host.json is {limit:g} s; accepted: less than that"
        for bot, function, variant in _variants(bots)
        if timing.lease_seconds(variant) >= limit
    ]


def function_timeout_seconds(host_file: Path = HOST_FILE) -> float:
    """``functionTimeout`` of host.json (``hh:mm:ss``); endless where the file or the key is missing."""
    try:
        text = json.loads(host_file.read_text(encoding="utf-8-sig")).get("functionTimeout", "-1")
    except FileNotFoundError:
        return float("inf")
    hours, _, rest = str(text).partition(":")
    minutes, _, seconds = rest.partition(":")
    if not rest:
        return float("inf")  # "-1": no limit
    days, _, hours = hours.rpartition(".")
    return ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + float(seconds or 0)


def _variants(bots: Bots) -> Iterator[tuple[Bot, str, Bot]]:
    for bot in bots:
        yield bot, "", bot
        for name, variant in bot.functions.items():
            if variant.turn_seconds != bot.turn_seconds:
                yield bot, f', function "{name}"', variant
