"""The server that the tests of the IM client call."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.im.api_server import ApiServer


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApiServer]:
    """Nothing but what a test scripts, and a success for every other call."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with ApiServer() as server:
        yield server
