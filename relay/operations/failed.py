"""The command ``failed``: the records of messages that ended without an answer, and what can still be done about them.

A reply that the IM server would not take is stored, and may be sent again under its stored ids. What was given up has
had its failure text: there is nothing to send.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from relay.errors import ConfigError, ImUnavailable, RowChanged
from relay.failures import FailureRecord
from relay.keys import day_of, pointer_key
from relay.memory.lease import Leases
from relay.memory.rows import Entry
from relay.messages import Message, Receipt, TeamKind, Turn
from relay.operations import operator as of
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json, count, when
from relay.outbox import FAILED, Outbox
from relay.turn.delivery import Delivery
from relay.turn.streaming import Streams

HELP = "messages that ended without an answer: list them, send a reply again, drop a record"

DESCRIPTION = """\
The queue relay-failed holds a record, without words, of each message that ended without an answer, for a week.

list    shows them, the oldest first
resend  sends what was stored and could not be delivered once more, under its stored ids, so that nothing is shown
        twice (v2). Of a message that was given up there is nothing to send: its user has read that there is no answer.
        A record whose reply has arrived goes. It needs the settings of the IM server
drop    removes records; it asks first, unless --yes

MESSAGE is the name that list shows, as in the log; --all means all. While the command looks, records are out of sight
of others for a minute."""

EXAMPLES = """\
examples:
  python -m relay failed list
  python -m relay failed resend 3eb3ec87235b2b634cd10170
  python -m relay failed drop --all --account mystorage"""

HIDE_SECONDS = 60
LEASE_SECONDS = 60.0
SEND_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, and the message of the queue that holds it."""

    receipt: Receipt
    record: FailureRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", choices=["list", "resend", "drop"])
    parser.add_argument("messages", nargs="*", metavar="MESSAGE", help="as list shows it")
    parser.add_argument("--all", action="store_true", help="every one")
    parser.add_argument("--yes", action="store_true", help="drop without asking")
    of.add_account(parser)


async def failed(operator: Operator, options: argparse.Namespace) -> int:
    """Do what the options say; returns the exit code."""
    if options.what != "list" and not options.messages and not options.all:
        raise ConfigError([f"MESSAGE: which ones to {options.what}? Name them as list shows them, or --all"])
    taken = await _take(operator)
    chosen = [each for each in taken if options.all or each.record.message in options.messages]
    gone: Collection[Receipt] = ()
    try:
        match options.what:
            case "list":
                return _list(taken, in_json=options.json)
            case "resend":
                code, gone = await _resend(operator, chosen)
                return code
        code, gone = await _drop(operator, chosen, unasked=options.yes)
        return code
    finally:
        for each in taken:
            if each.receipt not in gone:
                await operator.queues.show(FAILED, each.receipt)


async def _take(operator: Operator) -> list[Kept]:
    """All records: hidden, so that each is read once."""
    found: list[Kept] = []
    while taken := await operator.queues.receive(FAILED, HIDE_SECONDS):
        for message in taken:
            try:
                record = FailureRecord.from_json(message.text)
            except ValueError as wrong:
                record = FailureRecord(cause=f"unreadable: {wrong}")
            found.append(Kept(message.receipt, record))
    return sorted(found, key=lambda kept: kept.record.received)


def _list(taken: Sequence[Kept], *, in_json: bool) -> int:
    if in_json:
        print(as_json([asdict(each.record) for each in taken]))
        return DONE
    rows = [
        (
            when(record.at) if record.at else "",
            record.message,
            record.bot,
            record.sender,
            record.team or "",
            record.cause,
        )
        for record in (each.record for each in taken)
    ]
    heads = ("at", "message", "bot", "sender", "group", "cause")
    print(of.table(rows, heads) if rows else f"No records in {FAILED}.")
    return DONE


async def _drop(operator: Operator, chosen: Sequence[Kept], *, unasked: bool) -> tuple[int, list[Receipt]]:
    if not chosen:
        operator.say("No such record.")
        return NOT_DONE, []
    if not unasked and not operator.ask(f"Drop {count(len(chosen), 'record')}?"):
        operator.say("Nothing is dropped; --yes drops without asking.")
        return NOT_DONE, []
    for each in chosen:
        await operator.queues.delete(FAILED, each.receipt)
    print(f"Dropped {count(len(chosen), 'record')}.")
    return DONE, [each.receipt for each in chosen]


async def _resend(operator: Operator, chosen: Sequence[Kept]) -> tuple[int, list[Receipt]]:
    if not chosen:
        operator.say("No such record.")
        return NOT_DONE, []
    gone: list[Receipt] = []
    code = DONE
    async with operator.im() as im:
        delivery = Delivery(
            operator.history, Outbox(operator.queues), im, operator.clock, Streams(im, operator.clock)
        )
        for each in chosen:
            said, is_over = await _send_again(operator, delivery, each.record)
            print(f"{each.record.message or '(unreadable)'}  {said}")
            if is_over:
                await operator.queues.delete(FAILED, each.receipt)
                gone.append(each.receipt)
            else:
                code = NOT_DONE
    return code, gone


async def _send_again(operator: Operator, delivery: Delivery, record: FailureRecord) -> tuple[str, bool]:
    """Send the reply of a record again; what has become of it, and whether the record is of no use any more."""
    bot, partition = operator.bots.get(record.bot), record.conversation
    if bot is None:
        return f"nothing to send: no bot {record.bot} in the bots file", False
    reply = await _reply_of(operator, record)
    if reply is None:
        return "nothing to send: no reply is stored", False
    if reply.forgotten:
        return "nothing to send: it is forgotten", False
    if reply.state not in ("undelivered", "stored"):
        why = "was given up, and its user was told" if reply.cause else f"its reply is {reply.state}"
        return f"nothing to send: {why}", False
    leases = Leases(operator.tables, operator.clock)
    lease = await leases.take(partition, LEASE_SECONDS)
    if lease is None:
        return "not sent: a turn works in this conversation; try again in a minute or two", False
    until = operator.clock.now() + int(SEND_SECONDS * 1000)
    turn = Turn(_asked(record, reply), record.received)
    try:
        if reply.state == "undelivered":
            reply = await operator.history.change(partition, reply, state="stored")
        await delivery.deliver(turn, bot.for_function(reply.function), partition, reply, until)
    except ImUnavailable as outage:
        return f"not sent: {outage.cause}; it goes out with the next message there, or with resend", False
    except RowChanged:
        return "not sent: it has changed meanwhile", False
    finally:
        await leases.release(lease)
    after = await operator.history.get(partition, reply)
    if after is None or after.state != "sent":
        return "not sent: refused again; a new record says why", True
    return f"sent as {after.client_id}", True


async def _reply_of(operator: Operator, record: FailureRecord) -> Entry | None:
    """The stored reply that a record is about."""
    day, partition = day_of(record.at), record.conversation
    pointer = await operator.days.row(day, partition, pointer_key(record.message))
    if pointer is None or "row" not in pointer.values:
        return None
    entry = await operator.days.entry(day, partition, str(pointer.values["row"]))
    return await operator.history.reply_of(partition, entry) if entry else None


def _asked(record: FailureRecord, reply: Entry) -> Message:
    """The message that was to be answered, as far as it says where the reply goes."""
    kind = cast(TeamKind, record.team_kind or "team")
    return Message(
        bot=record.bot,
        sender=record.sender,
        id=reply.id,
        at=reply.at,
        text="",
        team=record.team,
        team_kind=kind,
        function=reply.function,
    )
