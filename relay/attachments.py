"""What a message is beside its text: a picture, a recording, a place, ….

Sources: vendor page DI3OTg5Mjg (copies); the type files of the vendor's own bot package (``w``, ``h``, ``dur`` on the
wire, ``width``, ``height``, ``duration`` in the V10 SDKs).
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

MediumKind = Literal["picture", "audio", "video", "file", "location", "custom", "tip"]
MEDIUM_KINDS: tuple[MediumKind, ...] = get_args(MediumKind)

URL_MAX_CHARS = 2048
NAME_MAX_CHARS = 255
CUSTOM_MAX_CHARS = 4096

SECONDS_BELOW = 200
"""A duration below this is taken for seconds, as some bots send them: the platform's own are milliseconds."""

_COUNT_MAX = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Attachment:
    """What came with a message. Nothing of it is to be believed, and all of it counts as words of the sender.

    Attributes:
        kind: of the message.
        url: where its bytes are; a capability: who has it can fetch them. Empty when it had none that can be used.
        name: of a file, as the sender's device calls it.
        ext: without a dot.
        md5, size: of the bytes, as far as it was said.
        width, height: of a picture or a video, pixels.
        milliseconds: of a recording or a video.
        latitude, longitude, title: of a place.
        words: of a tip or a custom message: what it is.
    """

    kind: MediumKind
    url: str = ""
    name: str = ""
    ext: str = ""
    md5: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    milliseconds: int = 0
    latitude: float | None = None
    longitude: float | None = None
    title: str = ""
    words: str = ""

    @classmethod
    def read(cls, kind: MediumKind, attach: Mapping[str, Any]) -> Self:
        """An attachment as a copy, the server API or an SDK writes it.

        Numbers may be strings, what is missing is empty, and other keys are passed over.
        """
        if kind == "custom":
            return cls(kind, words=_custom(attach)[:CUSTOM_MAX_CHARS])
        if kind == "tip":
            return cls(
                kind, words=_listed("a notice of the app", _text(attach.get("msg")))[:CUSTOM_MAX_CHARS]
            )
        if kind == "location":
            return cls(
                kind,
                latitude=_degrees(attach.get("lat", attach.get("latitude")), 90),
                longitude=_degrees(attach.get("lng", attach.get("longitude")), 180),
                title=_text(attach.get("title", attach.get("address")))[:NAME_MAX_CHARS],
            )
        url = _text(attach.get("url"))
        duration = _count(attach.get("dur", attach.get("duration")))
        return cls(
            kind,
            url=url if len(url) <= URL_MAX_CHARS else "",
            name=_text(attach.get("name"))[:NAME_MAX_CHARS],
            ext=_text(attach.get("ext")).lstrip(".").lower()[:16],
            md5=_text(attach.get("md5"))[:32],
            size=_count(attach.get("size")),
            width=_count(attach.get("w", attach.get("width"))),
            height=_count(attach.get("h", attach.get("height"))),
            milliseconds=duration * 1000 if duration < SECONDS_BELOW else duration,
        )

    def described(self) -> str:
        """What it is, in words for the model. Names and titles in it are the sender's."""
        size = f"{self.width} × {self.height}" if self.width and self.height else ""
        seconds = f"{max(1, round(self.milliseconds / 1000))} s" if self.milliseconds else ""
        match self.kind:
            case "picture":
                return _listed("a picture", size)
            case "audio":
                return _listed("a voice message", seconds)
            case "video":
                return _listed("a video", size, seconds)
            case "file":
                return _listed("a file", self.name, _bytes(self.size))
            case "location":
                known = self.latitude is not None and self.longitude is not None
                return _listed(
                    "a place", self.title, f"{self.latitude:.6g}, {self.longitude:.6g}" if known else ""
                )
            case "tip" | "custom":
                return self.words

    def to_json(self) -> str:
        """For the queue and the row; what is empty is left out."""
        said = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        empty = {field.name: field.default for field in dataclasses.fields(self)}
        text = json.dumps({k: v for k, v in said.items() if v != empty[k]}, ensure_ascii=False)
        return _SURROGATE.sub("\ufffd", text)  # half a pair is legal JSON, but no store or model takes it

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """What :meth:`to_json` wrote; None for nothing, or for a kind that this version does not know."""
        if not text:
            return None
        fields = json.loads(text)
        known = {field.name for field in dataclasses.fields(cls)}
        if fields.get("kind") not in MEDIUM_KINDS:
            return None
        return cls(**{name: value for name, value in fields.items() if name in known})


def _listed(*words: str) -> str:
    return ", ".join(filter(None, words))


def _bytes(size: int) -> str:
    if not size:
        return ""
    return (
        f"{size} bytes" if size < 1000 else f"{size / 1000:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"
    )


def _custom(attach: Mapping[str, Any]) -> str:
    """Two kinds of custom messages are the vendor's own: a game, and stickers (vendor page on copies)."""
    match attach:
        case {"type": 1, "data": {"value": 1 | 2 | 3 as value}}:
            return f"rock, paper, scissors: {('rock', 'scissors', 'paper')[value - 1]}"
        case {"type": 3, "data": {"catalog": str(catalog), "chartlet": str(sticker)}}:
            return f"a sticker, {catalog}/{sticker}"
    return _listed(
        "a message of the app's own kind", json.dumps(attach, ensure_ascii=False) if attach else ""
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value.strip()):
        return math.nan
    return float(value)


def _count(value: object) -> int:
    number = _number(value)
    return int(number) if 0 <= number <= _COUNT_MAX else 0


def _degrees(value: object, limit: int) -> float | None:
    number = _number(value)
    return number if -limit <= number <= limit else None
