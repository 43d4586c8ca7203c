"""All tools by their names: the users' and those that ship."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Self

from relay.config.bot import Bot, Painter
from relay.errors import ToolsBroken
from relay.ports import Pictures
from relay.tools.loading import import_file, tools_of
from relay.tools.shipped import DRAW, drawing, shipped
from relay.tools.tool import Tool


class Toolbox:
    """The tools.

    Args:
        tools: the users', by name.
        path: their file, for whoever looks for a tool.
        pictures: what ``draw`` asks; None where nothing is drawn, as in a check.
    """

    def __init__(self, tools: Mapping[str, Tool], path: Path, pictures: Pictures | None = None) -> None:
        self.tools = tools
        self._path = path
        self._pictures = pictures
        self._drawing: dict[Painter, Tool] = {}

    @classmethod
    def load(cls, path: Path, pictures: Pictures | None = None) -> Self:
        """Import the users' file, if it is there. Runs their code, and takes as long as that does.

        Raises:
            ToolsBroken: with every problem found, each with file and line.
        """
        problems: list[str] = []
        tools: dict[str, Tool] = {}
        for found in tools_of(import_file(path)) if path.exists() else ():
            if isinstance(found, ToolsBroken):
                problems += found.problems
            elif found.name == DRAW or found.name in shipped():
                problems.append(
                    f"{found.where}: {found.name}: is the name of a tool that ships; give it another one"
                )
            elif other := tools.get(found.name):
                problems.append(f"{found.where}: {found.name}: is the name of the tool at {other.where}, too")
            else:
                tools[found.name] = found
        if problems:
            raise ToolsBroken(problems)
        return cls(tools, path, pictures)

    def get(self, name: str) -> Tool | None:
        """The tool of this name, whichever bot has it; ``draw`` is each bot's own."""
        return self.tools.get(name) or shipped().get(name)

    def chosen(self, bot: Bot) -> tuple[Tool, ...]:
        """The tools of a bot or function, in its order; ``draw`` last.

        Raises:
            ToolsBroken: there is none of a name.
        """
        if problems := [self._unknown(name, bot) for name in bot.tools if not self._has(name, bot)]:
            raise ToolsBroken(problems)
        found = {name: tool for name in bot.tools if (tool := self.get(name))}
        if bot.draw:
            if bot.draw not in self._drawing:
                self._drawing[bot.draw] = drawing(self._pictures, bot.draw)
            found[DRAW] = self._drawing[bot.draw]
        return tuple(found.values())

    def problems(self, bots: Iterable[Bot], file: str) -> list[str]:
        """What is wrong when bots name tools that do not exist: one sentence each. ``file`` is the bots file's name."""
        wrong: dict[str, None] = {}
        for number, bot in enumerate(bots, 1):
            for function, variant in {"": bot, **bot.functions}.items():
                place = f'{file}: bot {number} ("{bot.accid}")' + (
                    f', function "{function}"' if function else ""
                )
                for name in variant.tools:
                    if not self._has(name, variant) and (not function or name not in bot.tools):
                        wrong[f'{place}, key "tools": {self._unknown(name, variant)}'] = None
        return list(wrong)

    def _has(self, name: str, bot: Bot) -> bool:
        return self.get(name) is not None or (name == DRAW and bot.draw is not None)

    def _unknown(self, name: str, bot: Bot) -> str:
        if name == DRAW:
            return f'"{DRAW}" needs a model; accepted: draw = {{ model = "…" }} beside it'
        if not self.tools and not self._path.exists():
            return (
                f'there is no tool "{name}", and no file {self._path.name}; accepted: {", ".join(shipped())}'
            )
        known = (*self.tools, *shipped())
        if close := get_close_matches(name, known, n=1):
            return f'there is no tool "{name}" in {self._path.name}; did you mean "{close[0]}"?'
        return f'there is no tool "{name}" in {self._path.name}; accepted: {", ".join(known)}'
