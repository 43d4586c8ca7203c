"""Every run of a small world, each state once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.exploration.world import Choice, World


@dataclass
class Explored:
    """What an exploration covered.

    Attributes:
        states: different states.
        runs: runs that were replayed to their end or to a known state.
        ends: different states in which nothing can happen any more; each was checked.
        finished: False when a limit ended it before the space.
    """

    states: int = 0
    runs: int = 0
    ends: int = 0
    finished: bool = True


class Broken(AssertionError):
    """A run broke an invariant; the message tells which, and the choices that lead there again."""


def explore(
    make: Callable[[], World], check: Callable[[World], None], states_max: int | None = None
) -> Explored:
    """Depth first through all choices; ``check`` raises AssertionError on a bad end.

    Raises:
        Broken: with the choices that lead to the bad end.
    """
    known: set[int] = set()
    open_runs: list[tuple[Choice, ...]] = [()]
    found = Explored()
    while open_runs:
        if states_max is not None and len(known) >= states_max:
            found.finished = False
            break
        choices = open_runs.pop()
        world = make()
        found.runs += 1
        calls: list[str] = []
        try:
            for choice in choices:
                _choose(world, choice, calls)
            while (state := world.state()) not in known:
                known.add(state)
                possible = world.choices()
                if not possible:
                    check(world)
                    found.ends += 1
                    break
                open_runs.extend((*choices, other) for other in possible[1:])
                choices = (*choices, possible[0])
                _choose(world, possible[0], calls)
        except AssertionError as error:
            steps = (f"  {choice} {call}" for choice, call in zip(choices, calls, strict=True))
            raise Broken("\n".join([str(error), *steps])) from error
        finally:
            world.close()
    found.states = len(known)
    return found


def _choose(world: World, choice: Choice, calls: list[str]) -> None:
    calls.append(world.workers[choice[1]].at)
    world.choose(choice)
