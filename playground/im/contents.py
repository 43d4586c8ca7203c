"""What a message that is no text consists of, as the server API takes it: v1's ``body``, v2's ``attachment``.

Sources: docs DQ2NTg4ODE and TYzMDE4NzI (v1), TEzMDQwODc (v2), DI3OTg5Mjg (the limit of what a copy carries). The keys
are those of the wire (``w``, ``h``, ``dur``); the V10 SDKs' objects spell them out, and the server does not know that.
Further keys ride along, as in the vendor's own clients.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

ATTACH_MAX_CHARS = 4096
CAPTION_MAX_CHARS = 500
"""v2: ``message.text`` of whatever is no text message; v1: ``msgDesc``."""

Count = Annotated[int, Field(ge=0)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+(/\S*)?$")]
Ext = Annotated[str, StringConstraints(pattern=r"^[^.\s]*$")]


class _Content(BaseModel):
    model_config = ConfigDict(strict=True)


class _Stored(_Content):
    """Something that lies at a URL; nothing else of it is needed."""

    url: Url
    name: str = ""
    md5: str = ""
    ext: Ext = ""


class _Picture(_Stored):
    size: Count = 0
    w: Count = 0
    h: Count = 0


class _Audio(_Stored):
    size: Count = 0
    dur: Count = 0


class _Video(_Picture):
    dur: Count = 0


class _File(_Stored):
    size: Count | Annotated[str, StringConstraints(pattern=r"^\d+$")] = 0


class _Location(_Content):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lng: Annotated[float, Field(ge=-180, le=180)]
    title: str = ""


CONTENTS: dict[str, type[BaseModel]] = {
    "1": _Picture,
    "2": _Audio,
    "3": _Video,
    "4": _Location,
    "6": _File,
    "100": _Content,
}
"""Message type of either version → its content. A custom message is any object."""


def wrong_with(kind: str, content: Any) -> str:
    """What is wrong with the content of a message, as the name of the field; empty when nothing is."""
    if not isinstance(content, dict) or not content:
        return "content is no object"
    if len(json.dumps(content, ensure_ascii=False, separators=(",", ":"))) > ATTACH_MAX_CHARS:
        return f"content has more than {ATTACH_MAX_CHARS} characters"
    try:
        CONTENTS[kind].model_validate(content)
    except ValidationError as error:
        places = {str(problem["loc"][0]) for problem in error.errors(include_input=False)}
        return "bad " + ", ".join(sorted(places))
    return ""
