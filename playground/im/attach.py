"""What messages carry that are no text: ``attach`` with the fields that the vendor documents, and in words.

Sources: vendor page DI3OTg5Mjg (copies); the type files of the vendor's SDKs.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from typing import Any, Literal

from playground.im.chats import Delivered
from relay.attachments import Attachment

Kind = Literal["picture", "audio", "video", "file", "location", "custom", "tip"]

MSG_TYPES: Mapping[Kind, str] = {
    "picture": "PICTURE",
    "audio": "AUDIO",
    "video": "VIDEO",
    "file": "FILE",
    "location": "LOCATION",
    "custom": "CUSTOM",
    "tip": "TIPS",
}
"""The copy's word for each kind."""

KINDS: Mapping[str, Kind] = {word: kind for kind, word in MSG_TYPES.items()}


def attach_of(
    kind: Kind,
    stored: Mapping[str, Any] | None = None,
    *,
    name: str = "",
    content_type: str = "",
    width: int = 0,
    height: int = 0,
    milliseconds: int = 0,
) -> dict[str, Any]:
    """``attach`` of a message with something that is stored. What is not known is left out, as clients do.

    Args:
        kind: of the message.
        stored: ``url``, ``md5`` and ``size``, as the storage answered.
        name: as the sender's device calls it.
        content_type: tells the extension where the name has none.
        width, height: in pixels.
        milliseconds: of a sound or a film.
    """
    measured = {
        "picture": {"w": width, "h": height},
        "audio": {"dur": milliseconds},
        "video": {"dur": milliseconds, "w": width, "h": height},
    }.get(kind, {})
    said = {
        "name": "" if kind == "audio" else name,
        **{field: (stored or {}).get(field) for field in ("md5", "url")},
        "ext": extension_of(name, content_type),
        **measured,
        "size": (stored or {}).get("size"),
    }
    return {field: value for field, value in said.items() if value}


def place_of(title: str, latitude: float, longitude: float) -> dict[str, Any]:
    """``attach`` of a place."""
    return {"title": title, "lng": longitude, "lat": latitude}


def extension_of(name: str, content_type: str) -> str:
    """Without its dot: the name's, else the one that goes with the content type."""
    _, dot, ending = name.rpartition(".")
    return ending.lower() if dot else (mimetypes.guess_extension(content_type) or "").removeprefix(".")


def attachment_of(message: Delivered) -> Attachment | None:
    """What a message carries; None for a text."""
    kind = KINDS.get(message.msg_type)
    if kind is None:
        return None
    return Attachment.read(kind, _attach(message, kind))


def caption_of(message: Delivered) -> str:
    """The words of a message: its text, or those that go with what it carries."""
    return "" if message.msg_type in KINDS and not message.attach else message.text


def said_in(message: Delivered) -> str:
    """A message in words, whatever it is: ``[a picture, 640 × 480] look!``."""
    attachment = attachment_of(message)
    carried = f"[{attachment.described()}]" if attachment else ""
    return " ".join(filter(None, [carried, caption_of(message)]))


def _attach(message: Delivered, kind: Kind) -> dict[str, Any]:
    """Of a message that came without ``attach``, the text is it: JSON, or the words of a tip."""
    if kind == "tip" and not message.attach:
        return {"msg": message.text}
    try:
        attach = json.loads(message.attach or message.text)
    except ValueError:
        return {}
    return attach if isinstance(attach, dict) else {}
