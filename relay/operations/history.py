"""The command ``history``: shows, exports or deletes what the relay has stored of one person.

Deleting is ``/forget`` from outside: a mark in every conversation, dated by the storage service, then the passes of
``/forget`` itself.
"""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Sequence
from dataclasses import fields
from itertools import groupby
from typing import Any

from relay.errors import ConfigError, HistoryExpired
from relay.keys import SERVER_ID_DIGITS, is_of_round, message_key
from relay.memory.rows import Entry
from relay.operations import operator as of
from relay.operations.conversations import Place, looked_for, of_group, private, rows_of
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json, count, when
from relay.outgoing import to_fields
from relay.ports import Insert
from relay.turn.commands import forget

NEWEST = "9" * SERVER_ID_DIGITS
"""The largest id that the platform can give: of one millisecond, the mark is the newest row."""

HELP = "what is stored of one person: show, export or delete it"

DESCRIPTION = """\
What the relay has stored of one person, with every bot: show it, export it, delete it.

Private chats are found by computing where they are. Groups are found with --team ID, or else by having storage look
through each day that is kept; --private leaves them out. A person's rows are what they wrote, what bots wrote to them,
and what tools gave for that.

delete does what the person's own /forget does, in every conversation at once: words are blanked, what waits is closed
unanswered, ids stay so that nothing is answered twice. It asks first, unless --yes. It may be stopped and run again."""

EXAMPLES = """\
examples:
  python -m relay history show alice --bot helper
  python -m relay history export alice > alice.jsonl
  python -m relay history delete alice --account mystorage"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", choices=["show", "export", "delete"])
    parser.add_argument("accid", metavar="ACCID", help="of the person")
    parser.add_argument("--bot", metavar="ACCID", help="only with this bot")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--team", metavar="ID", help="of the groups, only this one")
    where.add_argument("--private", action="store_true", help="no groups")
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    of.add_account(parser)


async def history(operator: Operator, options: argparse.Namespace) -> int:
    """Do what the options say; returns the exit code."""
    accid, bots = options.accid.lower(), operator.chosen(options.bot)
    if not accid:
        raise ConfigError(["ACCID: is empty"])
    places = await private(operator, bots, accid)
    if options.team:
        places += await of_group(operator, bots, accid, options.team)
    elif not options.private:
        places += await looked_for(operator, options.bot and bots[0].accid, accid, places)
    match options.what:
        case "show":
            return await _show(operator, places, accid, in_json=options.json)
        case "export":
            return await _export(operator, places, accid)
    return await _delete(operator, places, accid, in_json=options.json, unasked=options.yes)


async def _show(operator: Operator, places: Sequence[Place], accid: str, *, in_json: bool) -> int:
    found = [(place, entry) for place in places async for entry in rows_of(operator, place, accid)]
    if in_json:
        print(as_json([fields_of(place, entry) for place, entry in found]))
    else:
        for place, rows in groupby(found, key=lambda each: each[0]):
            print(f"{place.name}, conversation {place.partition}")
            print(of.table((when(e.at), _who(place, e, accid), _how(e), _words(e)) for _, e in rows))
            print()
    operator.say(f"{count(len(found), 'row')} of {accid}")
    return DONE if found else NOT_DONE


async def _export(operator: Operator, places: Sequence[Place], accid: str) -> int:
    kinds: dict[str, int] = {}
    for place in places:
        async for entry in rows_of(operator, place, accid):
            print(json.dumps(fields_of(place, entry), ensure_ascii=False))
            kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "none"
    operator.say(f"{count(sum(kinds.values()), 'row')} of {accid}: {told}")
    return DONE if kinds else NOT_DONE


async def _delete(
    operator: Operator, places: Sequence[Place], accid: str, *, in_json: bool, unasked: bool
) -> int:
    if not unasked and not operator.ask(
        f"Delete what is stored of {accid} in {count(len(places), 'conversation')}?"
    ):
        operator.say("Nothing is deleted; --yes deletes without asking.")
        return NOT_DONE
    deleted: list[dict[str, Any]] = []
    at = await operator.tables.service_time()
    for place in places:
        messages, replies = await erase(operator, place, accid, at)
        deleted.append(
            {
                "bot": place.bot,
                "conversation": place.partition,
                "group": place.group,
                "messages": messages,
                "replies": replies,
            }
        )
        operator.say(f"  {place.name}: {count(messages, 'message')}, {_replies(replies)}")
    messages, replies = (sum(each[kind] for each in deleted) for kind in ("messages", "replies"))
    if in_json:
        print(as_json({"messages": messages, "replies": replies, "conversations": deleted}))
    else:
        where = count(len(deleted), "conversation")
        print(f"Deleted of {accid}: {count(messages, 'message')} and {_replies(replies)} in {where}.")
    return DONE


async def erase(operator: Operator, place: Place, accid: str, at: int) -> tuple[int, int]:
    """Forget what a person has in a conversation, as their own ``/forget`` at this time (Unix ms) would.

    Returns:
        How many messages and how many replies were blanked.
    """
    message_id = f"o:{uuid.uuid4().hex}"
    mark = Entry(
        key=message_key(at, message_id, NEWEST),
        kind="forget",
        state="answered",
        sender=accid,
        text="",
        id=message_id,
        bot=place.bot,
    )
    try:
        await operator.days.insert(mark.day, place.partition, Insert(mark.key, mark.values()))
    except HistoryExpired:
        raise ConfigError(
            [f"the storage service's time is {when(at)}, this machine's {when(operator.clock.now())}"]
        ) from None
    return await forget(operator.history, place.partition, mark)


def fields_of(place: Place, entry: Entry) -> dict[str, Any]:
    """Everything that a row says, for programs."""
    found: dict[str, Any] = {
        "conversation": place.partition,
        "group": place.group,
        "at": when(entry.at),
        "bot": place.bot or entry.bot,
    }
    for field in fields(entry):
        value = getattr(entry, field.name)
        if value and field.name not in ("key", "etag", "fresh", "unknown", "bot"):
            found[field.name] = (
                [each and to_fields(each) for each in value] if field.name == "media" else value
            )
    return found


def _who(place: Place, entry: Entry, accid: str) -> str:
    return accid if entry.kind not in ("reply", "round") else place.bot or entry.bot or "bot"


def _how(entry: Entry) -> str:
    kind = "" if entry.kind in ("text", "reply") else entry.kind
    medium = entry.medium or ("tool" if is_of_round(entry.key) and not kind else "")
    return " ".join(filter(None, (kind, medium, "forgotten" if entry.forgotten else entry.state)))


def _words(entry: Entry) -> str:
    said = " ".join((entry.shown if entry.kind == "reply" else entry.text).split())
    heard = " ".join(entry.words.split())
    return " | ".join(filter(None, (said, heard, entry.calls, entry.results)))


def _replies(number: int) -> str:
    return f"{number:,} {'reply' if number == 1 else 'replies'}"
