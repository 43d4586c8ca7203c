"""``dev.py`` itself: it finds a Python, or says which one is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dev

SOURCE = Path(dev.__file__)
CURRENT = (sys.version_info[0], sys.version_info[1])
OLD = (3, 8, 18)


@pytest.fixture(autouse=True)
def _nothing_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "ROOT", str(tmp_path))


def test_it_parses_on_python_3_8() -> None:
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_it_imports_nothing_but_the_standard_library_before_it_knows_the_python() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    imported = {name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names


def test_the_current_python_is_used_when_no_better_one_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "candidates", lambda version: [])
    assert dev.find_python((3, 11, 7)) is None


def test_an_old_python_finds_a_better_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "candidates", lambda version: [sys.executable] if version == CURRENT else [])
    assert dev.find_python(OLD) == sys.executable


def test_an_environment_that_was_set_up_is_used_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "candidates", lambda version: [])
    ready = Path(dev.environment_python((3, 12)))
    ready.parent.mkdir(parents=True)
    ready.touch()
    assert dev.find_python(OLD) == str(ready)
    assert ready.is_relative_to(tmp_path / ".dev")


def test_an_interpreter_that_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "candidates", lambda version: [str(tmp_path / "gone"), sys.executable])
    assert dev.find_python(OLD) == sys.executable


def test_an_interpreter_of_another_version_is_passed_over() -> None:
    assert dev.runs(sys.executable, CURRENT)
    assert not dev.runs(sys.executable, (3, 9))


def test_a_python_of_pyenv_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "python.exe" if dev.WINDOWS else "bin/python3"
    python = tmp_path / "versions" / "3.13.0" / program
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert str(python) in dev.candidates((3, 13))
    assert str(python) not in dev.candidates((3, 12))


def test_without_any_python_it_says_which_one_it_needs_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "find_python", lambda current: "")
    assert dev.main(["play"]) == 1
    said = capsys.readouterr().err
    assert "needs Python 3.11 to 3.14" in said
    assert "uv python install 3.13" in said


def test_help_lists_every_command() -> None:
    shown = subprocess.run(
        [sys.executable, SOURCE, "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("play", "test", "services", "host", "capture", "doctor", "clean"):
        assert f"  {command} " in shown


def test_an_unknown_option_is_refused() -> None:
    run = subprocess.run([sys.executable, SOURCE, "doctor", "--frobnicate"], capture_output=True, text=True)
    assert run.returncode == 2
    assert "--frobnicate" in run.stderr
