"""What is asked of the page's interface: bodies as they are read, and orders to the stack as they are refused."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from playground.control import ControlError
from playground.faults import FaultUnavailable
from playground.page.guard import ApiError
from playground.page.page import NotTheirs
from playground.page.words import say

BODY_MAX_BYTES = 1024 * 1024
"""Of JSON."""

Accid = Annotated[str, StringConstraints(min_length=1, max_length=32, to_lower=True)]


class Body(BaseModel):
    """A body, without fields that nobody asked for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Signed(Body):
    """A body that says whose order it is."""

    sender: Accid = Field(alias="as")


_B = TypeVar("_B", bound=Body)
_T = TypeVar("_T")


async def body_of(request: web.Request, form: type[_B]) -> _B:
    """The body of a request.

    Raises:
        ApiError: it is too large, or not as it should be; names the field.
    """
    if (request.content_length or 0) > BODY_MAX_BYTES:
        raise ApiError(413, "too_large", say("the body is too large"))
    try:
        return form.model_validate_json(await request.read())
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ApiError(400, "bad_request", f"{place}: {problem['msg']}".lstrip(": ")) from None


async def obeyed(order: Awaitable[_T]) -> _T:
    """The result of an order to a part of the stack, which may refuse it."""
    try:
        return await order
    except NotTheirs:
        raise ApiError(404, "not_found", say("there is no such message of this user (any more)")) from None
    except (ControlError, FaultUnavailable) as refusal:
        raise ApiError(409, "refused", str(refusal)) from refusal
