"""The tools that ship: the time, a place on the map, a picture made by a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from relay.config.bot import Painter
from relay.errors import MediumRefused, ModelUnavailable, ToolError
from relay.im.uploads import size_of_picture
from relay.outgoing import Picture, Place
from relay.ports import Pictures
from relay.tools.call import Call
from relay.tools.tool import Mark, Tool

DRAW = "draw"
"""The one that a bot has by a key of its own, ``draw = { model = "…" }``, and not by its name."""

_SHIPPED_AT = "relay"


def now(zone: str = "UTC") -> str:
    """Tell the date, the weekday and the time, now.

    Args:
        zone: IANA name of the time zone of whoever asks, such as Asia/Shanghai or Europe/Rome.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(
            "There is no time zone of this name. Accepted: IANA names, such as Europe/Rome."
        ) from None
    return datetime.now(place).strftime(f"%A, %Y-%m-%d %H:%M:%S {zone} (UTC%z)")


def send_place(
    latitude: Annotated[float, Field(ge=-90, le=90)],
    longitude: Annotated[float, Field(ge=-180, le=180)],
    title: Annotated[str, Field(max_length=255)] = "",
) -> Place:
    """Send the user a place, which their app shows on a map.

    Args:
        latitude: degrees, north is positive.
        longitude: degrees, east is positive.
        title: what the place is called.
    """
    return Place(latitude, longitude, title)


def drawing(pictures: Pictures | None, by: Painter) -> Tool:
    """The tool ``draw`` of a bot whose pictures this model makes."""

    async def draw(prompt: Annotated[str, Field(min_length=1, max_length=8000)], call: Call) -> Picture:
        """Make a picture and send it to the user.

        Args:
            prompt: what is to be seen, in detail.
        """
        if pictures is None:
            raise ToolError("No pictures can be made here.")
        try:
            content = await pictures.draw(prompt, by)
        except MediumRefused as refused:
            raise ToolError(
                f"The model of pictures refuses this one: {refused.cause}. Do not try the same again."
            ) from None
        except ModelUnavailable:
            raise ToolError(
                "The model of pictures does not answer now. Tell the user to ask again later."
            ) from None
        width, height = size_of_picture(content)
        url = await call.upload(content, "image/jpeg")
        return Picture(url, ext="jpeg", size=len(content), width=width, height=height)

    return _shipped(draw)


def _shipped(function: Callable[..., Any]) -> Tool:
    return Tool.of(function, Mark(function.__name__, None, ""), _SHIPPED_AT)


@cache
def shipped() -> Mapping[str, Tool]:
    """Those that a bot has by their names."""
    return {function.__name__: _shipped(function) for function in (now, send_place)}
