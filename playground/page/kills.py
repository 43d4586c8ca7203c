"""What a kill of the function host did to a message on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from playground.page.journal import Journal
from playground.page.steps import Step
from playground.page.words import say

BROKEN_OFF = "Turn: broken off"
KILLED = "Function host killed"


def kills_during(journal: Journal, message: str) -> Iterator[Step]:
    """The host's deaths while the message was on its way."""
    began = journal.messages[message].at
    ended = max((journal.messages[reply].at for reply in journal.replies_to(message)), default=None)
    for kill in journal.kills:
        if kill >= began and (ended is None or kill <= ended):
            said = say("SIGKILL, as when an instance crashes; it starts again after two seconds")
            yield Step("note", say(KILLED), kill, None, "error", said)


def unfinished_turns(journal: Journal, work: Sequence[Step]) -> Iterator[Step]:
    """Steps of turns whose span has not ended: a kill of the host cut the turn off, or the turn is still under way."""
    left = list(work)
    for kill in sorted(journal.kills):
        died = [step for step in left if step.at < kill]
        left = [step for step in left if step.at >= kill]
        if died:
            said = say("the function host was killed; what was stored stays, what was not is done again")
            inside = tuple(_cut_off(step, kill) for step in died)
            yield Step("turn", say(BROKEN_OFF), died[0].at, kill - died[0].at, "error", said, (), inside)
    if left:
        yield Step("turn", say("Turn under way"), left[0].at, None, "waiting", "", (), tuple(left))


def is_broken_off(turn: Step) -> bool:
    """True for a turn that a kill ended."""
    return turn.title.startswith(say(BROKEN_OFF))


def _cut_off(step: Step, kill: int) -> Step:
    """A step that was under way when the host died: the model may still have answered, to nobody."""
    if step.ms is not None and step.at + step.ms <= kill:
        return step
    said = say("broken off; nobody hears the answer")
    return replace(step, ms=kill - step.at, status="error", summary=said)


def waits_after_kills(turns: Sequence[Step]) -> Iterator[Step]:
    """The wait behind each turn that a kill broke off."""
    said = say(
        "by its watch, a copy on the queue that can be seen only later, or by the turn of a later message"
    )
    for died, following in pairwise(turns):
        if is_broken_off(died):
            ended = died.at + (died.ms or 0)
            ms = max(0, following.at - ended)
            yield Step("queue", say("Waited to be taken up again"), ended, ms, summary=said)
