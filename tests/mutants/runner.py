"""Runs pytest in a tree, in a process that finds the packages of others loaded.

Nearly all that a short test costs is to import them. So a server imports them once, and forks itself for each run.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fork_server import preload, processes
from tests.mutants.mutant import ROOT

SECONDS_MAX = 120
"""A mutant that is not noticed within this time hangs, which is no way to be noticed."""

_OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
"""No plugin is loaded by itself, for speed; the one that is named is all that the tests of mutants need."""

_PRELOADED = (
    "pytest",
    "_pytest.junitxml",
    "hypothesis",
    "aiohttp.web",
    "azure.functions",
    "azure.data.tables.aio",
    "azure.identity.aio",
    "azure.storage.queue.aio",
    "openai",
    "opentelemetry.sdk.trace",
)
"""What is slow to import. Nothing of ours, which is what a mutant changes."""

preload(*_PRELOADED)


def our_modules() -> set[str]:
    """The names, first parts only, of what is imported from the repository."""
    return {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}


def run_tests(
    tree: Path, tests: Sequence[str], seconds: float = SECONDS_MAX
) -> subprocess.CompletedProcess[str]:
    """Run tests in a tree until one fails.

    Args:
        tree: a copy of the repository, or the repository.
        tests: files or node ids, and options of pytest.
        seconds: how long they may take.

    Raises:
        subprocess.TimeoutExpired: they did not end.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        process = processes.Process(target=_run, args=(tree, tests, output))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(tests, seconds)
        printed = output.read_text(encoding="utf-8", errors="replace")
        return subprocess.CompletedProcess(tests, process.exitcode, printed, "")


def _run(tree: Path, tests: Sequence[str], output: Path) -> None:
    """In the process of its own: become ``python -m pytest``, started in the tree."""
    with output.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    gc.freeze()  # what has been loaded stays: no need to look through it for garbage
    sys.dont_write_bytecode = False  # the trees of the mutants are copies of one that was compiled
    os.chdir(tree)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path[:] = [str(tree), *(path for path in sys.path if path not in ("", str(ROOT)))]
    ours = our_modules()
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]
    import pytest

    sys.exit(pytest.main([*_OPTIONS, *tests]))
