"""A chat model in memory: says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from relay.ports import Completion, Prompt
from tests.doubles.service import outcome

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
    """

    script: list[Say] = field(default_factory=list)
    default: Say = _echo
    prompts: list[Prompt] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    async def complete(self, prompt: Prompt, *, seconds: float) -> Completion:
        """The next line of the script."""
        self.prompts.append(prompt)
        self.seconds.append(seconds)
        say = self.script.pop(0) if self.script else self.default
        said: Said = await outcome(say(prompt)) if callable(say) else say
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Completion):
            return said
        return Completion(said, model="scripted", prompt_tokens=11, completion_tokens=7)

    def asked(self) -> list[list[tuple[str, str]]]:
        """Every prompt as (role, content) pairs."""
        return [[(said.role, said.content) for said in prompt.messages] for prompt in self.prompts]
