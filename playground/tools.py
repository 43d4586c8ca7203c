"""uv, pip, npm and apt as a step of the setup runs them: their output goes to a log, their progress is told. Standard
library only."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from playground.progress import Progress
from playground.runs import DEV, ROOT
from playground.steps import SetupFailed

SETUP_LOG = DEV / "logs" / "setup.log"

BY_CTRL_C = (130, 0xC000013A)
"""Exit codes after Ctrl-C that are no signal's: that of a shell, and that of Windows."""


class Interrupted(SetupFailed):
    """Ctrl-C, or another signal, has ended a tool: that is no fault of the tool's."""


def run(
    progress: Progress,
    argv: Sequence[str | Path],
    on_line: Callable[[str], None] = lambda line: None,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a tool of a step, its output in the log.

    Args:
        progress: of the step.
        argv: the command.
        on_line: is called with each line of its output.
        cwd: where it runs.
        environment: variables that it gets beside those that are there.

    Raises:
        SetupFailed: it failed, or could not be started; with its last lines.
    """
    SETUP_LOG.parent.mkdir(parents=True, exist_ok=True)
    name = Path(argv[0]).name
    last: list[str] = []
    with SETUP_LOG.open("a", encoding="utf-8", buffering=1) as log:  # by lines: other steps write, too
        try:
            tool = subprocess.Popen(
                [str(part) for part in argv],
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise SetupFailed(f"{name} cannot be started: {error}") from error
        with tool:
            for line in tool.stdout or ():
                on_line(line.strip())
                if not line.startswith("Progress "):
                    log.write(f"{progress.name}: {line}")
                    last = [*last[-9:], line.rstrip()]
    if tool.returncode < 0 or tool.returncode in BY_CTRL_C:
        raise Interrupted(f"{name} was ended by a signal ({tool.returncode})")
    if tool.returncode:
        raise SetupFailed("\n  ".join([f"{name} failed:", *last, f"(all of it: {SETUP_LOG})"]))


def pip_progress(progress: Progress) -> Callable[[str], None]:
    package = ""

    def on_line(line: str) -> None:
        nonlocal package
        if match := re.match(r"Downloading (?:\S*/)?([^-\s/]+)-\S* \((.*)\)", line):
            package = match[1]
            progress.say(f"{package} ({match[2]})")
        elif match := re.match(r"Progress (\d+) of (\d+)", line):
            progress.say(f"{package} {int(match[1]) / 1e6:.1f} of {int(match[2]) / 1e6:.1f} MB")
        elif line.startswith("Installing collected packages"):
            progress.say("unpacking")

    return on_line


def uv_progress(progress: Progress) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        if match := re.match(r"Downloading (\S+) \((.*)\)", line):
            progress.say(f"{match[1]} ({match[2]})")

    return on_line


def npm_progress(progress: Progress, packages: int) -> Callable[[str], None]:
    fetched = 0

    def on_line(line: str) -> None:
        nonlocal fetched
        if line.startswith("npm http"):
            fetched += 1
            progress.say(f"{min(fetched, packages)} of {packages} npm packages")

    return on_line
