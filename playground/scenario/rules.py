"""What the scripted model answers: the rules of a scenario file, and what every table of it has in common."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from playground.faults import FAULTS
from playground.scenario.expectation import Table


def one_of(known: list[str], what: str) -> AfterValidator:
    """A name that is known; else the sentence says which are."""

    def check(name: str) -> str:
        if name in known:
            return name
        close = get_close_matches(name, known, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"accepted: {', '.join(known)}"
        raise ValueError(f"is no {what}; {hint}")

    return AfterValidator(check)


ModelFaultName = Annotated[
    str, one_of([name for name, fault in FAULTS.items() if fault.group == "Model"], "fault of the model")
]


class Asked(Table):
    """One more call of a rule."""

    call: str = Field(min_length=1, description="the name of a tool")
    arguments: dict[str, Any] = Field({}, description="a table of the tool's arguments")


class Rule(Table):
    """What the scripted model answers: to the next request, or with ``when`` to every one that has this text."""

    when: str | None = Field(None, min_length=1, description="text in the user's message")
    reply: str | None = Field(None, description="text")
    call: str | None = Field(None, min_length=1, description="the name of a tool")
    arguments: dict[str, Any] = Field({}, description="a table of the tool's arguments")
    more: list[Asked] = Field([], description="tables: call, arguments")
    finish: Literal["stop", "length", "content_filter"] | None = Field(
        None, description='"stop", "length" or "content_filter"'
    )
    hold: bool = Field(False, description="true or false")
    fault: ModelFaultName | None = Field(None, description="the name of a fault of the model")
    seconds: float = Field(0, ge=0, le=300, description="a number, 0 to 300")
    times: int | None = Field(None, ge=1, description="a whole number, 1 or more")

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        says = self.reply is not None or self.call is not None
        if says == (self.fault is not None) and not ((self.seconds or self.hold) and self.fault is None):
            raise ValueError("needs reply, call, fault, seconds or hold; a fault excludes reply and call")
        if (self.arguments or self.more) and self.call is None:
            raise ValueError("has arguments or more, but no call")
        if self.finish and self.reply is None:
            raise ValueError('has "finish" without "reply"')
        return self
