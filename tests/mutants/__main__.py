"""``python -m tests.mutants [NAME …]``: make each mistake in a copy of the tree and see which test goes red.

Exits with 1 when a mutant survives or could not be tried, or when one of the tests fails without any mutant.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.mutant import ROOT, DoesNotApply, Mutant, all_mutants

AT_ONCE = 2
SECONDS_MAX = 120
"""A mutant that is not noticed within this time hangs, which is no way to be noticed."""

_PLUGINS = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Left out, for speed."""

_TESTS_FAILED = 1
"""pytest's exit code when tests ran and failed; a mistake that stops them from being collected has another."""


def tree_files() -> list[str]:
    """The files of the repository, the new ones that nobody has added yet among them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if (ROOT / name).is_file()]


def copy_files(names: list[str], tree: Path) -> None:
    """Copy files of the repository, folders kept."""
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)


def run_tests(tree: Path, tests: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run tests in a tree until one fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *_PLUGINS, *tests]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=SECONDS_MAX)


def try_out(mutant: Mutant, names: list[str]) -> tuple[bool, str]:
    """Run the mutant's tests in a copy with the mistake. Whether one failed, and the line that says so."""
    with tempfile.TemporaryDirectory(prefix=f"{mutant.name}-") as folder:
        tree = Path(folder)
        copy_files(names, tree)
        try:
            mutant.apply(tree)
        except DoesNotApply as error:
            return False, f"DOES NOT APPLY  {mutant.name}\n{error}"
        started = time.monotonic()
        try:
            run = run_tests(tree, mutant.tests)
        except subprocess.TimeoutExpired:
            return False, f"HANGS     {mutant.name}"
        seconds = time.monotonic() - started
    failed = re.search(r"^FAILED (.+?)(?: - |$)", run.stdout, re.MULTILINE)
    if run.returncode == _TESTS_FAILED and failed:
        return True, f"killed    {mutant.name}  {failed[1]}  {seconds:.1f} s"
    if run.returncode == 0:
        return False, f"SURVIVED  {mutant.name}  {mutant.breaks}"
    return False, f"NOT TRIED {mutant.name}  pytest ended with {run.returncode}\n{run.stdout}{run.stderr}"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, as p01-claims-twice")
    wanted = parser.parse_args().names
    mutants = all_mutants()
    if unknown := set(wanted) - {mutant.name for mutant in mutants}:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in mutants if not wanted or mutant.name in wanted]
    started = time.monotonic()
    unharmed = run_tests(ROOT, sorted({test for mutant in chosen for test in mutant.tests}))
    if unharmed.returncode:
        print(f"{unharmed.stdout}{unharmed.stderr}\nWithout any mutant these tests fail.")
        return 1
    names = tree_files()
    killed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for success, line in pool.map(lambda mutant: try_out(mutant, names), chosen):
            killed += success
            print(line, flush=True)
    print(f"{killed} of {len(chosen)} mutants killed in {time.monotonic() - started:.0f} s")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
