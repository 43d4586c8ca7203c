"""``dev.py play`` as a person starts it: a process with a page."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from playground.processes import Child
from playground.runs import DEV, ROOT, end_dead_runs
from tests.playground.telling import tell

READY_SECONDS = 60
STOP_SECONDS = 5
BOTS = Path(__file__).with_name("bots.toml")
TOOLS = ROOT / "tests" / "scenarios" / "files" / "shop_tools.py"


@dataclass(frozen=True, slots=True)
class Playground:
    """A running ``dev.py play``.

    Attributes:
        url: of the page, without a slash at its end; it is there before the rest of the stack.
    """

    url: str
    _child: Child

    def wait_until_ready(self) -> None:
        """Wait until every part of the stack runs.

        Raises:
            ChildFailed: one did not start.
        """
        self._child.wait_for("Ready after", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it before its time."""
        self._child.stop(STOP_SECONDS)

    async def tell(self, toml: str) -> None:
        """Let what a scenario says happen here."""
        log = self._child.wait_for(r"^Log\s+(.*)$", seconds=READY_SECONDS)[1]
        await tell(self.url, Path(log).parent, toml)


@contextmanager
def playing(
    model: str = "scripted", bots: Path = BOTS, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Playground]:
    """The playground with this model, these bots and other settings, once it has a page.

    Raises:
        ChildFailed: it did not start.
    """
    command: list[str | Path] = [sys.executable, ROOT / "dev.py", "play", "--model", model, "--no-browser"]
    files = {"RELAY_BOTS_FILE": str(bots), "RELAY_TOOLS_FILE": str(TOOLS)}
    environ = {**os.environ, **files, "PYTHONUNBUFFERED": "1", **settings}
    child = Child("play", command, log=DEV / "logs" / "browser-tests.log", env=environ)
    try:
        page = child.wait_for(r"^Page\s+(http://127\.0\.0\.1:\d+)", seconds=READY_SECONDS)
        yield Playground(page[1], child)
    finally:
        child.stop(STOP_SECONDS)
        end_dead_runs()  # what it left behind, had it to be ended by force
