"""The bots file and the file of tools while the playground runs: looked at, checked, and taken on by a new host.

They are looked at twice a second, not listened to: what a system reports of a change depends on how the editor saves,
in place or by another file in its place, and is another interface on each system. To read two small files takes a tenth
of a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from playground.local_settings import setting
from playground.processes import ChildFailed
from playground.progress import say
from playground.stack import FilesWrong, Stack
from relay.config.bots import Bots, load_bots
from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError

LOOK_SECONDS = 0.5
SETTLE_SECONDS = 0.1
"""What says the same after this time is no longer being written."""

TAKEN_ON = "The bots file or the tools have changed: another function host has read them, and took over."
FOR_OWNER = (
    "The bots file has changed: its bots are known here. Restart your function host, that it reads them, too."
)

Contents = tuple[bytes | None, ...]


@dataclass
class Files:
    """The two files, and what was last seen in them. Neither has to be there."""

    bots: Path
    tools: Path
    _seen: Contents = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._read()

    async def changed(self, pause: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Wait until they say something else than when this was last called, and are no longer being written."""
        while True:
            while (found := self._read()) == self._seen:
                await pause(LOOK_SECONDS)
            settled: Contents | None = None
            while settled != found:
                settled, _ = found, await pause(SETTLE_SECONDS)
                found = self._read()
            if found != self._seen:  # an editor may have emptied a file, and written the same again
                self._seen = found
                return

    def _read(self) -> Contents:
        return tuple(_content(path) for path in (self.bots, self.tools))


class Audience(Protocol):
    """Who shows how the files and the function host stand."""

    def wrong(self, problems: Sequence[str]) -> None:
        """The files are wrong, or no host starts on them; the one that runs goes on with what it has."""

    def replacing(self) -> None:
        """Another function host looks at the files, and starts on them if they are right."""

    def taken_on(self, bots: Bots) -> None:
        """They hold from now on; where the host is somebody else's, only for the page."""


def app_files() -> Files:
    """Those that the settings name."""
    return Files(
        APP_FOLDER / setting("RELAY_BOTS_FILE", "bots.toml"),
        APP_FOLDER / setting("RELAY_TOOLS_FILE", "tools.py"),
    )


async def keep_up(files: Files, stack: Stack, audience: Audience, host_changes: asyncio.Lock) -> None:
    """Follow the files for as long as the stack runs.

    Args:
        files: what is followed.
        stack: whose function host is replaced.
        audience: is told.
        host_changes: held by whoever ends or starts the host.
    """
    while True:
        await files.changed()
        try:
            bots = load_bots(files.bots)
            if stack.functions is not None:
                async with host_changes:
                    audience.replacing()
                    await asyncio.to_thread(stack.replace_functions)
        except (ConfigError, FilesWrong) as error:
            audience.wrong(error.problems)
        except ChildFailed as error:
            audience.wrong([str(error)])
        else:
            audience.taken_on(bots)


def tell_problems(problems: Sequence[str]) -> None:
    """Say in the terminal what is wrong."""
    lines = "\n".join(f"  {problem}" for problem in problems)
    say(f"The change is not taken on, the function host goes on with what it has read before:\n{lines}")


def _content(path: Path) -> bytes | None:
    """None while it cannot be read: between the two steps by which an editor puts a file in its place, too."""
    try:
        return path.read_bytes()
    except OSError:
        return None
