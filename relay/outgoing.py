"""What a bot sends, text and beside text: one vocabulary of a reply's row, of the IM server's client, of users' code.

``Picture("https://example.com/cat.jpg")`` is a whole message; a reply carries a tuple of them. Each value is checked
where it is made, so that whatever has one may send it: ValueError says what is wrong, and quotes nothing.

Sources of the limits: vendor pages TEzMDQwODc, DQ2NTg4ODE, DI3OTg5Mjg. Of what is fetched by its url the platform asks
for nothing else, so whatever is not known is left out.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from relay.attachments import CUSTOM_MAX_CHARS, NAME_MAX_CHARS, URL_MAX_CHARS, MediumKind
from relay.messages import TeamKind
from relay.signals import Original

TIP_MAX_CHARS = 500
"""v2: ``message.text`` of whatever is no text message (doc TEzMDQwODc)."""

_COUNT_MAX = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Attributes:
        url: where its bytes are: https, at most 2,048 characters. The users' apps fetch it.
        name: at most 255 characters.
        ext: without a dot.
        md5, size: of the bytes.
        width, height: pixels; an app keeps that room free while it loads.
    """

    kind: ClassVar[MediumKind] = "picture"

    url: str
    name: str = ""
    ext: str = ""
    md5: str = ""
    size: int = 0
    width: int = 0
    height: int = 0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class Voice:
    """A recording, as of a :class:`Picture`; ``milliseconds`` is how long it is, which an app shows."""

    kind: ClassVar[MediumKind] = "audio"

    url: str
    milliseconds: int = 0
    ext: str = ""
    md5: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class Video:
    """A video, as of a :class:`Picture` and a :class:`Voice`."""

    kind: ClassVar[MediumKind] = "video"

    url: str
    milliseconds: int = 0
    name: str = ""
    ext: str = ""
    md5: str = ""
    size: int = 0
    width: int = 0
    height: int = 0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class File:
    """Any other file, as of a :class:`Picture`; its name is all that an app shows of it."""

    kind: ClassVar[MediumKind] = "file"

    url: str
    name: str
    ext: str = ""
    md5: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        _check(self)
        if not self.name.strip():
            raise ValueError("File.name: is blank; accepted: 1 to 255 characters")


@dataclass(frozen=True, slots=True)
class Place:
    """A place: degrees of latitude and longitude, and what it is called (at most 255 characters)."""

    kind: ClassVar[MediumKind] = "location"

    latitude: float
    longitude: float
    title: str = ""

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class Tip:
    """A grey line between the messages: 1 to 500 characters."""

    kind: ClassVar[MediumKind] = "tip"

    text: str

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True)
class Custom:
    """A message of the app's own kind: a JSON object of at most 4,096 characters, which the app understands."""

    kind: ClassVar[MediumKind] = "custom"

    data: Mapping[str, Any] = field(hash=False)

    def __post_init__(self) -> None:
        _check(self)


Medium = Picture | Voice | Video | File | Place | Tip | Custom
"""A message that is no text."""

