"""What is slow to load: out of the event loop, once, and never two imports at a time."""

from __future__ import annotations

import asyncio
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from relay import sdk
from relay.model.connections import Connections
from relay.model.endpoints import Endpoint
from relay.outgoing import Outgoing
from relay.storage.credential import AppCredential
from tests.im.api_server import ApiServer, calling

MODULE = """
import threading
from relay import sdk
alone = sdk._one_at_a_time.locked()
thread = threading.get_ident()
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of modules that say how they were imported."""
    names = ["slow_one", "slow_two"]
    for name in names:
        (tmp_path / f"{name}.py").write_text(MODULE)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return names


async def test_imports_run_one_at_a_time_and_not_in_the_event_loop(slow: list[str]) -> None:
    loaded = await asyncio.gather(*(sdk.load(name) for name in slow))
    assert [module.__name__ for module in loaded] == slow
    assert all(module.alone and module.thread != threading.get_ident() for module in loaded)
    assert not sdk._one_at_a_time.locked()


async def test_a_module_that_cannot_be_imported_does_not_block_the_next(slow: list[str]) -> None:
    with pytest.raises(ModuleNotFoundError):
        await sdk.load("no_such_module")
    assert (await sdk.load(slow[0])).alone


async def test_the_certificates_of_this_machine_are_read_once_and_not_in_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_by: list[int] = []
    read = httpcore2.default_ssl_context

    def reading(**options: Any) -> ssl.SSLContext:
        read_by.append(threading.get_ident())
        return read(**options)

    monkeypatch.setattr(httpcore2, "default_ssl_context", reading)
    sdk._read_certificates.cache_clear()
    await asyncio.gather(*(sdk.server_certificates() for _ in range(4)))
    connections = Connections(AppCredential(None))
    for name in ("one", "two"):
        await connections.client(Endpoint(f"http://127.0.0.1:1/{name}/", "gpt", is_azure=False))
    async with ApiServer() as api, calling(api, "v2") as im:
        await im.send(Outgoing(bot="helper", to="alice", text="Hello", client_id="id-1"), seconds=5)
        assert api.calls
    await connections.aclose()
    assert len(read_by) == 1
    assert read_by[0] != threading.get_ident()
