"""Messages that are not answered, although nothing is wrong with them: a person does, or a machine wrote them."""

from __future__ import annotations

import logging

from relay.memory.pace import loop
from relay.memory.rows import Entry
from relay.memory.window import Plan
from relay.messages import message_hash
from relay.ports import Value
from relay.turn.task import Parts, Task

log = logging.getLogger(__name__)


async def keep_silent(parts: Parts, task: Task, plan: Plan) -> bool:
    """Settle what is not to be answered. True when there was some: rows are not as they were read."""
    if plan.handed_over:
        await parts.history.change_each(
            task.partition, {entry: _answered(entry) for entry in plan.handed_over}
        )
        log.info(
            "a person has taken over bot=%s conversation=%s messages=%d",
            task.bot.accid,
            task.partition,
            len(plan.handed_over),
        )
        return True
    if task.turn.message.team is None or plan.batch[0].kind != "text":
        return False  # a person alone with the bot is never cut off, however fast
    found = loop(plan.rows, plan.batch[0])
    if not found:
        return False
    closed: dict[str, Value] = {"state": "closed", "looping": True}
    await parts.history.change_each(task.partition, dict.fromkeys(plan.batch, closed))
    if found == "begins":
        log.warning(
            "bot=%s and a machine answer each other conversation=%s message=%s;"
            " it is not answered until it is silent for a minute, see docs/groups.md#bots-among-bots",
            task.bot.accid,
            task.partition,
            message_hash(plan.batch[0].id),
        )
    return True


def _answered(entry: Entry) -> dict[str, Value]:
    """By a person. It is remembered, unless a limit had refused it."""
    answered: dict[str, Value] = {"state": "answered"}
    return answered | {"excluded": True} if entry.limited else answered
