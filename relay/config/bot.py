"""One bot: what it is called, what it is told, and the limits it answers under."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from relay.attachments import MediumKind
from relay.config import credentials, urls
from relay.config.server_tools import ServerTool
from relay.config.table import Table, one_of
from relay.spelling import is_blank
from relay.texts import Texts

MINUTES_MAX = 7 * 24 * 60
"""Nothing is remembered for longer than a week."""

Accid = Annotated[
    str,
    # The platform allows at most 32 characters and stores accids in lower case; "|" parts the v2 API's ids.
    Field(min_length=1, max_length=32, pattern=r"^[!-{}~]*$"),
    AfterValidator(str.lower),
]


def _visible(name: str) -> str:
    if is_blank(name):
        raise ValueError("is blank")
    return name


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_visible)]
Greeting = Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(_visible)]
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]


Ceiling = Annotated[int, Field(ge=1, le=1_000_000_000)]
_CEILING = "a whole number, 1 to 1000000000"
_RATE = "a table with minute, day, tokens_per_day"


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How long a reasoning model thinks, least first. Each model knows some of them."""

MessageKind = Literal["text", MediumKind]
"""What people send."""

GroupMemory = Literal["group", "member"]
"""Who shares a conversation in a group: everybody, or nobody."""

Verbosity = Literal["low", "medium", "high"]


class Rate(Table):
    """How many messages in a minute of the clock and in a UTC day, and how many tokens; None is any number."""

    minute: Ceiling | None = Field(None, description=_CEILING)
    day: Ceiling | None = Field(None, description=_CEILING)
    tokens_per_day: Ceiling | None = Field(None, description=_CEILING)

    def __str__(self) -> str:
        rates = {"minute": self.minute, "day": self.day}
        words = [f"{rate}/{unit}" for unit, rate in rates.items() if rate]
        words += [f"{self.tokens_per_day} tokens/day"] if self.tokens_per_day else []
        return " ".join(words) or "any"


class Limits(Table):
    """How many messages a bot answers; see :mod:`relay.turn.limits`."""

    per_sender: Rate | None = Field(None, description=_RATE)
    per_bot: Rate | None = Field(None, description=_RATE)

    @property
    def count_tokens(self) -> bool:
        """Whether tokens are limited."""
        return any(rate is not None and rate.tokens_per_day for rate in (self.per_sender, self.per_bot))

    def __str__(self) -> str:
        return f"per_sender {self.per_sender or 'any'}, per_bot {self.per_bot or 'any'}"


Api = Literal["chat", "responses"]


class Place(Table):
    """A model to ask, and where it is when that is not where the settings say.

    Attributes:
        model: name of the deployment or model.
        endpoint: another Azure OpenAI resource, in another region for example.
        url: base URL of any other server that speaks the OpenAI API.
        key_setting: name of the setting that holds the key of ``endpoint`` or ``url``. Without it Azure OpenAI is asked
            with Entra ID, and another server without a key: the key of the settings is for their own server alone.
    """

    model: str = Field(pattern=r"^\S+$", description="the name of a deployment or model")
    endpoint: Annotated[str, AfterValidator(urls.azure_openai)] | None = Field(
        None, description="https://host, such as https://name.openai.azure.com"
    )
    url: Annotated[str, AfterValidator(urls.base)] | None = Field(
        None, description="a base URL, such as http://localhost:8080/v1"
    )
    key_setting: str | None = Field(
        None,
        pattern=f"^{credentials.FURTHER_KEY}$",
        description="the name of a setting, AZURE_OPENAI_API_KEY_<name> or RELAY_MODEL_KEY_<name>",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.endpoint and self.url:
            raise ValueError("has an endpoint and a url, but is at one place")
        if self.key_setting and not (self.endpoint or self.url):
            raise ValueError("has a key_setting, but neither endpoint nor url that the key would be for")
        return self

    def __str__(self) -> str:
        place = self.endpoint or self.url
        return f"{self.model} at {place}" if place else self.model


class Deployment(Place):
    """A chat model.

    Attributes:
        api: chat completions, or the Responses API; None: the first, until the server says that the model does not.
    """

    api: Api | None = Field(None, description=one_of(Api))


class ImSpeech(Place):
    """The IM server's own speech recognition."""


IM_SPEECH = ImSpeech(model="im")


def _by_im(value: Any) -> Any:
    return IM_SPEECH if value == "im" else value


Occasion = Literal["voice", "always"]


class Speaker(Place):
    """A model that speaks.

    Attributes:
        voice: one of its voices.
        when: ``voice``: the answer to a voice message is spoken; ``always``: every answer.
    """

    voice: str = Field("alloy", pattern=r"^\S+$", description="the name of a voice, such as alloy")
    when: Occasion = Field("voice", description=one_of(Occasion))


class Painter(Place):
    """A model that makes pictures: what the shipped tool ``draw`` asks."""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f'names "{twice[0]}" twice')
    return names


ToolName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
"""What a model server takes for a function's name, and Python too."""


