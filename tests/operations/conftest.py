"""Who operates the relay of a handler test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import RelayKit
from tests.operations.az import Az
from tests.operations.operating import OperatorKit


@pytest.fixture
def operator(relay: RelayKit) -> OperatorKit:
    """The command line, over the doubles of the relay."""
    return OperatorKit(relay)


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Az:
    """An Azure CLI on PATH, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return Az(folder)
