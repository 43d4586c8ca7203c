"""An operator beside a relay in memory: the commands, over the doubles that the relay itself uses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.operations import command
from relay.operations.operator import Operator
from tests.kit import RelayKit


@dataclass
class OperatorKit:
    """Runs commands.

    Attributes:
        relay: the relay.
        said: what the commands have said beside their output.
        asked: what they have asked, and
        answer: what they are told.
    """

    relay: RelayKit
    environ: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answer: bool = False

    def run(self, *arguments: str) -> int:
        """A command, and what it ends with."""
        return asyncio.run(self.work(*arguments))

    async def work(self, *arguments: str) -> int:
        """The same, inside of a loop that runs already."""
        options = command.parsed(arguments)
        return int(await options.work(self.operator, options))

    @property
    def operator(self) -> Operator:
        """Who looks at the relay's storage."""
        kit = self.relay
        return Operator(
            kit.tables,
            kit.queues,
            kit.app.bots,
            kit.clock,
            environ=self.environ,
            say=self.said.append,
            ask=self._asked,
            sends_by=kit.im,
        )

    def _asked(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer


def words_in(relay: RelayKit) -> str:
    """Everything in every table and queue."""
    queued: dict[str, Any] = {name: relay.queues.texts(name) for name in relay.queues.queues}
    return f"{relay.tables.tables}{queued}"
