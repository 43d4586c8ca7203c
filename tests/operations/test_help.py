"""The command line explains itself, and the docs show only what it understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from relay.config.settings import APP_FOLDER
from relay.operations import command

DOCS = sorted([*(APP_FOLDER / "docs").glob("*.md"), APP_FOLDER / "README.md"])


def shown() -> Iterator[str]:
    """Every command line that the docs, or a command's own help, show."""
    texts = [path.read_text(encoding="utf-8") for path in DOCS]
    texts += [f"\n{module.EXAMPLES}\n" for module in command.TAUGHT.values()]
    for text in texts:
        yield from re.findall(r"^\s*(?:\$ )?python -m relay (.+)$", text, re.M)


@pytest.mark.parametrize("line", sorted(set(shown())))
def test_what_is_shown_is_understood(line: str) -> None:
    arguments = shlex.split(line.partition(" > ")[0].partition(" | ")[0])
    assert command.parsed(arguments).command == arguments[0]


@pytest.mark.parametrize("name", ["", *command.TAUGHT])
def test_help_teaches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.parsed([*filter(None, [name]), "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert ("exit codes:" in said and "examples:" in said) if name else "COMMAND --help" in said


def test_every_command_is_in_the_docs() -> None:
    operations = (APP_FOLDER / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in command.OF_OPERATORS if f"python -m relay {name}" not in operations] == []
