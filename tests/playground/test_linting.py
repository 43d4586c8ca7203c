"""``dev.py lint``: each tool is run, and what one of them finds is seen."""

import re
from pathlib import Path

import pytest

from playground import install, linting
from playground.cli import main
from playground.install import Environment
from playground.linting import lint
from playground.runs import ROOT
from playground.steps import Step


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that are run; of them, ``ruff format`` finds something. Nothing has to be installed."""
    commands: list[str] = []

    def run(command: list[object]) -> int:
        commands.append(" ".join(str(part) for part in command[2:]))
        return 1 if "format" in command else 0

    def step(*_: object) -> Step:
        return Step("nothing", 0, tmp_path / "stamp", "", tmp_path, lambda _: None, tmp_path)

    monkeypatch.setattr(Environment, "made", step)
    monkeypatch.setattr(install, "tests", step)
    monkeypatch.setattr(linting, "run_in_foreground", run)
    return commands


def test_what_one_tool_finds_keeps_no_other_from_looking_and_is_a_failure(ran: list[str]) -> None:
    assert lint(fix=False) == 1
    assert ran == ["ruff check", "ruff format --check", "mypy"]


def test_fix_mends_what_the_tools_can_mend(ran: list[str]) -> None:
    lint(fix=True)
    assert ran == ["ruff check --fix", "ruff format", "mypy"]


@pytest.mark.parametrize(("flags", "fix"), [([], False), (["--fix"], True)])
def test_the_command_lints(monkeypatch: pytest.MonkeyPatch, flags: list[str], *, fix: bool) -> None:
    monkeypatch.setattr("playground.cli.lint", lambda *, fix: 7 if fix else 6)
    monkeypatch.chdir(ROOT)
    assert main(["lint", *flags]) == (7 if fix else 6)


def test_the_hook_before_a_commit_is_this_command_and_fetches_no_other_tool() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (.+)", text) == ["local"]
    assert re.findall(r"entry: (.+)", text) == ["python3 dev.py lint"]
