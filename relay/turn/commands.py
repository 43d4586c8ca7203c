"""``/help``, ``/new``, ``/forget``: answered without a model call and without the conversation's lease.

The row of a command is its effect: the window ends at a ``/new`` or ``/forget`` of the same sender, so a redelivery
changes nothing. ``/forget`` then blanks the rows before it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from relay.config.bots import Bot
from relay.keys import conversation_key, is_of_round
from relay.memory.history import History
from relay.memory.rows import Entry, Kind
from relay.messages import Message
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


def kind_of(message: Message, bot: Bot) -> Kind:
    """What a message is: a command, or what waits for an answer; from the bot's account, a reply.

    The caption of a picture is no command.
    """
    if message.staff:
        return "reply"
    if message.joined:
        return "greeting"
    return (not message.medium and command_of(message.text, bot)) or "text"


async def carry_out(history: History, partition: str, entry: Entry, message: Message, bot: Bot) -> str:
    """Do what a claimed command says; returns the confirmation for the user. Safe to repeat."""
    text = message.text
    match entry.kind:
        case "forget":
            counts = [await forget(history, each, entry) for each in sorted(_partitions(partition, message))]
            messages, replies = (sum(count) for count in zip(*counts, strict=True))
            return bot.texts.forget.say(text, messages=messages, replies=replies)
        case "new":
            return bot.texts.new.say(text)
        case "help":
            said = [bot.texts.help.say(text, name=bot.name)]
            if bot.listen:
                said.append(bot.texts.listens.say(text, name=bot.name))
            return "\n".join(said)
        case _:
            raise ValueError(f"no command: {entry.kind}")


def _partitions(partition: str, message: Message) -> set[str]:
    """Where a sender's rows lie: of a group, also where they would with the other ``group_memory``."""
    if message.team is None:
        return {partition}
    return {partition, *(conversation_key(replace(message, member=member)) for member in (False, True))}


async def forget(history: History, partition: str, mark: Entry) -> tuple[int, int]:
    """Blank the sender's rows before the mark, and close what still waits; ids and states stay, so dedupe survives.

    Reads again until a whole pass finds nothing to blank, because a turn may store a reply meanwhile.

    Returns:
        How many messages and how many replies this mark has blanked, an earlier interrupted run included.
    """
    while True:
        counts = {"message": 0, "reply": 0}
        found_none = True
        async for entries in history.before(partition, mark):
            theirs = [
                entry
                for entry in entries
                if entry.sender == mark.sender and entry.kind in ("text", "reply", "round")
            ]
            left = {entry: entry.gone(mark.key) for entry in theirs if not entry.forgotten}
            for entry in theirs:
                if entry.forgotten == mark.key and not is_of_round(entry.key):
                    counts["reply" if entry.kind == "reply" else "message"] += 1
            if left:
                found_none = False  # what has changed meanwhile is read, and blanked, by the next pass
                await history.change_each(partition, left)
        if found_none:
            return counts["message"], counts["reply"]
