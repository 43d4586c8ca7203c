"""``python -m tests.mutants [NAME …]``: make each mistake in a copy of the tree and see which test goes red.

With ``--random SEED COUNT`` the mistakes are drawn by chance (:mod:`tests.mutants.chance`). With ``--part K N`` only
every N-th is made, from the K-th on: ``.ci/run`` makes a sixth of them at a time, another one for the next commit.

Exits with 1 when a mutant survives or could not be tried, or when one of the tests fails without any mutant.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.chance import Change, draw
from tests.mutants.mutant import ROOT, DoesNotApply, Mutant, all_mutants
from tests.mutants.runner import SECONDS_MAX, run_tests

AT_ONCE = 2

CHANCE_SECONDS = 400
"""How long the many tests may take that look for a mistake by chance; one that makes them hang longer is noticed."""

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


def try_out(mutant: Mutant | Change, unharmed: Path) -> tuple[bool, str]:
    """Run the mutant's tests in a copy with the mistake. Whether one failed, and the line that says so."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            unharmed, tree, copy_function=os.link
        )  # a mistake puts a new file in the place of one
        try:
            mutant.apply(tree)
        except DoesNotApply as error:
            return False, f"DOES NOT APPLY  {mutant.name}\n{error}"
        by_chance = isinstance(mutant, Change)  # nobody chose how it shows: that nothing runs is enough
        started = time.monotonic()
        try:
            run = run_tests(tree, mutant.tests, CHANCE_SECONDS if by_chance else SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return by_chance, f"HANGS     {mutant.name}  {mutant.breaks}"
        seconds = time.monotonic() - started
    failed = re.search(r"^FAILED (.+?)(?: - |$)", run.stdout, re.MULTILINE)
    if run.returncode == _TESTS_FAILED and failed:
        return True, f"killed    {mutant.name}  {failed[1]}  {seconds:.1f} s"
    if by_chance and run.returncode:
        return True, f"killed    {mutant.name}  before any test  {seconds:.1f} s"
    if run.returncode == 0:
        return False, f"SURVIVED  {mutant.name}  {mutant.breaks}"
    return False, f"NOT TRIED {mutant.name}  pytest ended with {run.returncode}\n{run.stdout}"


def part(mutants: Sequence[Mutant], which: Sequence[int] | None) -> list[Mutant]:
    """Every N-th, from number K on, modulo N; all of them for None. Each is in exactly one of N parts."""
    first, step = which or (0, 1)
    return list(mutants[first % step :: step])


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, as p01-claims-twice")
    parser.add_argument("--tested", action="store_true", help="all tests have just passed without any mutant")
    parser.add_argument("--random", nargs=2, type=int, metavar=("SEED", "COUNT"), help="mistakes by chance")
    parser.add_argument("--part", nargs=2, type=int, metavar=("K", "N"), help="every N-th, from number K on")
    options = parser.parse_args()
    wanted = options.names
    mutants = all_mutants()
    if unknown := set(wanted) - {mutant.name for mutant in mutants}:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen: Sequence[Mutant | Change]
    if options.random:
        chosen = [change for change in draw(*options.random) if not change.changes_nothing]
    else:
        chosen = part([mutant for mutant in mutants if not wanted or mutant.name in wanted], options.part)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="unharmed-") as folder:
        unharmed = Path(folder)
        copy_files(tree_files(), unharmed)
        # Also compiles what every mutant's tree is then copied from.
        only_collect = ["--collect-only"] if options.tested else []
        tests = sorted({test for mutant in chosen for test in mutant.tests})
        run = run_tests(unharmed, [*only_collect, *tests])
        if run.returncode:
            print(f"{run.stdout}\nWithout any mutant these tests fail.")
            return 1
        killed = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for success, line in pool.map(lambda mutant: try_out(mutant, unharmed), chosen):
                killed += success
                print(line, flush=True)
    print(f"{killed} of {len(chosen)} mutants killed in {time.monotonic() - started:.0f} s")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
