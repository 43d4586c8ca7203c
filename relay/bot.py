"""One bot: what it is called, what it is told, and the limits it answers under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MINUTES_MAX = 7 * 24 * 60
"""Nothing is remembered for longer than a week."""

Accid = Annotated[
    str,
    # The platform allows at most 32 characters and stores accids in lower case; "|" parts the v2 API's ids.
    Field(min_length=1, max_length=32, pattern=r"^[!-{}~]*$"),
    AfterValidator(str.lower),
]
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]


class Bot(BaseModel):
    """One bot. A description says what its key accepts; accids are in lower case."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )

    accid: Accid = Field(description="1 to 32 visible ASCII characters, no space and no |")
    name: str = Field(min_length=1, max_length=64, pattern=r"\S", description="1 to 64 characters")
    avatar: str | None = Field(None, pattern=r"^https?://\S+$", description="an http or https URL")
    system_prompt: str = Field(
        min_length=1, max_length=100_000, pattern=r"\S", description="1 to 100000 characters"
    )
    model: str | None = Field(None, pattern=r"^\S+$", description="the name of a deployment or model")
    reply: Literal["send", "response"] = Field("send", description='"send" or "response"')
    rewind_messages: int = Field(20, ge=0, le=500, description="a whole number, 0 to 500")
    rewind_minutes: Minutes = Field(1440, description="a whole number, 1 to 10080")
    moderate_replies: bool = Field(False, description="true or false")
    allow: Annotated[frozenset[Accid], Field(strict=False)] = Field(
        frozenset(), description="a list of accids"
    )
    commands: bool = Field(True, description="true or false")
    max_message_age_minutes: Minutes = Field(1440, description="a whole number, 1 to 10080")
    turn_seconds: float = Field(90, ge=1, le=300, description="a number, 1 to 300")
    answer_within_minutes: float = Field(10, gt=0, le=1440, description="a number, above 0 and at most 1440")
    context_characters: int = Field(
        60_000, ge=1000, le=1_000_000, description="a whole number, 1000 to 1000000"
    )
    max_reply_tokens: int | None = Field(None, ge=1, description="a whole number, 1 or more")
    temperature: float | None = Field(None, ge=0, le=2, description="a number, 0 to 2")
    functions: Mapping[str, Bot] = Field(default_factory=dict, description="tables [bots.functions.<name>]")

    def for_function(self, name: str) -> Bot:
        """The bot as ``robotInfo.function`` asks for it: with that override, or itself when there is none."""
        return self.functions.get(name, self)