_TYPES: Mapping[str, type[Medium]] = {
    type_.kind: type_ for type_ in (Picture, Voice, Video, File, Place, Tip, Custom)
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for the IM server to deliver.

    Attributes:
        bot: accid that the message comes from.
        to: accid of the receiver, or the group's id when ``team_kind`` is set.
        text: at most ``relay.im.split.TEXT_MAX_CHARS`` characters; empty beside a medium.
        client_id: id of this message for ever: v2 takes a second one with the same id for a duplicate.
        team_kind: None in a private chat.
        mention: accid to notify in a group (the asker).
        moderate: True: the platform moderates the message and copies it to the app server.
        medium: what it is instead of a text.
        quote: the message that it answers, shown with it; v2 alone can do that.
    """

    bot: str
    to: str
    text: str
    client_id: str
    team_kind: TeamKind | None = None
    mention: str | None = None
    moderate: bool = False
    medium: Medium | None = None
    quote: Original | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What the platform made of a message that it took.

    Attributes:
        server_id: its id there; empty when the platform does not say, as of a duplicate.
        at: its time there, Unix milliseconds; 0 likewise.
    """

    server_id: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a stream message, which grows in the user's chat.

    Attributes:
        text: what is added.
        index: its place among the pieces, from 0.
        server_id: the platform's id of the message; empty for the first piece, which begins it.
        is_last: the message is whole with it.
    """

    text: str
    index: int
    server_id: str = ""
    is_last: bool = False


def line_of(medium: Medium) -> str:
    """What stands for it where only text can be shown; empty for a custom message, which nobody could read."""
    match medium:
        case Tip(text=text):
            return text
        case Place():
            where = f"{medium.latitude:.6g}, {medium.longitude:.6g}"
            return f"{medium.title} ({where})" if medium.title else where
        case Custom():
            return ""
        case Voice():
            return medium.url
        case _:
            return f"{medium.name}: {medium.url}" if medium.name else medium.url


def to_fields(medium: Medium) -> dict[str, Any]:
    """The medium as a row keeps it, a JSON object; what has its default is left out."""
    fields: dict[str, Any] = {"kind": medium.kind}
    for each in dataclasses.fields(medium):
        value = getattr(medium, each.name)
        if value != each.default:
            fields[each.name] = value
    return fields


def from_fields(fields: Mapping[str, Any]) -> Medium | None:
    """What :func:`to_fields` wrote; None for what this version does not know, or would not send."""
    type_ = _TYPES.get(str(fields.get("kind")))
    if type_ is None:
        return None
    known = {each.name for each in dataclasses.fields(type_)}
    try:
        return type_(**{name: value for name, value in fields.items() if name in known})
    except (TypeError, ValueError):
        return None


def extension_of(path: str) -> str:
    """What stands behind the last dot of a name or of a URL's path, in lower case; empty for what is no extension."""
    found = re.search(r"[^/.]\.([A-Za-z0-9]{1,16})$", path)
    return found[1].lower() if found else ""


def _check(medium: Medium) -> None:
    for each in dataclasses.fields(medium):
        try:
            _CHECKS[each.name](getattr(medium, each.name))
        except ValueError as wrong:
            raise ValueError(f"{type(medium).__name__}.{each.name}: {wrong}") from None


def _is_url(value: object) -> None:
    accepted = f"accepted: an https URL of at most {URL_MAX_CHARS} characters"
    if not isinstance(value, str):
        raise ValueError(f"is no text; {accepted}")
    if len(value) > URL_MAX_CHARS:
        raise ValueError(f"is {len(value)} characters long; {accepted}")
    if re.search(r"[\s\x00-\x1f\x7f]", value) or _SURROGATE.search(value):
        raise ValueError(f"has a space or a control character; {accepted}")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port  # raises when it is no port
    except ValueError:
        raise ValueError(f"is no URL; {accepted}") from None
    at_home = parts.scheme == "http" and host in ("127.0.0.1", "localhost")  # the playground's own storage
    if not host or not (parts.scheme == "https" or at_home):
        raise ValueError(f"does not begin with https://; {accepted}")


def _is_text(least: int, most: int) -> Callable[[object], None]:
    def check(value: object) -> None:
        if not isinstance(value, str):
            raise ValueError("is no text")
        if not least <= len(value) <= most:
            raise ValueError(f"is {len(value)} characters long; accepted: {least} to {most}")
        if _SURROGATE.search(value):
            raise ValueError("has half of a character")

    return check


def _matches(pattern: str, accepted: str) -> Callable[[object], None]:
    def check(value: object) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"is not valid; accepted: {accepted}")

    return check


def _is_count(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _COUNT_MAX:
        raise ValueError("is not valid; accepted: a whole number, 0 when it is not known")


def _is_angle(most: int) -> Callable[[object], None]:
    def check(value: object) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not -most <= value <= most:  # type: ignore[operator]
            raise ValueError(f"is not valid; accepted: degrees, {-most} to {most}")

    return check


def _is_object(value: object) -> None:
    accepted = f"accepted: a JSON object of at most {CUSTOM_MAX_CHARS} characters"
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"is no object, or an empty one; {accepted}")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise ValueError(f"cannot be written as JSON; {accepted}") from None
    if len(text) > CUSTOM_MAX_CHARS:
        raise ValueError(f"is {len(text)} characters long; {accepted}")
    if _SURROGATE.search(text):
        raise ValueError("has half of a character")


_CHECKS: Mapping[str, Callable[[object], None]] = {
    "url": _is_url,
    "name": _is_text(0, NAME_MAX_CHARS),
    "title": _is_text(0, NAME_MAX_CHARS),
    "text": _is_text(1, TIP_MAX_CHARS),
    "ext": _matches(r"[A-Za-z0-9]{0,16}", "up to 16 letters and digits, without a dot"),
    "md5": _matches(r"(?:[0-9a-f]{32})?", "32 hexadecimal digits"),
    "size": _is_count,
    "width": _is_count,
    "height": _is_count,
    "milliseconds": _is_count,
    "latitude": _is_angle(90),
    "longitude": _is_angle(180),
    "data": _is_object,
}
