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

from relay.config.settings import MARKS_OF_AZURE, Settings, load_settings  # noqa: E402

# Nor does the container that the tests run in make this Azure.
for _name in MARKS_OF_AZURE:
    os.environ.pop(_name, None)

from tests.kit import RelayKit  # noqa: E402

pytest_plugins = ["tests.attacks.leaks.plugin", "tests.order"]


@pytest.fixture
def settings() -> Settings:
    """The example settings."""
    return load_settings(EXAMPLE)


@pytest.fixture(name="quick_stack")
def _quick_stack() -> Iterator[None]:
    """Stacks of a test start quickly."""
    from tests.quick_stack import quick_stack

    with quick_stack():
        yield


@pytest.fixture
def relay(settings: Settings) -> Iterator[RelayKit]:
    """A relay over in-memory doubles."""
    import function_app

    real = function_app.relay
    yield RelayKit(settings)
    function_app.relay = real
