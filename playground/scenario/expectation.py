"""What a step of a scenario expects, and whether it came so. docs/playground.md explains every key."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

REPLY_SECONDS = 30.0
"""How long a reply may take unless the file says otherwise: longer than any turn of the scripted model."""

SILENCE_SECONDS = 3.0
"""How long ``replies = 0`` listens unless the file says otherwise."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model asked of a tool, and what it was told of that."""

    name: str
    arguments: Any
    result: str


Account = Annotated[str, Field(min_length=1, max_length=32)]
Length = Annotated[int, Field(ge=0, le=60_000)]


class Table(BaseModel):
    """One table of the file. A description says what its key accepts."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


def _at_most(value: object) -> object:
    """``length = 200`` is short for ``length = [0, 200]``."""
    return [0, value] if isinstance(value, int) else value


class Expectation(Table):
    """What must have happened; every key that is given."""

    text: str | None = Field(None, description="text: the whole reply")
    contains: str | None = Field(None, description="text: a part of the reply")
    matches: re.Pattern[str] | None = Field(None, description="a regular expression, found in the reply")
    language: str | None = Field(
        None, pattern="^[a-z]{2}$", description='a code of two letters, such as "zh"'
    )
    length: Annotated[list[Length], Field(min_length=2, max_length=2), BeforeValidator(_at_most)] | None = (
        Field(None, description="how many characters at most, or a list of two numbers: at least and at most")
    )
    refuses: bool | None = Field(None, description="true or false")
    judge: str | None = Field(None, min_length=1, description="text: what a good reply does")
    replies: int | None = Field(None, ge=0, le=100, description="a whole number, 0 to 100")
    sender: Account | None = Field(None, alias="from", description="the accid that replies")
    within: float | None = Field(None, gt=0, le=600, description="seconds, above 0 and at most 600")
    status: int | None = Field(None, description="the HTTP status of the webhook's answer")
    answer: dict[str, Any] | None = Field(None, description="a table: fields of the webhook's answer")
    window: list[str] | None = Field(None, description="a list of texts: what the model was given")
    call: str | None = Field(None, min_length=1, description="the name of a tool that the model called")
    arguments: dict[str, Any] | None = Field(None, description="a table: arguments of the call")
    result: str | None = Field(None, description="text: a part of what the model was told of the call")
    calls: int | None = Field(None, ge=0, le=100, description="a whole number, 0 to 100")

    @property
    def about_replies(self) -> bool:
        """True if it is (also) about replies of a bot."""
        about = (self.text, self.contains, self.matches, self.replies, self.sender)
        return self.about_quality or any(value is not None for value in about)

    @property
    def about_quality(self) -> bool:
        """True if it is (also) about what the reply is like."""
        return any(value is not None for value in (self.language, self.length, self.refuses, self.judge))

    @property
    def characters(self) -> tuple[float, float]:
        """How many characters the reply has at least and at most."""
        low, high = self.length or (0, math.inf)
        return low, high

    @property
    def about_the_answer(self) -> bool:
        """True if it is (also) about the webhook's answer."""
        return (self.status, self.answer) != (None, None)

    @property
    def about_calls(self) -> bool:
        """True if it is (also) about calls of tools."""
        return (self.call, self.calls) != (None, None)

    @property
    def count(self) -> int:
        """How many replies it is about."""
        return 1 if self.replies is None else self.replies

    @property
    def seconds(self) -> float:
        """How long they may take; for none, how long none may come."""
        return self.within or (REPLY_SECONDS if self.count else SILENCE_SECONDS)

    def fits(self, sender: str, text: str) -> bool:
        """True for a reply as expected."""
        return (
            (self.sender is None or self.sender.lower() == sender)
            and (self.text is None or self.text == text)
            and (self.contains is None or self.contains in text)
            and (self.matches is None or self.matches.search(text) is not None)
        )

    def fits_answer(self, status: int | None, body: object) -> bool:
        """True for an answer of the webhook as expected; it may hold more fields."""
        return self.status in (None, status or 0) and (self.answer is None or _holds(self.answer, body))

    def fits_call(self, call: ToolCall) -> bool:
        """True for a call as expected; it may have more arguments."""
        return (
            self.call in (None, call.name)
            and (self.arguments is None or _holds(self.arguments, call.arguments))
            and (self.result is None or self.result in call.result)
        )

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if not (self.about_replies or self.about_the_answer or self.about_calls or self.window is not None):
            raise ValueError(
                "says nothing; give text, contains, matches, language, length, refuses, judge, replies, status, "
                "answer, window, call or calls"
            )
        low, high = self.characters
        if low > high:
            raise ValueError('has a "length" whose smaller number does not come first')
        if self.about_quality and self.count != 1:
            raise ValueError('has "language", "length", "refuses" or "judge" for other than one reply')
        if (self.arguments, self.result) != (None, None) and self.call is None:
            raise ValueError('has "arguments" or "result" without "call"')
        return self


def _holds(expected: object, found: object) -> bool:
    if not isinstance(expected, dict):
        return expected == found
    return isinstance(found, dict) and all(
        name in found and _holds(value, found[name]) for name, value in expected.items()
    )
