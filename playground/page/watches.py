"""The watch of a message: the copy on the queue that takes it up again when its turn died."""

from __future__ import annotations

from playground.page.journal import Journal
from playground.page.turns import TurnSteps
from relay import spans


def watch_visible_at(journal: Journal, message: str) -> float | None:
    """When the delayed copy that the webhook queued can be seen, Unix milliseconds; None where that is not known."""
    for trace_id in journal.traces_of(message):
        made = TurnSteps(journal, trace_id)
        for webhook in made.webhooks():
            for put in made.delayed(webhook):
                return put.at + float(put.attributes[spans.QUEUE_DELAY]) * 1000
    return None


def again_at(journal: Journal, message: str) -> float | None:
    """When a message is taken up again whose turn a kill of the host broke off, Unix milliseconds.

    None where no turn of it was broken off, or a later one has begun.
    """
    if not journal.kills or journal.kills[-1] < journal.messages[message].at:
        return None
    made = [TurnSteps(journal, trace) for trace in journal.traces_of(message)]
    unfinished = [step.at for one in made for step in one.unfinished()]
    ended = [turn.at for one in made for turn in one.turns()]
    if not unfinished or max([*unfinished, *ended]) > journal.kills[-1]:
        return None
    return watch_visible_at(journal, message)
