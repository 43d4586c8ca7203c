"""The command ``find``: where a message is, and what has become of it. No word of it is shown."""

from __future__ import annotations

import argparse
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.errors import ConfigError, NewerTurn
from relay.failures import FailureRecord
from relay.keys import LEASE_KEY, LEASE_TABLE, history_table, pointer_key
from relay.memory.rows import Entry
from relay.messages import Message, Turn, message_hash
from relay.operations import operator as of
from relay.operations.conversations import private
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json, count, when
from relay.outbox import FAILED, POISON, TURNS

HELP = "where a message is, and what has become of it"

DESCRIPTION = """\
Where a message is (on the queue, in which row), whether it is answered, with which reply, or why not. Its words are not
shown. ID is what a log line shows behind message= (24 characters), the platform's id of a message (digits), the
client id of a message together with --from, or the client id of a reply.

Only a client id in a private chat can be computed. For anything else storage reads every row of each day that is kept
and sends what fits, which the command says first; --conversation, as in the log line, reads one conversation alone."""

EXAMPLES = """\
examples:
  python -m relay find 3eb3ec87235b2b634cd10170 --conversation a5501deebe0a97d86cdd4e22f7ec4e242ae719eb
  python -m relay find 13608728302 --account mystorage
  python -m relay find 93a28e7d --from alice --json"""

_HASH = re.compile("[0-9a-f]{24}")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Where = tuple[str, Entry]
"""A conversation, and a row of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("id", metavar="ID")
    parser.add_argument(
        "--from", dest="sender", metavar="ACCID", help="whose message it is; ID is then their client id"
    )
    parser.add_argument("--conversation", metavar="HASH", help="where it is, as a log line shows it")
    of.add_account(parser)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an id is looked for by.

    Attributes:
        hash: of the message's id; empty when it is not known.
        property: of its row, or its reply's, and the value of that.
    """

    hash: str = ""
    property: Mapping[str, str] | None = None

    @classmethod
    def of(cls, given: str, sender: str | None) -> Wanted:
        """What an id means.

        Raises:
            ConfigError: it has no form that the relay knows.
        """
        if sender:
            return cls(hash=message_hash(f"c:{sender.lower()}:{given}"))
        if _HASH.fullmatch(given.lower()):
            return cls(hash=given.lower())
        if given.isascii() and given.isdigit():
            return cls(property={"server_id": given})
        if _UUID.fullmatch(given.lower()):
            return cls(property={"client_id": given.lower()})
        raise ConfigError(
            [
                f"ID: {given} is no name of a message; accepted: the 24 characters behind message= in the log, "
                "the platform's id (digits), a client id with --from ACCID, or a reply's client id"
            ]
        )


async def find(operator: Operator, options: argparse.Namespace) -> int:
    """Look for a message, and print what is known; returns the exit code."""
    wanted = Wanted.of(options.id, options.sender)
    found = await _row(operator, wanted, options)
    told: dict[str, Any] = {}
    if found is not None:
        partition, entry = found
        told = await about(operator, partition, entry)
    name = str(told.get("message") or wanted.hash)
    queues = await _queues(operator, name, (wanted.property or {}).get("server_id", ""))
    if not told and not queues["turn"] and not queues["records"]:
        kept = count(len(operator.days.kept()), "day")
        operator.say(f"Not found: not stored in the {kept} that are kept, not visible on a queue.")
        operator.say(f"Was it for a bot at all? See: {_logs(name or options.id)}")
        return NOT_DONE
    told |= queues
    told["logs"] = _logs(name) if name else ""
    print(as_json(told) if options.json else of.table(_lines(told)))
    return DONE


async def about(operator: Operator, partition: str, entry: Entry) -> dict[str, Any]:
    """What is known of a message, or of the one that a reply answers."""
    history = operator.history
    reply: Entry | None
    if entry.kind == "reply":
        covered = await history.covered(partition, entry)
        reply, entry = entry, covered[0] if covered else entry
    else:
        reply = await history.reply_of(partition, entry)
    lease = await operator.tables.get(LEASE_TABLE, partition, LEASE_KEY)
    held = lease is not None and int(lease.values["until"]) > operator.clock.now()
    return {
        "message": message_hash(entry.id),
        "bot": entry.bot,
        "sender": entry.sender,
        "at": when(entry.at),
        "state": state_of(entry, reply),
        "cause": reply.cause if reply else "",
        "server_id": entry.server_id,
        "kind": entry.medium or entry.kind,
        "conversation": partition,
        "table": history_table(entry.day),
        "row": entry.key,
        "turn_until": when(int(lease.values["until"])) if lease and held else "",
        "reply": _reply(reply) if reply else None,
    }


