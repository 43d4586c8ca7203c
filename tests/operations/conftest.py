"""Who operates the relay of a handler test."""

from __future__ import annotations

import pytest

from tests.kit import RelayKit
from tests.operations.operating import OperatorKit


@pytest.fixture
def operator(relay: RelayKit) -> OperatorKit:
    """The command line, over the doubles of the relay."""
    return OperatorKit(relay)
