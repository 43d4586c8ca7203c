from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import aiohttp

from playground.host import FunctionHost
from tests.playground.host.conftest import MakeApp


def function_app() -> ModuleType:
    return sys.modules["function_app"]


async def test_a_timer_fires_again_after_a_run_that_failed(make_app: MakeApp) -> None:
    async with FunctionHost(make_app("timer"), {}), asyncio.timeout(10):
        for _ in range(2):
            assert await function_app().ticks.get() is False


async def test_the_admin_endpoint_runs_a_timer_function_at_once(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with FunctionHost(make_app("timer"), {}) as host:
        async with client.post(f"{host.url}/admin/functions/leap", json={"input": ""}) as answer:
            assert answer.status == 202
        async with asyncio.timeout(10):
            assert await function_app().runs.get() is False


async def test_the_admin_endpoint_knows_no_other_function(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with (
        FunctionHost(make_app("timer"), {}) as host,
        client.post(f"{host.url}/admin/functions/nobody", json={"input": ""}) as answer,
    ):
        assert answer.status == 404
