"""The tools of the handler tests: those of ``tools.py``, and what a test brings; whatever runs is remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from relay.config.bots import Bot
from relay.ports import Pictures
from relay.tools import Call, Tool, Toolbox
from relay.tools.tool import marked, where


@dataclass(frozen=True, slots=True)
class RecordedTool(Tool):
    """A tool that tells what it is called with before it runs."""

    _told: Callable[[str, Mapping[str, Any], Call], None] = field(repr=False, kw_only=True)

    async def run(self, arguments: Mapping[str, Any], call: Call) -> object:
        """Tell, and run."""
        self._told(self.name, arguments, call)
        return await Tool.run(self, arguments, call)


class RecordingTools(Toolbox):
    """The users' tools of a test.

    Attributes:
        calls: what was run, in the order in which it began: ``[("nearest_shop", {"city": "Rome"})]``.
        keys: the idempotency key of each of them.
    """

    def __init__(self, path: Path, pictures: Pictures | None = None) -> None:
        super().__init__({}, path, pictures)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []
        self._is_read = False

    def add(self, *functions: Callable[..., Any]) -> None:
        """Have functions that bear ``@tool`` beside those of ``tools.py``."""
        for function in functions:
            mark = marked(function)
            assert mark is not None, f"{function.__name__} has no @tool above it"
            self.tools = {**self.tools, mark.name: Tool.of(function, mark, where(function))}

    def chosen(self, bot: Bot) -> tuple[Tool, ...]:
        """The tools of a bot. The file is read when a bot names a tool that no test has brought."""
        if not self._is_read and any(self.get(name) is None for name in bot.tools):
            self._is_read = True
            self.tools = {**Toolbox.load(self._path).tools, **self.tools}
        return tuple(
            RecordedTool(**{each.name: getattr(tool, each.name) for each in fields(tool)}, _told=self._told)
            for tool in super().chosen(bot)
        )

    def _told(self, name: str, arguments: Mapping[str, Any], call: Call) -> None:
        self.calls.append((name, dict(arguments)))
        self.keys.append(call.idempotency_key)
