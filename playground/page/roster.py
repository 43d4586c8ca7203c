"""The bots that the page knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from relay.config.bot import Bot


class Roster:
    """The bots of the bots file as it is now, then those that were in it before: chats with them are still there.

    Attributes:
        current: those of the file.
        former: the others, as they were.
    """

    def __init__(self, bots: Iterable[Bot]) -> None:
        self.current = tuple(bots)
        self.former: tuple[Bot, ...] = ()

    def __iter__(self) -> Iterator[Bot]:
        yield from self.current
        yield from self.former

    def take_on(self, bots: Iterable[Bot]) -> None:
        """The file has these from now on."""
        known, self.current = tuple(self), tuple(bots)
        there = {bot.accid for bot in self.current}
        self.former = tuple(bot for bot in known if bot.accid not in there)


def bot_as_json(bot: Bot, *, removed: bool = False) -> dict[str, Any]:
    """A bot for the page. Its avatar lies on another host, and the page asks no other host for anything."""
    return {
        "accid": bot.accid,
        "name": bot.name,
        "aliases": list(bot.aliases),
        "avatar": None,
        "functions": sorted(bot.functions),
        "reply": bot.reply,
        "enabled": bot.enabled,
        "removed": removed,
    }
