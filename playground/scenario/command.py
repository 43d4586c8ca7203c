"""``dev.py play --scenario FILE``: starts the stack for each file, plays it, and says what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from playground import install
from playground.beside import is_local, stack_beside
from playground.control import Control
from playground.install import Environment
from playground.local_settings import setting
from playground.processes import INTERRUPTED, interrupt_on_signals
from playground.runs import log_folder
from playground.scenario import toml
from playground.scenario.format import Scenario, bots_of, load
from playground.scenario.orders import HostSwitch
from playground.scenario.quality import Judge
from playground.scenario.run import Player, Result, StepResult
from playground.stack import Host, Model, Stack
from playground.steps import set_up
from relay.config.bots import Bots, load_bots
from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError


def play_scenarios(paths: Sequence[Path], model: Model | None, host: Host, webhook: str | None) -> int:
    """Play scenario files, each in a stack of its own.

    Args:
        paths: the files.
        model: what answers, instead of what each file says.
        host: what runs the functions.
        webhook: URL of a webhook that runs already; then its host is not started, see :func:`stack_beside`.

    Returns:
        The exit code: 0 when everything was as expected, 1 when not, 130 after Ctrl-C.
    """
    interrupt_on_signals()
    try:
        scenarios = load_all(paths)
    except ConfigError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    passed, folder = 0, log_folder("scenario")
    try:
        for path, scenario in scenarios:
            print(f"{scenario.title} ({path.name})", flush=True)
            logs = folder / path.stem
            result = play_one(scenario, logs, model=model, host=host, webhook=webhook, tell=_print)
            passed += result.ok
            if not result.ok:
                print(f"    steps not played: {result.not_played}; logs: {logs}")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print(f"{passed} of {len(scenarios)} as expected")
    return 0 if passed == len(scenarios) else 1


def load_all(paths: Sequence[Path]) -> list[tuple[Path, Scenario]]:
    """Read and check scenario files.

    Raises:
        ConfigError: with every problem of all of them.
    """
    scenarios: list[tuple[Path, Scenario]] = []
    problems: list[str] = []
    for path in paths:
        try:
            scenarios.append((path, load(path)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return scenarios


def play_one(
    scenario: Scenario,
    logs: Path,
    *,
    model: Model | None = None,
    host: Host = "builtin",
    webhook: str | None = None,
    tell: Callable[[StepResult], None] = lambda _: None,
) -> Result:
    """Play one scenario in a stack that is started for it, with empty storage.

    Args:
        scenario: what to play.
        logs: folder of the parts' output.
        model, host, webhook: as for :func:`play_scenarios`.
        tell: gets each result as it comes.

    Raises:
        ConfigError: the app's bots file is wrong.
        ChildFailed, PortTaken, AzuriteMissing: the stack did not start.
    """
    with stack_for(scenario, logs, model=model, host=host, webhook=webhook) as stack:
        return asyncio.run(play_in(stack, scenario, tell))


def stack_for(
    scenario: Scenario,
    logs: Path,
    *,
    model: Model | None = None,
    host: Host = "builtin",
    webhook: str | None = None,
) -> Stack:
    """The stack that a scenario is played in, not started yet; the arguments are those of :func:`play_one`.

    Raises:
        SetupFailed: the model that it needs cannot be fetched.
    """
    answering = model or scenario.model
    if answering == "tiny" and (webhook is None or is_local(webhook)):
        set_up([install.tiny_model(Environment())])
    if webhook is not None:
        return stack_beside(webhook, answering, logs)
    environ = {**os.environ, **scenario.settings}
    if scenario.tools_path:
        environ["RELAY_TOOLS_FILE"] = str(scenario.tools_path.resolve())
    if scenario.bots:
        logs.mkdir(parents=True, exist_ok=True)
        file = logs / "bots.toml"
        lines = [f"{name} = {toml.literal(value)}\n" for name, value in scenario.bots_document.items()]
        file.write_text("".join(lines), encoding="utf-8")
        environ["RELAY_BOTS_FILE"] = str(file)
    return Stack(model=answering, host=host, logs=logs, environ=environ)


def bots_for(scenario: Scenario) -> Bots:
    """The bots that a scenario speaks to: its own, else those of the app.

    Raises:
        ConfigError: something is wrong with them.
    """
    app_bots = APP_FOLDER / setting("RELAY_BOTS_FILE", "bots.toml")
    return bots_of(scenario, "the scenario") or load_bots(app_bots)


async def play_in(
    stack: Stack,
    scenario: Scenario,
    tell: Callable[[StepResult], None] = lambda _: None,
    judge: Judge | None = None,
) -> Result:
    """Play a scenario in its stack, which runs.

    Raises:
        ConfigError: the app's bots file is wrong.
    """
    bots = bots_for(scenario)

    async def down() -> None:
        await asyncio.to_thread(stack.kill_functions)

    async def up() -> None:
        await asyncio.to_thread(stack.restart_functions)

    async with aiohttp.ClientSession() as session:
        im = Control(session, stack.im_url, "the IM emulator")
        model = None
        if stack.model_url:
            model = Control(session, stack.model_url.removesuffix("/v1"), "the model server")
        host = HostSwitch(down, up) if stack.functions else None
        player = Player(im, model, bot=next(iter(bots)).accid, host=host, judge=judge)
        return await player.run(scenario, tell)


def _print(step: StepResult) -> None:
    mark = "✓" if step.ok else "✗"
    print(
        f"  {mark} " + " · ".join(filter(None, [step.title, step.detail, f"{step.milliseconds} ms"])),
        flush=True,
    )
