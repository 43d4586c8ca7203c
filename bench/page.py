"""How soon the page of ``dev.py play`` can be used, and what it weighs, in a real Chromium.

``python -m bench.page [--model tiny|scripted] [--runs N]``, where ``dev.py test`` has set everything up: every run is a
second run. The clock starts with the process; the browser is open before, as a person's is.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, Response

from playground.runs import ROOT
from tests.browser.chromium import chromium
from tests.browser.process import playing

REPLY_SECONDS = 180
"""A small model on a busy machine takes its time."""

LIVE = "/api/events"
"""The stream of what happens: it has no end, and so no weight."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One file of the page.

    Attributes:
        path: of its URL.
        transferred: bytes of the body on the wire.
        encoding: how it was compressed there, empty for not at all.
        size, zipped: bytes of the body as it is, and as gzip would make it.
    """

    path: str
    transferred: int
    encoding: str
    size: int
    zipped: int


async def _weigh(response: Response) -> Weight:
    body = await response.body()
    sizes = await response.request.sizes()
    encoding = await response.header_value("content-encoding") or ""
    path = urlsplit(response.url).path
    return Weight(path, sizes["responseBodySize"], encoding, len(body), len(gzip.compress(body)))


async def _until_usable(page: Page, home: str) -> None:
    await page.goto(home)
    await page.locator('[data-testid="conversation"]').first.click()
    await page.locator('[data-testid="composer"]:enabled').wait_for()


async def _until_answered(page: Page) -> None:
    await page.locator('[data-testid="composer"]').fill("Hello, who are you?")
    await page.keyboard.press("Enter")
    await page.locator('[data-testid="message"][data-origin="bot"]').wait_for(timeout=REPLY_SECONDS * 1000)


async def measure(browser: Browser, model: str) -> list[Weight]:
    """Start the playground, use the page, print the seconds; gives what was loaded."""
    responses: list[Response] = []
    started = time.perf_counter()
    with playing(model, ROOT / "bots.toml") as playground:
        served = time.perf_counter() - started
        async with await browser.new_context() as context:
            page = await context.new_page()
            page.on("response", lambda response: responses.append(response))
            await _until_usable(page, playground.url)
            usable = time.perf_counter() - started
            weights = [
                await _weigh(response) for response in responses if urlsplit(response.url).path != LIVE
            ]
            await _until_answered(page)
            answered = time.perf_counter() - started
    print(f"{served:>8.2f}  {usable:>8.2f}  {answered:>8.2f}")
    return weights


async def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["tiny", "scripted"], default="tiny")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print("Seconds from `dev.py play` to")
    print(f"{'address':>8}  {'usable':>8}  {'reply':>8}")
    async with chromium() as browser:
        for _ in range(options.runs):
            weights = await measure(browser, options.model)
    total = Weight(
        f"{len(weights)} requests",
        sum(weight.transferred for weight in weights),
        "",
        sum(weight.size for weight in weights),
        sum(weight.zipped for weight in weights),
    )
    print(f"\n{'bytes':>8}  {'on wire':>8}  {'gzipped':>8}  encoding  path")
    for weight in [*sorted(weights, key=lambda weight: -weight.size), total]:
        print(
            f"{weight.size:>8}  {weight.transferred:>8}  {weight.zipped:>8}  {weight.encoding or '-':<8}  {weight.path}"
        )


if __name__ == "__main__":
    asyncio.run(main())
