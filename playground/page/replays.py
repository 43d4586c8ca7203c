"""Scenario files that are played for the page: each in a stack of its own, beside the one of the chat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from itertools import count
from pathlib import Path
from typing import Any

from playground.azurite import AzuriteMissing
from playground.page.guard import ApiError
from playground.page.words import say
from playground.ports import PortTaken
from playground.processes import ChildFailed
from playground.runs import ROOT, log_folder
from playground.scenario.command import play_in, stack_for
from playground.scenario.format import Scenario, parse
from playground.scenario.run import StepResult
from playground.stack import Host, Stack
from playground.steps import SetupFailed
from relay.errors import ConfigError

FILES = ROOT / "tests" / "scenarios" / "files"
"""Where what a file names beside itself is looked for: a browser tells of one file only, and never brings a program."""

BREATH_SECONDS = 1.0
"""So often it is seen whether anybody still reads."""

Line = dict[str, Any]

_numbers = count(1)


def read_scenario(text: str) -> Scenario:
    """A scenario from the text of its file.

    Raises:
        ApiError: it is none.
    """
    try:
        return parse(text, "the file", FILES)
    except ConfigError as error:
        raise ApiError(400, "bad_scenario", "\n".join(error.problems)) from error


class Replays:
    """Plays files, one at a time.

    Args:
        host: what runs the functions.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._playing: asyncio.Task[None] | None = None

    async def play(self, scenario: Scenario) -> AsyncGenerator[Line | None, None]:
        """What comes of a file, line by line; None now and then, where there is nothing to tell.

        Each step is ``{"title", "ok", "detail"}``, the last line ``{"ok", "not_played", "why"}``. Whoever stops
        reading ends it; either way its stack is gone when the generator is.

        Raises:
            ApiError: another file is being played.
        """
        if self._playing is not None:
            raise ApiError(
                409, "busy", say("another scenario is being played; cancel that, or wait for its end")
            )
        news: asyncio.Queue[Line] = asyncio.Queue()
        logs = log_folder("replay") / str(next(_numbers))
        self._playing = playing = asyncio.create_task(_play(scenario, logs, self._host, news.put_nowait))
        playing.add_done_callback(self._ended)
        try:
            while not playing.done() or not news.empty():
                line = None
                with contextlib.suppress(TimeoutError):
                    line = await asyncio.wait_for(news.get(), BREATH_SECONDS)
                yield line
            if not playing.cancelled():
                playing.result()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End what is being played, and its stack with it; until that has ended, nothing else is played."""
        if (playing := self._playing) is not None:
            playing.cancel()
            await asyncio.wait([playing])

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._playing = None


async def _play(scenario: Scenario, logs: Path, host: Host, tell: Callable[[Line], None]) -> None:
    def tell_step(step: StepResult) -> None:
        tell({"title": step.title, "ok": step.ok, "detail": step.detail})

    try:
        stack = await asyncio.to_thread(stack_for, scenario, logs, host=host)
        try:
            await _start(stack)
            result = await play_in(stack, scenario, tell_step)
        finally:
            await asyncio.to_thread(stack.stop)
        why = "" if result.ok else say("The logs of its parts are in {logs}", logs=logs)
        tell({"ok": result.ok, "not_played": result.not_played, "why": why})
    except (ConfigError, ChildFailed, PortTaken, AzuriteMissing, SetupFailed) as error:
        tell({"ok": False, "not_played": len(scenario.steps), "why": str(error)})


async def _start(stack: Stack) -> None:
    """Start a stack; when cancelled, wait until what was begun of it has ended."""
    starting = asyncio.create_task(asyncio.to_thread(stack.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        stack.break_off()
        await asyncio.gather(starting, return_exceptions=True)
        raise
