"""Pinned packages, installed into an environment: by uv where the set-up has fetched it, which takes a tenth of the
time that pip takes, else by pip. Standard library only.

uv does not read pip's configuration, and what a machine reaches is written there. So uv is told of it as far as it has
the same; where more is needed (a password, a proxy), and where uv fails, pip does it all.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event

from playground.progress import Progress, say
from playground.steps import SetupFailed
from playground.tools import SETUP_LOG, Interrupted, pip_progress, run, uv_progress

PIP_WITH_READABLE_PROGRESS = (24, 1)

SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration, in the order in which one goes before the other (pip's documentation, "Precedence")."""

ONLY_PIPS = ("proxy", "trusted-host", "client-cert", "keyring-provider")
"""Settings of pip's for which uv has nothing that means the same in each case."""

PLAIN = re.compile(r"(https?|file)://[\w.:/%+~-]*|[\w.:/\\ +~-]*")
"""An address without a password, a query or a comma, or a path: uv takes it as pip does, and may print it."""

YES = {"y", "yes", "t", "true", "on", "1"}
"""What pip takes for true."""

_uv_failed = Event()
"""Whatever made it fail once would do so again, after as long a wait."""


@dataclass(frozen=True, slots=True)
class Told:
    """What uv is told: flags of its command line, and environment variables."""

    flags: tuple[str, ...]
    environment: Mapping[str, str]


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
    uv, told = uv_beside(owner), None
    if uv.exists() and not _uv_failed.is_set():
        told = in_uvs_terms(pip_settings(owner))
    if told is not None:
        try:
            _by_uv(progress, python, uv, requirements, flags, told)
        except Interrupted:
            raise
        except SetupFailed:
            _uv_failed.set()
            say(f"{progress.name}: uv failed, pip is asked instead (why: {SETUP_LOG})")
        else:
            return
    _by_pip(progress, python, owner, requirements, flags)


def _by_uv(
    progress: Progress, python: Path, uv: Path, requirements: Path, flags: Sequence[str], told: Told
) -> None:
    # uv takes a package for installed that a killed run has half unpacked.
    begun = requirements.with_suffix(".begun")
    again = ["--reinstall"] if begun.exists() else []
    begun.touch()
    # A version may be in any of the indexes. If its file there is not the pinned one, pip looks into the others, too.
    where = ["--no-config", "--index-strategy", "unsafe-best-match", *told.flags]
    wanted = [*again, *flags, "--require-hashes", "-r", str(requirements)]
    command = [str(uv), "pip", "install", "--python", str(python), *where, *wanted]
    run(progress, command, uv_progress(progress), environment=told.environment)
    begun.unlink()


def _by_pip(progress: Progress, python: Path, owner: Path, requirements: Path, flags: Sequence[str]) -> None:
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
    wanted = [*flags, "--require-hashes", "-r", str(requirements)]
    run(progress, [*pip, "install", *quiet, "--no-compile", *wanted], pip_progress(progress))


@cache
def pip_settings(python: Path) -> Mapping[str, str] | None:
    """What pip's files and environment variables say on this machine, by name, such as ``index-url``; None when pip
    does not work."""
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


def in_uvs_terms(settings: Mapping[str, str] | None) -> Told | None:
    """What uv is told of pip's settings; None where only pip gets there."""
    if settings is None or any(settings.get(name) for name in ONLY_PIPS):
        return None
    index, more, links = (
        settings.get(name, "").split() for name in ("index-url", "extra-index-url", "find-links")
    )
    if not all(PLAIN.fullmatch(each) for each in [*index, *more, *links]):
        return None
    # pip trusts what the system trusts, and uv does where it is told.
    bundle = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    environment = {
        "UV_DEFAULT_INDEX": " ".join(index),
        "UV_INDEX": " ".join(more),
        "UV_FIND_LINKS": ",".join(links),
        "UV_SYSTEM_CERTS": "1",
        "SSL_CERT_FILE": os.environ.get("SSL_CERT_FILE") or bundle or "",
    }
    offline = settings.get("no-index", "").lower() in YES
    return Told(
        ("--no-index",) if offline else (), {name: value for name, value in environment.items() if value}
    )
