"""A chat model in memory: says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable
from dataclasses import dataclass, field

from relay.config.server_tools import ServerTool
from relay.errors import ModelError, ModelUnavailable
from relay.ports import Completion, Prompt
from tests.doubles.service import outcome

PLACE = "the scripted model"

Said = str | Completion | Exception
"""An answer, or what is raised in its place."""

Say = Said | Callable[[Prompt], Said | Awaitable[Said]]
"""The same, or a function of the prompt that returns or raises it; it may be async."""


def _echo(prompt: Prompt) -> str:
    return f"You said: {prompt.messages[-1].content}"


@dataclass
class ScriptedModel:
    """The double of :class:`relay.ports.ChatModel`.

    Attributes:
        script: what the next calls answer or raise, in order.
        default: what it answers once the script is used up.
        prompts: what it was asked.
        seconds: how long each answer was allowed to take.
        takes_all: whether a place that has refused a prompt takes the simplest one; an error is raised.
        canaries: how often that was asked.
        heard: of the present call, what is told of the answer as it comes; None when it is to come whole.
    """

    script: list[Say] = field(default_factory=list)
    default: Say = _echo
    prompts: list[Prompt] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    takes_all: bool | ModelUnavailable = True
    canaries: int = 0
    heard: Callable[[str], None] | None = None

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """The next line of the script; every error comes from :data:`PLACE`, the only one there is."""
        if PLACE in without:
            raise ModelUnavailable("no other place is left")
        self.prompts.append(prompt)
        self.seconds.append(seconds)
        self.heard = heard
        say = self.script.pop(0) if self.script else self.default
        said: Said = await outcome(say(prompt)) if callable(say) else say
        if isinstance(said, ModelError):
            said.place = PLACE
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Completion):
            return said
        return Completion(said, model="scripted", prompt_tokens=11, completion_tokens=7)

    async def takes_anything(
        self, place: Hashable, *, seconds: float, tools: tuple[ServerTool, ...] = ()
    ) -> bool:
        """What the test says."""
        self.canaries += 1
        if isinstance(self.takes_all, ModelUnavailable):
            raise self.takes_all
        return self.takes_all

    def asked(self) -> list[list[tuple[str, str]]]:
        """Every prompt as (role, content) pairs."""
        return [[(said.role, said.content) for said in prompt.messages] for prompt in self.prompts]
