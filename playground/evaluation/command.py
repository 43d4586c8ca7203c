"""``dev.py eval FILES``: plays scenario files several times, and says how often each went as expected."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from playground.evaluation.isolation import alone, for_another_model
from playground.evaluation.judging import ModelJudge
from playground.evaluation.results import (
    Outcome,
    json_lines,
    read_before,
    report,
    summary,
    write_before,
)
from playground.local_settings import local_values
from playground.processes import INTERRUPTED, interrupt_on_signals
from playground.progress import say
from playground.runs import DEV, log_folder
from playground.scenario.command import bots_for, load_all, play_in, stack_for
from playground.scenario.format import Scenario
from playground.stack import Model
from relay.config.bot import Bot
from relay.config.bots import Bots
from relay.errors import ConfigError

LAST = DEV / "evaluation.json"
"""What came of the last evaluation."""


def evaluate(
    paths: Sequence[Path], model: Model | None, runs: int, judge: str | None, out: Path | None
) -> int:
    """Play scenario files and print what came of them.

    Args:
        paths: the files.
        model: what answers, instead of what each file says.
        runs: how often each file is played; a model need not say the same again.
        judge: accid of the bot whose model judges; None for nobody.
        out: where the exchanges go as JSON lines; None for nowhere.

    Returns:
        The exit code: 0 when every run went as expected, 1 when not, 130 after Ctrl-C.
    """
    interrupt_on_signals()
    try:
        scenarios = load_all(paths)
        outcomes = _played(scenarios, model, runs, judge)
    except ConfigError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    name = model or "as each file says"
    last = read_before(LAST)
    before = last if last and last.model == name else None
    print("\n".join(["", report(outcomes, before), "", *summary(outcomes, before)]))
    write_before(LAST, name, outcomes, last)
    if out is not None:
        out.write_text(json_lines(one for outcome in outcomes for one in outcome.exchanges), encoding="utf-8")
        print(f"exchanges: {out}")
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def _played(
    scenarios: Sequence[tuple[Path, Scenario]], model: Model | None, runs: int, judging: str | None
) -> list[Outcome]:
    """What came of the files, in their order. Those that need the same stack share one."""
    stacks: defaultdict[str, list[tuple[Path, Scenario]]] = defaultdict(list)
    for path, scenario in scenarios:
        stacks[_needs(scenario, model)].append((path, scenario))
    logs, numbers, found = log_folder("eval"), count(1), dict[Path, Outcome]()
    for number, files in enumerate(stacks.values(), 1):
        first = files[0][1]
        bots = bots_for(first)
        judge = _judge_of(bots, judging)
        with stack_for(first, logs / str(number), model=model) as stack:
            environ = {**local_values(), **os.environ, **stack.settings()}
            judges = ModelJudge(judge, environ) if judge else None
            accids = {bot.accid for bot in bots}
            for path, scenario in files:
                began = time.monotonic()
                if (model or scenario.model) != "scripted":
                    scenario = for_another_model(scenario)
                results = [
                    asyncio.run(play_in(stack, alone(scenario, next(numbers), accids), judge=judges))
                    for _ in range(runs)
                ]
                found[path] = Outcome(path.name, tuple(results), time.monotonic() - began)
                say(f"{path.name}: {found[path].passed} of {runs}")
    return [found[path] for path, _ in scenarios]


def _needs(scenario: Scenario, model: Model | None) -> str:
    """What a stack is started with: equal for scenarios that may share one."""
    return repr((model or scenario.model, scenario.settings, scenario.bots_document, scenario.tools_path))


def _judge_of(bots: Bots, accid: str | None) -> Bot | None:
    if accid is None:
        return None
    if bot := bots.get(accid):
        return bot
    known = ", ".join(sorted(bot.accid for bot in bots))
    raise ConfigError([f"--judge: there is no bot {accid}; there are: {known}"])
