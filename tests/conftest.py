"""The fixture of the handler tests; see :mod:`tests.kit`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = json.loads((ROOT / "local.settings.example.json").read_text(encoding="utf-8"))["Values"]

# function_app reads its settings when it is imported. The tests' are the example's, not this machine's.
for _name in [name for name in os.environ if name.startswith(("IM_", "RELAY_MODEL_", "AZURE_OPENAI_"))]:
    del os.environ[_name]
os.environ.update(EXAMPLE)

from relay.app import Relay  # noqa: E402
from relay.config.settings import Settings, load_settings  # noqa: E402
from tests.kit import RelayKit  # noqa: E402

pytest_plugins = ["tests.attacks.leaks.plugin"]


@pytest.fixture
def settings() -> Settings:
    """The example settings."""
    return load_settings(EXAMPLE)


@pytest.fixture
def relay(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RelayKit]:
    """A relay over in-memory doubles, whose delays are not left to chance: each is its longest."""
    import function_app

    defaults = Relay.__init__.__kwdefaults__ or {}
    monkeypatch.setattr(Relay.__init__, "__kwdefaults__", {**defaults, "random": lambda: 1.0})

    real = function_app.relay
    yield RelayKit(settings, tmp_path)
    function_app.relay = real
