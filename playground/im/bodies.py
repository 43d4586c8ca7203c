"""Bodies of calls: how they are read, and what several of them have in common."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from playground.im.calls import UPLOAD_MAX_CHARS, Refused

T = TypeVar("T")
Answer = dict[str, Any]


class Exact(BaseModel):
    """Strict types, and no field that is not documented."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PushConfig(Exact):
    """``push_config`` of what notifies nobody in particular."""

    push_enabled: bool = True


class RouteConfig(Exact):
    """``route_config``: whether the app server gets a copy."""

    route_enabled: bool = True


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body of a v2 call; empty when it is no object."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def form_fields(request: web.Request) -> dict[str, Any]:
    """The form of a v1 call."""
    return {name: str(value) for name, value in (await request.post()).items()}


async def large_form(request: web.Request) -> dict[str, str]:
    """A form that may be larger than the server takes otherwise; nothing of one that is larger still."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > 2 * UPLOAD_MAX_CHARS:
            return {}
    return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True))


def parsed(parse: Callable[[], T]) -> T:
    """What a body says.

    Raises:
        Refused: it is not as documented; names the fields.
    """
    try:
        return parse()
    except ValidationError as error:
        places = {".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)}
        raise Refused(414, "bad " + ", ".join(sorted(places))) from None


async def answered(act: Callable[[], Answer | Awaitable[Answer]]) -> Answer:
    """The answer to a call that ``act`` reads and carries out; raises as :func:`parsed`."""
    answer = parsed(act)
    return await answer if isinstance(answer, Awaitable) else answer
