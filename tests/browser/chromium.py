"""The machine's own Chromium, driven by Playwright."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from playground.chromium import HOW_TO_GET_IT, find_chromium

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""Nothing of the browser's own: no drawing hardware, no microphone and nobody to ask for it, no requests beside the
page's."""


class ChromiumMissing(RuntimeError):
    """There is none on this machine."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """It runs without a window, with a profile that nobody used before.

    Raises:
        ChromiumMissing: the message says how to get one.
    """
    program = find_chromium()
    if program is None:
        raise ChromiumMissing(HOW_TO_GET_IT)
    # Chromium's sandbox refuses to be root's.
    sandbox = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, *sandbox])
        try:
            yield browser
        finally:
            await browser.close()
