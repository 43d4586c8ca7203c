"""Pictures: drawn, looked at, made smaller. By Pillow, which is only loaded when there is one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from playground.media import Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 25_000_000
"""Larger pictures are not decoded."""

SIDE_MAX = 5000
"""Of a picture that is drawn."""

DESCRIBED = re.compile(r"([a-z]+) (\d{1,4})x(\d{1,4})")
"""A picture in words: ``red 640x480``."""

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "orange": (255, 165, 0),
    "yellow": (255, 255, 0),
    "green": (0, 128, 0),
    "cyan": (0, 255, 255),
    "blue": (0, 0, 255),
    "purple": (128, 0, 128),
    "pink": (255, 192, 203),
    "brown": (165, 42, 42),
}
"""The colours that there are names for (values of CSS Color Module 4)."""

_SAMPLES = (32, 32)
"""The main colour is that of most of so many points."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of a picture: its size in pixels, and the colour that most of it has."""

    width: int
    height: int
    colour: str

    def __str__(self) -> str:
        return f"{self.width} × {self.height}, {self.colour}"


def draw(described: str, form: str = "PNG") -> bytes:
    """A picture of one colour.

    Args:
        described: as in ``red 640x480``.
        form: PNG, JPEG, GIF or WEBP.

    Raises:
        Unreadable: it is not described like that.
    """
    from PIL import Image

    found = DESCRIBED.fullmatch(described)
    if (
        found is None
        or found[1] not in COLOURS
        or not all(1 <= int(n) <= SIDE_MAX for n in found.groups()[1:])
    ):
        raise Unreadable(f'a picture is described as in "red 640x480"; colours: {", ".join(COLOURS)}')
    made = BytesIO()
    Image.new("RGB", (int(found[2]), int(found[3])), COLOURS[found[1]]).save(made, form)
    return made.getvalue()


def look(content: bytes) -> Look:
    """Size and main colour.

    Raises:
        Unreadable: no picture, a broken one, or too large.
    """
    image = _decoded(content)
    points = image.convert("RGB").resize(_SAMPLES).tobytes()
    seen = Counter(_name_of(points[at : at + 3]) for at in range(0, len(points), 3))
    return Look(*image.size, seen.most_common(1)[0][0])


def fitted(content: bytes, width: int, height: int) -> tuple[bytes, str]:
    """The picture made to fit into a box, never larger than it is, in its own form; and its content type.

    Raises:
        Unreadable: as :func:`look`.
    """
    image = _decoded(content)
    form = image.format or "PNG"
    image.thumbnail((width, height))
    made = BytesIO()
    image.save(made, form)
    return made.getvalue(), f"image/{form.lower()}"


def as_png(content: bytes, width: int, height: int) -> bytes:
    """The (first) picture made to fit into a box; a box without width or height is as large as the picture.

    Raises:
        Unreadable: as :func:`look`.
    """
    image = _decoded(content).convert("RGB")
    image.thumbnail((width or image.width, height or image.height))
    made = BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def _decoded(content: bytes) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(BytesIO(content))
        if image.width * image.height > PIXELS_MAX:
            raise Unreadable(f"the picture has more than {PIXELS_MAX // 1_000_000} megapixels")
        image.load()
    except UnidentifiedImageError:
        raise Unreadable("these bytes are no picture that Pillow knows") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable(f"the picture is broken: {type(error).__name__}") from error
    return image


def _name_of(point: bytes) -> str:
    def distance(name: str) -> int:
        return sum((one - other) ** 2 for one, other in zip(COLOURS[name], point, strict=True))

    return min(COLOURS, key=distance)
