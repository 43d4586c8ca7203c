"""Every scenario file in ``files/`` goes as it says. Whoever drops one there has a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground import stack
from playground.scenario.command import play_one
from playground.scenario.format import load
from playground.scenario.run import StepResult
from tests.shared_azurite import SharedAzurite

pytestmark = pytest.mark.stack

FILES = sorted((Path(__file__).parent / "files").glob("*.toml"))


def test_there_are_scenario_files() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "Azurite", SharedAzurite)
    steps: list[StepResult] = []
    result = play_one(load(path), tmp_path, tell=steps.append)
    assert result.ok, "\n".join(f"{step.title}: {step.detail}" for step in steps if not step.ok)
    assert result.not_played == 0
