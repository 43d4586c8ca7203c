"""A mutant: a patch file whose first line says what it breaks and what notices."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent

_FIRST_LINE = re.compile(
    r"promise (?P<promise>\d+): (?P<breaks>.+?); killed by: (?P<tests>.+?)(?P<exploration> \(exploration\))?"
)


class DoesNotApply(Exception):
    """The source has changed so much that the patch has to be written anew; the text is git's."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake.

    Attributes:
        patch: the file.
        promise: number of the promise that it breaks.
        breaks: what goes wrong, in words.
        tests: pytest files or node ids; at least one of them must fail.
        exploration: whether those are the exploration of every state, which knows nothing of this mistake.
    """

    patch: Path
    promise: int
    breaks: str
    tests: tuple[str, ...]
    exploration: bool

    @classmethod
    def read(cls, patch: Path) -> Self:
        """Read the first line of a patch file.

        Raises:
            ValueError: it does not say what it should.
        """
        first_line = patch.read_text(encoding="utf-8").partition("\n")[0]
        said = _FIRST_LINE.fullmatch(first_line)
        if said is None:
            raise ValueError(f"{patch.name}: the first line is not 'promise N: …; killed by: TESTS'")
        tests = tuple(said["tests"].split("; "))
        return cls(patch, int(said["promise"]), said["breaks"], tests, said["exploration"] is not None)

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.patch.stem

    def files(self) -> list[str]:
        """The files that it changes, relative to the root."""
        return re.findall(r"^--- a/(\S+)$", self.patch.read_text(encoding="utf-8"), re.MULTILINE)

    def apply(self, tree: Path) -> None:
        """Make the mistake in a copy of the tree.

        Raises:
            DoesNotApply: the lines that it changes are not there.
        """
        command = ["git", "apply", str(self.patch)]
        # A repository around the copy would make git look for the files there.
        ceiling = {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
        run = subprocess.run(command, cwd=tree, env={**os.environ, **ceiling}, capture_output=True, text=True)
        if run.returncode:
            raise DoesNotApply(run.stderr.strip())


def all_mutants() -> list[Mutant]:
    """Every mutant, by name."""
    return [Mutant.read(patch) for patch in sorted(FOLDER.glob("*.patch"))]
