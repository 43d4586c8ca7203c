"""Files of tools, as users write them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from relay.errors import ToolsBroken
from relay.tools import Tool, Toolbox

IMPORTS = "from relay.tools import Call, Picture, Place, ToolError, tool\n\n\n"
"""What every file begins with; the first line below it is line 4."""


def write(folder: Path, source: str, name: str = "tools.py") -> Path:
    """A file of tools in a folder."""
    path = folder / name
    path.write_text(IMPORTS + textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    return path


def load(folder: Path, source: str) -> Toolbox:
    """The tools of a file."""
    return Toolbox.load(write(folder, source))


def only(folder: Path, source: str) -> Tool:
    """The tool of a file that has one."""
    (tool,) = load(folder, source).tools.values()
    return tool


def problems(folder: Path, source: str) -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(ToolsBroken) as broken:
        load(folder, source)
    return broken.value.problems
