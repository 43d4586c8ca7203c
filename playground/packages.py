"""Pinned packages, installed into an environment: by uv where the set-up has fetched it, which takes a tenth of the
time that pip takes, else by pip. Standard library only."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from playground.progress import Progress, say
from playground.steps import SetupFailed
from playground.tools import SETUP_LOG, pip_progress, run, uv_progress

PIP_WITH_READABLE_PROGRESS = (24, 1)

SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration, in the order in which one goes before the other (pip's documentation, "Precedence")."""

UV_VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX", None),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "proxy": ("ALL_PROXY", None),
    "cert": ("SSL_CERT_FILE", None),
    "client-cert": ("SSL_CLIENT_CERT", None),
}
"""What uv calls a setting of pip's, and what stands between the values of one that may have more than one."""


def uv_beside(python: Path) -> Path:
    """Where uv lies in the environment of this interpreter, once it is installed there."""
    return python.with_name("uv.exe" if sys.platform == "win32" else "uv")


def install(progress: Progress, python: Path, owner: Path, requirements: Path, flags: Sequence[str]) -> None:
    """Install what a file names, by the hashes that it gives, and nothing else.

    Args:
        progress: is told of it.
        python: of the environment to fill.
        owner: the interpreter of the environment that has pip, and maybe uv.
        requirements: the file.
        flags: of both, such as ``--no-deps``.

    Raises:
        SetupFailed: it was not possible.
    """
    wanted = [*flags, "--require-hashes", "-r", str(requirements)]
    uv = uv_beside(owner)
    known = pip_settings(owner) if uv.exists() else None
    if known is not None:
        # A file is taken by its hash, so it does not matter which index has it.
        where = ["--index-strategy", "unsafe-best-match", *(["--no-index"] if offline(known) else [])]
        command = [str(uv), "pip", "install", "--python", str(python), *where, *wanted]
        try:
            run(progress, command, uv_progress(progress), environment=variables(known))
        except SetupFailed:
            say(f"{progress.name}: uv failed, pip is asked instead (why: {SETUP_LOG})")
        else:
            return
    _by_pip(progress, python, owner, wanted)


def _by_pip(progress: Progress, python: Path, owner: Path, wanted: Sequence[str]) -> None:
    pip = [str(owner), "-m", "pip", *([] if python == owner else ["--python", str(python)])]
    shown: list[str] = []
    try:
        run(progress, [*pip, "--version"], shown.append)
    except SetupFailed as error:  # a run before this one was killed while pip replaced itself
        folder = owner.parent.parent
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupFailed(f"{error}\n  {folder} is removed: run the command again") from error
    match = re.search(r"pip (\d+)\.(\d+)", "\n".join(shown))
    readable = match is not None and (int(match[1]), int(match[2])) >= PIP_WITH_READABLE_PROGRESS
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "raw" if readable else "off"]
    run(progress, [*pip, "install", *quiet, "--no-compile", *wanted], pip_progress(progress))


@cache
def pip_settings(python: Path) -> Mapping[str, str] | None:
    """What pip's files and environment variables say on this machine, by name, such as ``index-url``; None when pip
    does not work.

    A machine that reaches no registry but a mirror has it there, and uv looks at none of it.
    """
    command = [str(python), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return None if listed.returncode else merged(listed.stdout)


def merged(listed: str) -> dict[str, str]:
    """The settings that hold, of those that ``pip config list`` has printed."""
    found: dict[tuple[str, str], str] = {}
    for line in listed.splitlines():
        if match := re.fullmatch(r"(:env:|\w+)\.([\w-]+)=('.*'|\".*\")", line):
            found[match[1], match[2]] = str(ast.literal_eval(match[3]))
    return {name: value for section in SECTIONS for (of, name), value in found.items() if of == section}


def offline(settings: Mapping[str, str]) -> bool:
    """True when pip would ask no index: uv has no variable for it."""
    return settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """uv's environment variables for where and how pip would look; what the machine has set for uv already stays.

    Variables and not flags: an index's address may hold a password, and a command line is seen by all.
    """
    wanted = {
        variable: value if separator is None else separator.join(value.split())
        for name, (variable, separator) in UV_VARIABLES.items()
        if (value := settings.get(name))
    }
    return {variable: value for variable, value in wanted.items() if variable not in os.environ}
