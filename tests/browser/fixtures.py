"""The fixtures of the browser tests; conftest.py lets them in where Playwright is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import APIRequestContext, Browser, BrowserContext, expect

from tests.browser.chromium import chromium
from tests.browser.process import playing
from tests.browser.visitor import Visitor
from tests.browser.watch import Watch

Visit = Callable[..., Awaitable[Visitor]]

SEES_SECONDS = 30
"""How long something may take to be seen: a busy machine, a whole turn."""

USUAL = {
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
    "color_scheme": "light",
    "locale": "en-GB",
}

SHORT_LEASES = {"RELAY_SEND_SECONDS": "8", "RELAY_LEASE_MARGIN_SECONDS": "8"}
"""What a turn that was killed keeps its conversation for, beside its own seconds: a test waits for that."""

_numbers = count(1)


@pytest.fixture(scope="package")
def home() -> Iterator[str]:
    """URL of the page of one playground for all tests."""
    with playing(settings=SHORT_LEASES) as playground:
        playground.wait_until_ready()
        yield playground.url


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium, with a profile of its own."""
    expect.set_options(timeout=SEES_SECONDS * 1000)
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visit(home: str, browser: Browser) -> AsyncIterator[Visit]:
    """Brings people to the page, each in a browser of their own.

    ``visit("Ada")`` for somebody new, ``visit(accid="alice")`` for who is there, ``beside=ada`` for a tab in the same
    browser; other keyword arguments are Playwright's for ``new_context``. When the test is done, the world is put right
    again, and none of their pages may have logged an error or a warning (but one that has the text ``but``), raised, or
    asked another host for anything.
    """
    watches: list[Watch] = []
    async with AsyncExitStack() as stack:

        async def open_browser(but: str, options: dict[str, Any]) -> BrowserContext:
            context = await stack.enter_async_context(await browser.new_context(**{**USUAL, **options}))
            watches.append(Watch(context, home, but=but))
            return context

        async def make(
            name: str = "Ada",
            *,
            accid: str = "",
            beside: Visitor | None = None,
            but: str = "",
            **options: Any,
        ) -> Visitor:
            context = beside.page.context if beside else await open_browser(but, options)
            if not accid:
                name = f"{name} {next(_numbers)}"
                user = await post(context.request, f"{home}/api/users", {"name": name})
                accid = user["accid"]
            visitor = Visitor(await context.new_page(), home, name, accid)
            await visitor.arrive()
            return visitor

        yield make
        neutral = await stack.enter_async_context(await browser.new_context())
        await neutral.request.delete(f"{home}/api/faults")
    if complaints := [complaint for watch in watches for complaint in watch.complaints]:
        pytest.fail("\n".join(["a page must not do this:", *complaints]))


async def post(requests: APIRequestContext, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the page's server for something; gives its answer."""
    response = await requests.post(url, data=body)
    assert response.ok, await response.text()
    found: dict[str, Any] = await response.json()
    return found
