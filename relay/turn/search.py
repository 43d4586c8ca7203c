"""Which row of the window it was that a model refuses, so that no other one is forgotten for it.

Asked for after the answer that came without the window, under the same lease: short questions with a part of the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from relay.config.bots import Bot
from relay.errors import ModelError
from relay.memory.rows import Entry
from relay.ports import ChatModel, Clock
from relay.turn.asking import Refusal
from relay.turn.prompt import build_prompt

log = logging.getLogger(__name__)

PROBES_MAX = 4
"""Questions for one search. Each costs the tokens of its rows."""

PROBE_MAX_TOKENS = 16

SEARCH_SECONDS = 6
"""For one search: the user of a ``response`` bot waits for it."""


async def refused_rows(
    model: ChatModel,
    clock: Clock,
    bot: Bot,
    suspects: tuple[Entry, ...],
    refusal: Refusal,
    batch: Sequence[Entry],
    *,
    group: bool,
    until: int,
) -> tuple[Entry, ...]:
    """The row that is refused, or a few among which it is; none where that would be more than a quarter of the window.

    The rows are halved, in a group taken sender by sender. Whatever is not the same refusal counts as passing; where
    each part passes alone it was the length of all of them, and none is to blame.

    Args:
        model: the chat model.
        clock: wall clock.
        bot: whose prompt.
        suspects: the rows, oldest first, without which the model answered.
        refusal: what it said to them.
        batch: the messages that it answered.
        group: whether several people write in the conversation.
        until: when to stop, Unix milliseconds.
    """
    left = PROBES_MAX

    async def is_refused(rows: Sequence[Entry]) -> bool:
        nonlocal left
        left -= 1
        prompt = replace(build_prompt(bot, rows, batch, group=group), max_tokens=PROBE_MAX_TOKENS)
        seconds = max(0.1, (until - clock.now()) / 1000)
        try:
            await model.complete(prompt, seconds=seconds, only=refusal.place)
        except ModelError as error:
            return type(error) is type(refusal)
        return False

    refused = rows = suspects  # the smallest part that was refused; the part that is left to look at
    while len(rows) > 1 and left > (0 if rows is refused else 1) and clock.now() < until:
        part = _part(rows, group=group)
        if await is_refused(part):
            refused = rows = part
        else:
            rows = tuple(row for row in rows if row not in part)
    if rows is not refused and left and clock.now() < until:
        refused = rows if await is_refused(rows) else suspects
    if len(refused) > max(1, len(suspects) // 4):
        log.warning(
            "the model refuses an earlier message, and which one could not be found rows=%d", len(suspects)
        )
        return ()
    log.warning("the model refuses an earlier message, which leaves the window rows=%d", len(refused))
    return refused


def _part(rows: tuple[Entry, ...], *, group: bool) -> tuple[Entry, ...]:
    """What is asked about next: in a group the rows of one sender, else the first half."""
    senders = [row.sender for row in rows]
    if group and len(set(senders)) > 1:
        return tuple(row for row in rows if row.sender == senders[0])
    return rows[: len(rows) // 2]
