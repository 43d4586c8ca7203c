"""What the scripted model sees: it opens the pictures that it is shown, so that an answer proves that bytes came."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any

from playground.media import Unreadable, pictures

_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,")


class BadPart(ValueError):
    """A part of a message's content that no model would take; the message is for the 400."""


def text_in(parts: Iterable[Mapping[str, Any]]) -> str:
    """The words among the parts of a content.

    Raises:
        BadPart: there is a part of another kind than words and pictures.
    """
    found = []
    for part in parts:
        match part:
            case {"type": "text", "text": str(text)}:
                found.append(text)
            case {"type": "image_url"}:
                pass
            case _:
                raise BadPart("Invalid value in content. Supported values are: 'text', 'image_url'.")
    return "".join(found)


def look_at(parts: Iterable[Mapping[str, Any]]) -> list[pictures.Look]:
    """What is on the pictures among the parts of a content.

    Raises:
        BadPart: one is no picture that models take.
    """
    return [_look(part.get("image_url")) for part in parts if part.get("type") == "image_url"]


def _look(image: object) -> pictures.Look:
    url = image.get("url") if isinstance(image, dict) else None
    if not isinstance(url, str):
        raise BadPart("Invalid type for 'image_url': expected an object with a url.")
    data = _DATA.match(url)
    if data is None:
        raise BadPart("Only a data: URL of a PNG, JPEG, GIF or WEBP is taken here: nothing is fetched.")
    try:
        return pictures.look(base64.b64decode(url[data.end() :], validate=True))
    except (binascii.Error, Unreadable):
        raise BadPart(
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
            "['png', 'jpeg', 'gif', 'webp']."
        ) from None
