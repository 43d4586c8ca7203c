"""What the timer does: drop expired history, bring back what the host gave up on."""

from __future__ import annotations

import logging
from dataclasses import replace

from relay.errors import NewerTurn, TableBusy
from relay.failures import FailureRecord, ended_because
from relay.keys import LIMITS_PREFIX, TABLE_PREFIX, day_of, day_of_table, history_table
from relay.memory.days import Days
from relay.messages import Turn
from relay.outbox import FAILED, NEWER_SECONDS, POISON, Outbox
from relay.ports import Clock, Queues, Tables

log = logging.getLogger(__name__)

HIDE_SECONDS = 240
"""How long a message that could not be brought back is out of sight of the next look: less than the timer's period."""


async def drop_expired_days(tables: Tables, kept: Days, clock: Clock) -> int:
    """Delete every day table that is not needed any more, one call each, and make tomorrow's history table.

    A day of history is needed until its youngest message has expired; a day of counts for limits until the next day is
    over, since the clocks of the instances differ.

    Returns:
        How many tables were deleted.
    """
    names = await tables.list_tables(TABLE_PREFIX)
    today = day_of(clock.now())
    days = {day: name for name in names if (day := day_of_table(name)) is not None}
    expired = [name for day, name in sorted(days.items()) if kept.is_expired(day)]
    counts = {day: name for name in names if (day := day_of_table(name, LIMITS_PREFIX)) is not None}
    expired += [name for day, name in sorted(counts.items()) if day < today - 1]
    for name in expired:
        await tables.drop_table(name)
        log.info("dropped table=%s", name)
    for day in (today, today + 1):
        if day not in days:
            try:
                await tables.create_table(history_table(day))
            except TableBusy:
                log.info("table=%s is still being deleted", history_table(day))
    return len(expired)


async def bring_back_abandoned(queues: Queues) -> int:
    """Empty the queue into which the host moves, without calling code, what killed its process too often.

    A turn comes back for one last try, alone, and if that was its last try already, to be given up. What cannot be read
    becomes a record; what a newer version wrote goes back for a newer instance; records that an older version left
    there move to the queue of the records.

    Returns:
        How many messages were brought back.
    """
    outbox = Outbox(queues)
    brought_back = 0
    while taken := await queues.receive(POISON, HIDE_SECONDS):
        for message in taken:
            try:
                turn = Turn.from_json(message.text)
            except NewerTurn as newer:
                log.warning("a message is left to a newer instance: %s", newer)
                await outbox.postpone(message.text, NEWER_SECONDS)
            except ValueError as error:
                log.error("an unreadable message became a record in the queue %s: %s", FAILED, error)
                await outbox.record(FailureRecord(cause=str(error)))
            else:
                if cause := ended_because(message.text):
                    await outbox.record(FailureRecord.of(turn, cause))
                else:
                    tried = turn.last_try or turn.give_up
                    await outbox.postpone(replace(turn, last_try=True, give_up=tried).to_json(), 0)
                    brought_back += 1
            await queues.delete(POISON, message.receipt)
    if brought_back:
        log.warning(
            "messages that killed their process were brought back for a last try count=%d", brought_back
        )
    return brought_back
