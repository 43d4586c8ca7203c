"""What every view of the page has to be, in every look."""

from __future__ import annotations

from playwright.async_api import Page

from tests.browser.barriers import barriers
from tests.browser.pictures import take

BLANK_COLOURS = 20
"""A page with so few has no text on it: the smooth edges of letters alone make more."""


async def look_at(page: Page, name: str) -> None:
    """What is shown is not blank, does not scroll sideways and has no barriers; a picture of it is kept by its name."""
    picture = await take(page, name)
    size = page.viewport_size
    assert size is not None
    assert (picture.width, picture.height) == (size["width"], size["height"])
    assert picture.colours > BLANK_COLOURS
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await barriers(page) == []
