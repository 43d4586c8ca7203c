"""What the timer does: drop expired history, bring back what the host gave up on."""

from __future__ import annotations

import logging
from dataclasses import replace

from relay.errors import TableBusy
from relay.history import History
from relay.keys import LIMITS_PREFIX, TABLE_PREFIX, day_of, day_of_table, history_table
from relay.messages import NewerTurn, Turn
from relay.outbox import POISON, TURNS
from relay.ports import Clock, Queues, Tables

log = logging.getLogger(__name__)

HIDE_SECONDS = 240
"""How long a poison message that stays is out of sight of the next look: less than the timer's period."""


async def drop_expired_days(tables: Tables, history: History, clock: Clock) -> int:
    """Delete every day table that is not needed any more, one call each, and make tomorrow's history table.

    A day of history is needed until its youngest message has expired; a day of counts for limits until the next day is
    over, since the clocks of the instances differ.

    Returns:
        How many tables were deleted.
    """
    names = await tables.list_tables(TABLE_PREFIX)
    today = day_of(clock.now())
    days = {day: name for name in names if (day := day_of_table(name)) is not None}
    expired = [name for day, name in sorted(days.items()) if history.is_expired(day)]
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
    """Requeue what the host moved to the poison queue without calling code, marked to be given up.

    Such a message has no cause: the relay writes one into every poison message of its own, and leaves those.

    Returns:
        How many messages were brought back.
    """
    brought_back = 0
    while taken := await queues.receive(POISON, HIDE_SECONDS):
        for message in taken:
            try:
                turn = Turn.from_json(message.text)
            except (ValueError, NewerTurn) as error:
                log.error("a poison message is left where it is: %s", error)
                continue
            if turn.cause:
                continue
            await queues.send(TURNS, replace(turn, give_up=True).to_json())
            await queues.delete(POISON, message.receipt)
            brought_back += 1
    if brought_back:
        log.warning(
            "messages that killed their process were brought back to be given up count=%d", brought_back
        )
    return brought_back
