"""Plays a scenario against a running stack, step by step."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playground.control import Control, ControlError
from playground.faults import FaultUnavailable
from playground.scenario.orders import HostSwitch
from playground.scenario.performance import Performance, Unmet
from playground.scenario.quality import Exchange, Judge
from playground.scenario.stage import Chat, Stage
from playground.scenario.tables import Scenario

FIRST_USER = "alice"
"""Who speaks where the first step does not say it."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of one step, or of one part of it.

    Attributes:
        title: what should happen, in a few words.
        ok: whether it did.
        detail: what happened; for a failure, what did instead.
        milliseconds: how long it took.
    """

    title: str
    ok: bool
    detail: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario.

    Attributes:
        steps: as far as it was played: the first failure ends it.
        not_played: how many steps of the file were left.
        exchanges: the questions that were answered.
    """

    steps: tuple[StepResult, ...]
    not_played: int
    exchanges: tuple[Exchange, ...] = ()

    @property
    def ok(self) -> bool:
        """True if everything was as expected."""
        return all(step.ok for step in self.steps)


class Player:
    """Plays scenarios against one stack.

    Args:
        im: control interface of the IM emulator.
        model: of the model server; None when the stack did not start the model.
        bot: accid of the bot that is spoken to where no step says it.
        host: kills the function host and starts it; None where that cannot be.
        judge: who judges replies; None where nobody does.
    """

    def __init__(
        self,
        im: Control,
        model: Control | None,
        *,
        bot: str,
        host: HostSwitch | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._im, self._model = im, model
        self._first = Chat(FIRST_USER, bot)
        self._host, self._judge = host, judge

    async def run(self, scenario: Scenario, tell: Callable[[StepResult], None] = lambda _: None) -> Result:
        """Play a scenario to its end, or to its first failure.

        It goes on from what chats and storage hold by then, and takes its faults and its script back in the end.

        Args:
            scenario: what to play.
            tell: gets each result as it comes.
        """
        results: list[StepResult] = []
        left = len(scenario.steps)

        def goes_on(result: StepResult) -> bool:
            results.append(result)
            tell(result)
            return result.ok

        stage = Stage(self._im, self._model)
        async with Performance(stage, scenario, self._first, self._host, self._judge) as performance:
            ready = await _attempt("groups and script are ready", performance.prepare)
            going_on = ready.ok or goes_on(ready)
            for step in scenario.steps:
                if not going_on:
                    break
                left -= 1
                for title, act in performance.parts(step):
                    going_on = going_on and goes_on(await _attempt(title, act))
            if going_on and not scenario.unfinished:
                goes_on(await _attempt("nothing else is said", performance.silence))
        return Result(tuple(results), left, tuple(performance.exchanges))


async def _attempt(title: str, act: Callable[[], Awaitable[str]]) -> StepResult:
    began = time.monotonic()
    try:
        detail, ok = await act(), True
    except (Unmet, ControlError, FaultUnavailable) as failure:
        detail, ok = str(failure), False
    return StepResult(title, ok, detail, round((time.monotonic() - began) * 1000))
