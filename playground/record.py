"""What happened at one of the servers, in order, for readers in other processes."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from playground.kept import Fact, Lines
from playground.loopback import Changes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WAIT_MAX_SECONDS = 60.0


class Record(Changes):
    """A list of facts that only grows. A fact that changes is recorded again, whole, under the same id.

    Args:
        kept: a file for them, whose facts of an earlier run come first; None keeps none.

    Attributes:
        facts: what was recorded: a kind, and the fields of the fact as they were then.
    """

    def __init__(self, kept: Lines | None = None) -> None:
        super().__init__()
        self._kept = kept
        self.facts: list[Fact] = list(kept.facts) if kept else []
        self._closed = False

    def write(self, kind: str, fact: DataclassInstance) -> None:
        """Record a fact as it is now; the readers that wait get it at the next announcement."""
        fields = asdict(fact)
        self.facts.append((kind, fields))
        if self._kept:
            self._kept.add(kind, fields)

    def next_number(self, *kinds: str) -> int:
        """The number of the next fact of these kinds, which are counted together."""
        return max((fact["number"] + 1 for kind, fact in self.facts if kind in kinds), default=0)

    async def add(self, kind: str, fact: DataclassInstance) -> None:
        """Record a fact as it is now, and wake the readers that wait."""
        self.write(kind, fact)
        await self.announce()

    async def close(self, _: web.Application) -> None:
        """For ``on_shutdown``: a server that ends keeps nobody waiting."""
        self._closed = True
        await self.announce()

    async def serve(self, request: web.Request) -> web.Response:
        """``?after=N&seconds=S``: the facts from number N on; waits for one up to S seconds."""
        after = int(request.query.get("after", "0"))
        seconds = min(float(request.query.get("seconds", "0")), WAIT_MAX_SECONDS)
        with contextlib.suppress(TimeoutError):  # nothing new is an answer, too
            await self.wait_for(lambda: self._closed or len(self.facts) > after, seconds)
        found = [{"kind": kind, **fact} for kind, fact in self.facts[after:]]
        return web.json_response({"facts": found, "next": max(after, len(self.facts))})
