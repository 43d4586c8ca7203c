"""An Azure CLI that answers as a test wants."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
body = next(each for each in sys.argv if each.startswith("@"))
(here / "called.json").write_text(json.dumps([sys.argv[1:], json.loads(pathlib.Path(body[1:]).read_text())]))
if (here / "refusal").exists():
    sys.exit((here / "refusal").read_text())
print((here / "answer.json").read_text())
"""


@dataclass
class Az:
    """The program.

    Attributes:
        folder: where it is; on PATH.
    """

    folder: Path

    def __post_init__(self) -> None:
        program = self.folder / "az"
        program.write_text(SCRIPT.format(python=sys.executable))
        program.chmod(0o755)

    def answer(self, rows: list[dict[str, Any]]) -> None:
        """What the workspace says."""
        names = list(rows[0]) if rows else []
        table = {
            "columns": [{"name": name} for name in names],
            "rows": [[row[name] for name in names] for row in rows],
        }
        (self.folder / "answer.json").write_text(json.dumps({"tables": [table]}))

    def refuse(self, said: str) -> None:
        """It ends with an error."""
        (self.folder / "refusal").write_text(said)

    @property
    def called(self) -> list[str]:
        """The arguments of the last call."""
        arguments: list[str] = json.loads((self.folder / "called.json").read_text())[0]
        return arguments

    @property
    def query(self) -> str:
        """What was asked."""
        return str(json.loads((self.folder / "called.json").read_text())[1]["query"])


def workspace(number: int) -> str:
    """An id of a workspace."""
    return f"00000000-0000-0000-0000-{number:012d}"
