"""What a step of a scenario attaches: told in a few words, as bytes, or by the name of a file beside the scenario."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

from playground.im.attach import MSG_TYPES, Kind, attach_of, place_of
from playground.media import Unreadable, films, pictures, sounds
from playground.model.audio import md5_of

Key = Literal["picture", "voice", "video", "file", "location"]
KINDS: Mapping[Key, Kind] = {
    "picture": "picture",
    "voice": "audio",
    "video": "video",
    "file": "file",
    "location": "location",
}
"""The keys of a step, and the kind of message that each makes."""

_DATA = re.compile(r"data:([\w.+/-]*)(?:;name=([^;,]*))?;base64,(.*)", re.DOTALL)
_SOUND = re.compile(r"\S+\.(wav|mp3|m4a|aac|amr|ogg|oga|opus|flac|webm)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Medium:
    """Something that is sent beside words.

    Attributes:
        kind: of the message.
        content, content_type, name: what is stored; empty for a place.
        measures: width, height, milliseconds, as far as they are known.
        words: what a recording says.
        frame: bytes of the first picture of a film that nothing here decodes; empty for none.
        place: ``attach`` of a place.
    """

    kind: Kind
    content: bytes = b""
    content_type: str = ""
    name: str = ""
    measures: Mapping[str, int] = field(default_factory=dict)
    words: str = ""
    frame: bytes = b""
    place: Mapping[str, Any] = field(default_factory=dict)

    @property
    def msg_type(self) -> str:
        """The copy's word for the kind."""
        return MSG_TYPES[self.kind]

    def attach(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the copy carries, once it is stored (``url``, ``md5``, ``size``)."""
        if self.place:
            return dict(self.place)
        return attach_of(self.kind, stored, name=self.name, content_type=self.content_type, **self.measures)


def read(key: Key, value: str, words: str, folder: Path | None) -> Medium:
    """What a step attaches.

    Args:
        key, value: as the file has them.
        words: what a recording says, where its bytes are given.
        folder: of the file; None where it is not known.

    Raises:
        Unreadable: the value is nothing of that kind.
    """
    if key == "location":
        return Medium("location", place=_place(value))
    if found := _DATA.fullmatch(value):
        try:
            content = base64.b64decode(found[3], validate=True)
        except binascii.Error:
            raise Unreadable("is a data: URL whose base64 is broken") from None
        return _measured(key, content, found[1], unquote(found[2] or ""), words)
    if key == "picture" and pictures.DESCRIBED.fullmatch(value):
        return _measured(key, pictures.draw(value), "image/png", f"{value.replace(' ', '-')}.png")
    if key == "video" and films.DESCRIBED.fullmatch(value):
        film = films.shoot(value)
        _, width, height = re.split("[ x]", value)[:3]
        measures = {"width": int(width), "height": int(height), "milliseconds": film.milliseconds}
        return Medium("video", film.content, "video/x-msvideo", "film.avi", measures)
    if key == "voice" and not _SOUND.fullmatch(value):
        return _measured(key, sounds.spoken(value), "audio/wav", "voice.wav", value)
    return _measured(key, _file(value, folder), mimetypes.guess_type(value)[0] or "", Path(value).name, words)


def heard_md5s(content: bytes) -> list[str]:
    """By which MD5s a recording is known: of its bytes, and of the MP3 that the storage makes of them."""
    try:
        return [md5_of(content), md5_of(sounds.to_mp3(content))]
    except Unreadable:
        return [md5_of(content)]


def data_url(content: bytes, content_type: str, name: str) -> str:
    """The value of a step that attaches these bytes."""
    named = f";name={quote(name, safe='')}" if name else ""
    return f"data:{content_type}{named};base64,{base64.b64encode(content).decode()}"


def _measured(key: Key, content: bytes, content_type: str, name: str, words: str = "") -> Medium:
    measures: dict[str, int] = {}
    if key == "picture":
        with suppress(Unreadable):  # one that Pillow does not know is sent as apps send it: without its size
            seen = pictures.look(content)
            measures = {"width": seen.width, "height": seen.height}
    elif key == "voice" and (seconds := sounds.seconds_of(content)):
        measures = {"milliseconds": round(seconds * 1000)}
    return Medium(KINDS[key], content, content_type or "application/octet-stream", name, measures, words)


def _place(value: str) -> dict[str, Any]:
    title, *numbers = value.rsplit(",", 2)  # the title may have commas of its own
    try:
        latitude, longitude = map(float, numbers)
    except ValueError:
        raise Unreadable('a place is "Title,latitude,longitude"') from None
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        raise Unreadable("a latitude is -90 to 90, a longitude -180 to 180")
    return place_of(title.strip(), latitude, longitude)


def _file(value: str, folder: Path | None) -> bytes:
    if folder is None:
        raise Unreadable(
            f"{value} would lie beside the file, which is not known here; play it with: "
            "python3 dev.py play --scenario FILE"
        )
    try:
        return (folder / value).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no path"
        raise Unreadable(f"{value} cannot be read: {why}") from None