class Gather(Table):
    """How long a message waits for what belongs to it, in seconds.

    Attributes:
        medium: a picture, a recording, a file that is alone: people send it, and then ask.
        text: words that are alone.
    """

    medium: float = Field(2, ge=0, le=30, description="a number, 0 to 30")
    text: float = Field(0, ge=0, le=30, description="a number, 0 to 30")

    def __str__(self) -> str:
        return f"{self.medium:g}, of words alone {self.text:g}"


def _of_a_medium(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"medium": value} if is_number else value


def _named(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


class Bot(Table):
    """One bot; accids are in lower case."""

    accid: Accid = Field(description="1 to 32 visible ASCII characters, no space and no |")
    name: Name = Field(description="1 to 64 characters")
    aliases: tuple[Name, ...] = Field(
        (), strict=False, max_length=16, description="a list of up to 16 names, 1 to 64 characters each"
    )
    avatar: str | None = Field(None, pattern=r"^https?://\S+$", description="an http or https URL")
    system_prompt: str = Field(
        min_length=1, max_length=100_000, pattern=r"\S", description="1 to 100000 characters"
    )
    model: str | None = Field(None, pattern=r"^\S+$", description="the name of a deployment or model")
    models: tuple[Annotated[Deployment, BeforeValidator(_named)], ...] = Field(
        (),
        strict=False,
        max_length=8,
        description="a list of up to 8 names or { model, endpoint or url, key_setting, api }",
    )
    enabled: bool = Field(True, description="true or false")
    reply: Literal["send", "response"] = Field("send", description='"send" or "response"')
    rewind_messages: int = Field(20, ge=0, le=500, description="a whole number, 0 to 500")
    rewind_minutes: Minutes = Field(1440, description="a whole number, 1 to 10080")
    stream: Literal[False, True, "edit"] = Field(False, description='true, false or "edit"')
    moderate_replies: bool = Field(False, description="true or false")
    recall_reply: bool = Field(False, description="true or false")
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
    reasoning_effort: Effort | None = Field(None, description=one_of(Effort))
    verbosity: Verbosity | None = Field(None, description=one_of(Verbosity))
    kinds: tuple[MessageKind, ...] = Field(
        ("text", "picture", "audio", "video", "file", "location"),
        strict=False,
        min_length=1,
        description=f"a list of {one_of(MessageKind)}",
    )
    pictures: int = Field(4, ge=0, le=10, description="a whole number, 0 to 10")
    file_characters: int = Field(20_000, ge=0, le=100_000, description="a whole number, 0 to 100000")
    gather_seconds: Annotated[Gather, BeforeValidator(_of_a_medium)] = Field(
        Gather(), description="a number, 0 to 30, or a table with medium, text"
    )
    transcribe: Annotated[Place, BeforeValidator(_by_im)] | None = Field(
        None, description='"im", or a table with model, endpoint or url, key_setting'
    )
    speak: Speaker | None = Field(
        None, description="a table with model, voice, when, endpoint or url, key_setting"
    )
    greeting: Greeting | None = Field(None, description="1 to 5000 characters")
    send_links: bool = Field(False, description="true or false")
    typing: bool = Field(False, description="true or false")
    read_receipts: bool = Field(False, description="true or false")
    quote: bool = Field(False, description="true or false")
    server_tools: tuple[ServerTool, ...] = Field(
        (), strict=False, max_length=16, description="a list of up to 16 tables [[bots.server_tools]]"
    )
    tools: Annotated[tuple[ToolName, ...], AfterValidator(_each_once)] = Field(
        (),
        strict=False,
        max_length=64,
        description="a list of up to 64 names of tools, in tools.py or shipped",
    )
    tool_rounds: int = Field(4, ge=1, le=16, description="a whole number, 1 to 16")
    tool_seconds: float = Field(20, gt=0, le=300, description="a number, above 0 and at most 300")
    tool_characters: int = Field(8000, ge=100, le=100_000, description="a whole number, 100 to 100000")
    confirm_minutes: int = Field(10, ge=1, le=1440, description="a whole number, 1 to 1440")
    draw: Painter | None = Field(None, description="a table with model, endpoint or url, key_setting")
    group_memory: GroupMemory = Field("group", description=one_of(GroupMemory))
    listen: bool = Field(False, description="true or false")
    handover_minutes: int = Field(0, ge=0, le=1440, description="a whole number, 0 to 1440")
    limits: Limits | None = Field(None, description="a table with per_sender, per_bot, or both")
    markdown: Literal["plain", "keep"] = Field("plain", description='"plain" or "keep"')
    texts: Texts = Field(Texts(), description="a table of texts by their names")
    functions: Mapping[str, Bot] = Field(default_factory=dict, description="tables [bots.functions.<name>]")

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """The models to ask, in order; none for the settings' own."""
        return (Deployment(model=self.model),) if self.model else self.models

    @property
    def greets(self) -> bool:
        """Whether it says something when it comes into a group."""
        return self.enabled and self.greeting is not None

    @property
    def acts(self) -> bool:
        """Whether its model may ask for tools, ``draw`` among them."""
        return bool(self.tools or self.draw)

    def for_function(self, name: str) -> Bot:
        """The bot as ``robotInfo.function`` asks for it: with that override, or itself when there is none."""
        return self.functions.get(name, self)
