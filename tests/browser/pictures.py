"""Pictures of the page: taken, checked not to be blank, and one made small enough for the README."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from playwright.async_api import Page

from playground.runs import DEV

KEPT_AS = os.environ.get("PICTURES", "")
"""Name of a folder of their own, for pictures that are to be compared with others."""

FOLDER = DEV / "screenshots" / KEPT_AS

PALETTE_COLOURS = 256
"""As many as an indexed PNG can have."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A screenshot.

    Attributes:
        width, height: in pixels.
        colours: how many there are.
        png: the file.
    """

    width: int
    height: int
    colours: int
    png: bytes


async def take(page: Page, name: str) -> Picture:
    """Take a picture of what is shown, keep it in ``.dev/screenshots``, there in ``$PICTURES``, and look at it."""
    await page.mouse.move(0, 0)  # what lies under the pointer looks different
    return read(await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide"))


def read(png: bytes) -> Picture:
    """Look at a PNG."""
    with Image.open(BytesIO(png)) as image:
        counted = image.convert("RGB").getcolors(maxcolors=image.width * image.height)
        assert counted is not None  # there are not more colours than pixels
        return Picture(image.width, image.height, len(counted), png)


def indexed_png(png: bytes) -> bytes:
    """A PNG with a palette: a fraction of the size, and no difference to be seen in a user interface."""
    smaller = BytesIO()
    with Image.open(BytesIO(png)) as image:
        indexed = image.convert("RGB").quantize(PALETTE_COLOURS, kmeans=1, dither=Image.Dither.NONE)
        indexed.save(smaller, "PNG", optimize=True)
    return smaller.getvalue()
