"""A scenario file: TOML, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from playground.media import Unreadable
from playground.scenario.problems import problems_of
from playground.scenario.tables import Scenario
from relay.config.bots import Bots, bots_in
from relay.errors import ConfigError

__all__ = ["Scenario", "bots_of", "load", "parse"]


def load(path: Path) -> Scenario:
    """Read and check a scenario file.

    Raises:
        ConfigError: with every problem found, each with the file, the step and the key.
    """
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path.name, path.parent)
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = f"{path.name}: is not UTF-8; save it with that encoding"
    raise ConfigError([problem])


def parse(text: str, name: str, folder: Path | None = None) -> Scenario:
    """A scenario from the text of a file.

    Args:
        text: of the file.
        name: of the file, for the reader of a problem.
        folder: where the files that it names lie; None where that is not known.

    Raises:
        ConfigError: as :func:`load`.
    """
    try:
        scenario = Scenario.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{name}: is not TOML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{name}: is nested too deeply"]) from None
    except ValidationError as error:
        raise ConfigError(problems_of(error, Scenario, name)) from None
    if problems := [*_inconsistencies(scenario, name), *_unreadable(scenario, name, folder)]:
        raise ConfigError(problems)
    bots_of(scenario, name)
    return scenario


def bots_of(scenario: Scenario, name: str) -> Bots | None:
    """The bots that a scenario brings along, None when it uses those of the app.

    Raises:
        ConfigError: something is wrong with them.
    """
    return bots_in(scenario.bots_document, name) if scenario.bots else None


def _unreadable(scenario: Scenario, name: str, folder: Path | None) -> Iterator[str]:
    """Read what the steps attach, and look for the tools; what of it cannot be read."""
    try:
        scenario.find_tools(folder)
    except Unreadable as error:
        yield f'{name}: key "tools_file": {error}'
    for number, step in enumerate(scenario.steps, 1):
        try:
            step.read_medium(folder)
        except Unreadable as error:
            key, _ = step.attaches or ("", "")
            yield f'{name}: step {number}, key "{key}": {error}'


def _inconsistencies(scenario: Scenario, name: str) -> list[str]:
    """What is wrong although each table is right."""
    known = ", ".join(scenario.groups) or "none"
    problems = [
        f'{name}: step {number}, key "team": is not in [groups]; there: {known}'
        for number, step in enumerate(scenario.steps, 1)
        if step.team is not None and step.team not in scenario.groups
    ]
    if scenario.defaults and not scenario.bots:
        problems.append(f'{name}: "defaults": stands for nothing without [[bots]]')
    return problems
