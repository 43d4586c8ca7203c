"""Servers on loopback end with every connection that they took."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from playground.loopback import serving


@pytest.mark.parametrize("turns", range(5))
async def test_a_connection_taken_at_the_end_is_closed(turns: int) -> None:
    async with serving(web.Application()) as url:
        address = urlsplit(url)
        connection = socket.create_connection((address.hostname, address.port))
        for _ in range(turns):
            await asyncio.sleep(0)
    with connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionResetError):  # it was not even taken
            assert await asyncio.to_thread(connection.recv, 1) == b""
