"""Scenarios that do not meet: each run has people and groups of its own, so that one stack serves many."""

from __future__ import annotations

from collections.abc import Collection

from playground.scenario.run import FIRST_USER
from playground.scenario.tables import Scenario


def alone(scenario: Scenario, run: int, bots: Collection[str]) -> Scenario:
    """The same scenario with other accids and group ids, and without the script of another model.

    Args:
        scenario: what is played.
        run: a number that no other run of this stack has.
        bots: accids of the bots, which stay who they are.
    """
    known = {bot.lower() for bot in bots}

    def other(accid: str) -> str:
        return accid if accid.lower() in known else f"{accid[:24]}.{run}"

    steps = [
        step.model_copy(
            update={
                "sender": other(step.sender or FIRST_USER) if number == 0 or step.sender else None,
                "team": other(step.team) if step.team else None,
            }
        )
        for number, step in enumerate(scenario.steps)
    ]
    groups = {other(tid): [other(accid) for accid in members] for tid, members in scenario.groups.items()}
    users = {other(accid): name for accid, name in scenario.users.items()}
    return scenario.model_copy(update={"steps": steps, "groups": groups, "users": users})


def for_another_model(scenario: Scenario) -> Scenario:
    """The same scenario without what the scripted model would say."""
    return scenario.model_copy(update={"script": []})
