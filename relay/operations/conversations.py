"""Where the conversations of a person are: computed from what a partition is the hash of, or found by looking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import get_args

from relay.config.bots import Bot
from relay.keys import conversation_key, history_table
from relay.memory.rows import Entry
from relay.messages import Message, TeamKind
from relay.operations.operator import Operator, count

POINTERS_LOW, POINTERS_HIGH = "d|", "d}"
"""The key range of the rows that say where a message is."""

PAGE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation.

    Attributes:
        partition: of its rows.
        bot: accid; empty where the rows of an older version do not say.
        group: id of the group, None in a private chat, empty for one whose id the rows do not say.
    """

    partition: str
    bot: str
    group: str | None = None

    @property
    def name(self) -> str:
        """For people."""
        where = "private" if self.group is None else f"group {self.group}" if self.group else "a group"
        return f"{self.bot or 'a bot'}, {where}"


async def private(operator: Operator, bots: Iterable[Bot], accid: str) -> list[Place]:
    """The private conversations of a person with each bot, the one without a topic first; nothing is looked through.

    That one is named even if nothing is in it.
    """
    found: list[Place] = []
    for bot in bots:
        base = conversation_key(_asks(bot, accid))
        found += [Place(each, bot.accid) for each in await _with_topics(operator, base)]
    return found


async def of_group(operator: Operator, bots: Iterable[Bot], accid: str, team: str) -> list[Place]:
    """The conversations of a group with each bot that may hold something of a person."""
    found: dict[str, Place] = {}
    for bot in bots:
        for kind in get_args(TeamKind):
            asks = _asks(bot, accid, team, kind)
            partitions = await _with_topics(operator, conversation_key(asks))
            partitions.append(conversation_key(_asks(bot, accid, team, kind, member=True)))
            found |= {each: Place(each, bot.accid, team) for each in partitions}
    return list(found.values())


async def looked_for(operator: Operator, bot: str | None, accid: str, known: Iterable[Place]) -> list[Place]:
    """Every other conversation with a row of a person, by looking through each day that is kept; says how far it is.

    Args:
        operator: who looks.
        bot: accid; only conversations with this one. None: with any, also one that the bots file has no more.
        accid: of the person.
        known: conversations that are not looked for.
    """
    partitions = {place.partition for place in known}
    found: dict[str, str] = {}
    days = operator.days.kept()
    operator.say(
        f"Looking for groups: storage reads every row of {count(len(days), 'day')} and sends those of {accid}. "
        "--team ID reads one group, --private none."
    )
    for number, day in enumerate(days, 1):
        table = history_table(day)
        async for rows in operator.tables.scan(table, select=("bot",), sender=accid):
            for partition, row in rows:
                if partition not in partitions:
                    found[partition] = found.get(partition) or str(row.values.get("bot", ""))
        operator.say(f"  {table}, {number} of {len(days)}: {count(len(found), 'more conversation')} so far")
    untold = [its_bot for its_bot in found.values() if bot and not its_bot]
    if untold:
        operator.say(
            f"{count(len(untold), 'conversation')} of an older version may be with {bot}, and left out here: "
            "the rows do not say it. Without --bot nothing is left out."
        )
    return [Place(partition, each, "") for partition, each in found.items() if bot in (None, each)]


async def rows_of(operator: Operator, place: Place, accid: str) -> AsyncIterator[Entry]:
    """The rows of a person in a conversation, oldest first: what they wrote, and what was written to them."""
    for day in reversed(operator.days.kept()):
        entries: list[Entry] = []
        async for page in operator.days.pages(day, place.partition, PAGE_ROWS):
            entries += [entry for entry in map(Entry.from_row, page.rows) if entry.sender == accid]
        for entry in reversed(entries):
            yield entry


async def _with_topics(operator: Operator, base: str) -> list[str]:
    """A conversation, and those beside it: a message that was claimed in one of them has left a pointer."""
    found = {base: None}
    for day in operator.days.kept():
        low, more = POINTERS_LOW, True
        while more:
            page = await operator.tables.page(history_table(day), base, low, POINTERS_HIGH, PAGE_ROWS)
            found |= {str(row.values["partition"]): None for row in page.rows if "partition" in row.values}
            more = page.more
            low = f"{page.rows[-1].key} " if page.rows else low
    return list(found)


def _asks(
    bot: Bot, accid: str, team: str | None = None, kind: TeamKind = "team", *, member: bool = False
) -> Message:
    """A message of theirs, as far as it says where it lies."""
    return Message(
        bot=bot.accid, sender=accid, id="", at=0, text="", team=team, team_kind=kind, member=member
    )
