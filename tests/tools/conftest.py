from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from relay.tools import loading


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    """Files of tools leave no module and no folder behind."""
    path = [*sys.path]
    yield
    sys.path[:] = path
    for name in loading._loaded:
        sys.modules.pop(name, None)