def state_of(entry: Entry, reply: Entry | None) -> str:
    """What has become of a message, in a word: waiting, answered, blocked, forgotten, recalled, failed, limited,
    unanswered or heard."""
    if entry.forgotten in ("recalled", "refused"):
        return {"recalled": "recalled", "refused": "blocked"}[entry.forgotten]
    if entry.forgotten:
        return "forgotten"
    if entry.state == "closed":
        return "unanswered"
    if reply is None:
        return str(entry.state)
    if reply.cause or reply.state == "undelivered":
        return "failed"
    if entry.limited:
        return "limited"
    if reply.withheld or (entry.excluded and reply.excluded):
        return "blocked"
    return "answered" if reply.state == "sent" else "waiting"


def _reply(reply: Entry) -> dict[str, Any]:
    return {
        "state": reply.state,
        "client_id": reply.client_id,
        "server_ids": [server_id for server_id, _ in reply.delivered],
        "sent_at": when(int(reply.sent_at)) if reply.sent_at else "",
        "parts": max(1, len(reply.parts)),
        "parts_sent": reply.parts_sent,
        "covers": reply.covers,
        "model": reply.model,
        "row": reply.key,
    }


async def _row(operator: Operator, wanted: Wanted, options: argparse.Namespace) -> Where | None:
    if options.sender and not options.conversation:
        for place in await private(operator, operator.bots, options.sender.lower()):
            for day in operator.days.kept():
                row = await operator.tables.get(history_table(day), place.partition, pointer_key(wanted.hash))
                if row is not None and "row" in row.values:
                    entry = await operator.days.entry(day, place.partition, str(row.values["row"]))
                    return (place.partition, entry) if entry else None
    equal = wanted.property or {"RowKey": pointer_key(wanted.hash)}
    async for day, partition, values, key in _looked_for(operator, options.conversation or "", equal):
        key = str(values["row"]) if "row" in values else key
        partition = str(values.get("partition", partition))
        if "partition" in values:  # the pointer's own conversation is another one
            pointer = await operator.tables.get(history_table(day), partition, pointer_key(wanted.hash))
            key = str(pointer.values["row"]) if pointer else key
        entry = await operator.days.entry(day, partition, key)
        if entry is not None:
            return partition, entry
    return None


async def _looked_for(
    operator: Operator, partition: str, equal: Mapping[str, str]
) -> AsyncIterator[tuple[int, str, Mapping[str, Any], str]]:
    days = operator.days.kept()
    if not partition:
        operator.say(
            f"Looks for it: storage reads every row of {count(len(days), 'day')}, and sends the one that fits."
        )
    for number, day in enumerate(days, 1):
        select = ("row", "partition")
        async for rows in operator.tables.scan(history_table(day), partition, select, **equal):
            for where, row in rows:
                yield day, where, row.values, row.key
        if not partition:
            operator.say(f"  {history_table(day)}, {number} of {len(days)}: not there")


async def _queues(operator: Operator, name: str, server_id: str) -> dict[str, Any]:
    """What the queues show of a message: only what is visible, which is all that storage shows without taking it."""
    waiting: dict[str, Any] | None = None
    for queue in (TURNS, POISON):
        for text in await operator.queues.peek(queue):
            try:
                turn = Turn.from_json(text)
            except (NewerTurn, ValueError):
                continue
            if _is(turn.message, name, server_id):
                waiting = {"queue": queue, "attempt": turn.attempt, "failure": turn.failure}
    records = []
    for text in await operator.queues.peek(FAILED):
        try:
            record = FailureRecord.from_json(text)
        except ValueError:
            continue
        if name and record.message == name:
            records.append(record.cause)
    return {"turn": waiting, "queued": await operator.queues.length(TURNS) or 0, "records": records}


def _is(message: Message, name: str, server_id: str) -> bool:
    return message_hash(message.id) == name or bool(server_id and message.server_id == server_id)


def _logs(name: str) -> str:
    return f"python -m relay logs --message {name}"


def _lines(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [(name, str(told[name])) for name in _SHOWN if told.get(name)]
    if reply := told.get("reply"):
        shown = {**reply, "server_ids": ", ".join(filter(None, reply["server_ids"]))}
        lines += [(f"reply {name}", str(value)) for name, value in shown.items() if value not in ("", 0)]
    turn, queued = told["turn"], told["queued"]
    if turn:
        said = f"visible on {turn['queue']}, attempt {turn['attempt']} {turn['failure']}".strip()
    elif queued:
        hidden = (
            "; it may be hidden: being answered, or put back for later"
            if told.get("state") == "waiting"
            else ""
        )
        said = f"not visible on {TURNS}, which holds about {queued:,}{hidden}"
    else:
        said = f"{TURNS} is empty"
    lines.append(("queue", said))
    lines += [("record", cause) for cause in told["records"]]
    return [*lines, ("logs", told["logs"])] if told["logs"] else lines


_SHOWN = (
    "message",
    "state",
    "cause",
    "bot",
    "sender",
    "at",
    "kind",
    "server_id",
    "conversation",
    "table",
    "row",
    "turn_until",
)
