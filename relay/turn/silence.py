"""Messages that are not answered, although nothing is wrong with them: two machines talk to each other."""

from __future__ import annotations

import logging

from relay.keys import message_hash
from relay.memory.pace import loop
from relay.memory.window import Plan
from relay.ports import Value
from relay.turn.task import Parts, Task

log = logging.getLogger(__name__)


async def keep_silent(parts: Parts, task: Task, plan: Plan) -> bool:
    """Close what is not to be answered. True when there was some: rows are not as they were read."""
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
