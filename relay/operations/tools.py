"""The users' tools, as the command ``check`` and ``dev.py play`` look at them before the app runs any."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from relay.config.bot import Bot
from relay.errors import ToolsBroken
from relay.tools import Tool, Toolbox


def load(
    path: Path, bots: Iterable[Bot], bots_file: str, settings: Mapping[str, str]
) -> tuple[Toolbox | None, list[str]]:
    """Import the users' file and look for what the bots name.

    Args:
        path: the file; it need not be there.
        bots: all of the bots file.
        bots_file: its name, for the reader of a problem.
        settings: of ``local.settings.json``, which the function host puts into the environment for the users' code.

    Returns:
        The tools, None when the file is broken, and the problems.
    """
    with _environment(settings):
        try:
            toolbox = Toolbox.load(path)
        except ToolsBroken as broken:
            return None, broken.problems
    return toolbox, toolbox.problems(bots, bots_file)


def rows(toolbox: Toolbox, bot: Bot) -> Iterator[tuple[str, str, str]]:
    """A line for each tool of a bot: its parameters, where it is, whether the user is asked first."""
    try:
        tools: tuple[Tool, ...] = toolbox.chosen(bot)
    except ToolsBroken:
        return  # the problems say it
    for tool in tools:
        yield str(tool), tool.where, "asks first" if tool.confirm else ""


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
