"""A chat model in memory: says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.ports import Completion, Prompt

Say = str | Completion | Exception | Callable[[Prompt], str]


def _echo(prompt: Prompt) -> str:
    return f"You said: {prompt.messages[-1].content}"


@dataclass
class ScriptedModel:
    """The double of :class:`relay.ports.ChatModel`.

    Attributes:
        script: what the next calls answer or raise, in order.
        default: what it answers once the script is used up.
        prompts: what it was asked.
    """

    script: list[Say] = field(default_factory=list)
    default: Say = _echo
    prompts: list[Prompt] = field(default_factory=list)

    async def complete(self, prompt: Prompt, *, seconds: float) -> Completion:
        """The next line of the script."""
        self.prompts.append(prompt)
        say = self.script.pop(0) if self.script else self.default
        if isinstance(say, Exception):
            raise say
        if callable(say):
            say = say(prompt)
        if isinstance(say, Completion):
            return say
        return Completion(say, model="scripted", prompt_tokens=11, completion_tokens=7)

    def asked(self) -> list[list[tuple[str, str]]]:
        """Every prompt as (role, content) pairs."""
        return [[(said.role, said.content) for said in prompt.messages] for prompt in self.prompts]
