"""``/help``, ``/new``, ``/forget``: answered without a model call and without the conversation's lease.

The row of a command is its effect: the window ends at a ``/new`` or ``/forget`` of the same sender, so a redelivery
changes nothing. ``/forget`` then blanks the rows before it.
"""

from __future__ import annotations

import re
from typing import Literal

from relay import texts
from relay.config.bots import Bot
from relay.errors import RowChanged
from relay.memory.history import TRANSACTION_MAX_ROWS, History
from relay.memory.rows import Entry, blanked
from relay.ports import Merge, Row, Value
from relay.spelling import INVISIBLE, fold

Command = Literal["help", "new", "forget"]

_NAMES: dict[str, Command] = {
    "help": "help",
    "帮助": "help",
    "幫助": "help",
    "new": "new",
    "新对话": "new",
    "新對話": "new",
    "forget": "forget",
    "忘记": "forget",
    "忘記": "forget",
}

# A keyboard for Chinese may give "、" for the slash. In front stands what "@Helper, /new" leaves there.
_COMMAND = re.compile(r"(?:[,:、]\s*)?[/、](\w+)")

_COMMAND_MAX_CHARS = 32
"""A longer text is none, which is known without folding it."""


def command_of(text: str, bot: Bot) -> Command | None:
    """The command that a message is, if it is exactly one and the bot takes commands.

    Exactly one as people see it: in any case and width, with any spaces around it and anything invisible in it. A
    ``/forget`` that goes to the model instead would be answered there, and nothing would be erased.
    """
    if not bot.commands:
        return None
    seen = INVISIBLE.sub("", text).strip()
    if len(seen) > _COMMAND_MAX_CHARS:
        return None
    match = _COMMAND.fullmatch(fold(seen))
    return _NAMES.get(match[1]) if match else None


async def carry_out(history: History, partition: str, entry: Entry, text: str, bot: Bot) -> str:
    """Do what a claimed command says; returns the confirmation for the user. Safe to repeat."""
    language = texts.language_of(text)
    if entry.kind == "forget":
        messages, replies = await forget(history, partition, entry)
        return texts.FORGET[language].format(messages=messages, replies=replies)
    if entry.kind == "new":
        return texts.NEW[language]
    return texts.HELP[language].format(name=bot.name)


async def forget(history: History, partition: str, mark: Entry) -> tuple[int, int]:
    """Blank the sender's rows before the mark, and close what still waits; ids and states stay, so dedupe survives.

    Reads again until a whole pass finds nothing to blank, because a turn may store a reply meanwhile.

    Returns:
        How many messages and how many replies this mark has blanked, an earlier interrupted run included.
    """
    while True:
        counts = {"message": 0, "reply": 0}
        found_none = True
        async for day, rows in history.rows_before(partition, mark):
            changes = []
            for row in rows:
                entry = Entry.from_row(row)
                if entry.sender != mark.sender or entry.kind not in ("text", "reply"):
                    continue
                if not entry.forgotten:
                    changes.append(Merge(row.key, _forgotten(entry, row, mark), row.etag))
                if not entry.forgotten or entry.forgotten == mark.key:
                    counts["reply" if entry.kind == "reply" else "message"] += 1
            for start in range(0, len(changes), TRANSACTION_MAX_ROWS):
                found_none = False
                try:
                    await history.merge_all(partition, day, changes[start : start + TRANSACTION_MAX_ROWS])
                except RowChanged:
                    continue  # a turn was faster; the next pass reads what it wrote
        if found_none:
            return counts["message"], counts["reply"]


def _forgotten(entry: Entry, row: Row, mark: Entry) -> dict[str, Value]:
    changes = blanked(row.values) | {"forgotten": mark.key}
    if entry.state in ("waiting", "stored"):
        changes["state"] = "closed"
    return changes
