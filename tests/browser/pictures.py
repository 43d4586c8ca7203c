"""Pictures of the page: taken, checked not to be blank, and one made small enough for the README."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

from playground.runs import DEV

KEPT_AS = os.environ.get("PICTURES", "")
"""Name of a folder of their own, for pictures that are to be compared with others."""

FOLDER = DEV / "screenshots" / KEPT_AS

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
INDEXED_COLOUR = 3
"""Colour type of a PNG whose pixels are indices into a palette."""

# Both run in the browser, which has a decoder.
PIXELS = """async url => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const {width, height} = image;
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
"""

SIZE = PIXELS + "  return {width, height, colours: new Set(pixels).size};\n}"

# A palette of 256 colours: some of each shade, that an emoji has its own, then the most frequent ones; and for each
# pixel the nearest of them.
INDEXED = (
    PIXELS
    + """
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const frequent = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const shades = new Map();
  for (const colour of frequent) if (!shades.has(colour & 0xf0f0f0)) shades.set(colour & 0xf0f0f0, colour);
  const chosen = [...new Set([...[...shades.values()].slice(0, 192), ...frequent])].slice(0, 256);
  const parts = colour => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const palette = chosen.map(parts);
  const index = new Map(chosen.map((colour, place) => [colour, place]));
  const nearest = colour => {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    palette.forEach(([red, green, blue], place) => {
      const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (distance < least) [best, least] = [place, distance];
    });
    return best;
  };
  for (const colour of counts.keys()) if (!index.has(colour)) index.set(colour, nearest(colour));
  const bytes = Uint8Array.from(pixels, pixel => index.get(pixel));
  let indices = "";
  for (let at = 0; at < bytes.length; at += 32768) {
    indices += String.fromCharCode(...bytes.subarray(at, at + 32768));
  }
  return {width, height, palette: palette.flat(), indices: btoa(indices)};
}"""
)


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
    png = await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")
    return await read(page, png)


async def read(page: Page, png: bytes) -> Picture:
    """Look at a PNG."""
    return Picture(**await _beside(page, SIZE, png), png=png)


async def indexed_png(page: Page, png: bytes) -> bytes:
    """A PNG with a palette: a fraction of the size, and no difference to be seen in a user interface."""
    found = await _beside(page, INDEXED, png)
    width, height, indices = found["width"], found["height"], base64.b64decode(found["indices"])
    header = struct.pack(">IIBBBBB", width, height, 8, INDEXED_COLOUR, 0, 0, 0)
    unfiltered = b"".join(b"\0" + indices[at : at + width] for at in range(0, len(indices), width))
    parts = [
        (b"IHDR", header),
        (b"PLTE", bytes(found["palette"])),
        (b"IDAT", zlib.compress(unfiltered, 9)),
        (b"IEND", b""),
    ]
    return PNG_SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


async def _beside(page: Page, script: str, png: bytes) -> dict[str, Any]:
    """What a script finds in a PNG, in a tab of its own beside the page."""
    tab = await page.context.new_page()
    found: dict[str, Any] = await tab.evaluate(
        script, "data:image/png;base64," + base64.b64encode(png).decode()
    )
    await tab.close()
    return found


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
