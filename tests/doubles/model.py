"""A chat model in memory: says what it is told to say, and remembers what it was asked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.config.server_tools import ServerTool
from relay.errors import ModelError, ModelUnavailable
from relay.ports import Completion, Function, FunctionCall, Prompt
from tests.doubles.service import outcome

PLACE = "the scripted model"

Said = str | Completion | Exception
"""An answer, or what is raised in its place."""

Say = Said | Callable[[Prompt], Said | Awaitable[Said]]
"""The same, or a function of the prompt that returns or raises it; it may be async."""


def called(name: str, /, **arguments: Any) -> Completion:
    """What a model says that asks for one function."""
    return called_all((name, arguments))


def called_all(*calls: tuple[str, Mapping[str, Any]]) -> Completion:
    """What a model says that asks for several functions at once."""
    return Completion(
        "",
        model="scripted",
        prompt_tokens=11,
        completion_tokens=7,
        calls=tuple(
            FunctionCall(uuid.uuid4().hex[:9], name, json.dumps(arguments, ensure_ascii=False))
            for name, arguments in calls
        ),
        reasoning="the scripted model's thoughts",
    )


class Script(list[Say]):
    """What the next calls of a model answer or raise, in order."""

    def call(self, name: str, /, **arguments: Any) -> None:
        """The next answer asks for a function: ``script.call("nearest_shop", city="Rome")``."""
        self.append(called(name, **arguments))

    def calls(self, *calls: tuple[str, Mapping[str, Any]]) -> None:
        """The next answer asks for several: ``script.calls(("nearest_shop", {"city": "Rome"}), ("hours", {}))``."""
        self.append(called_all(*calls))


def _echo(prompt: Prompt) -> str:
    return f"You said: {prompt.messages[-1].content}"


@dataclass
class ScriptedModel:
    """The double of :class:`relay.ports.ChatModel`.

    Attributes:
        script: what the next calls answer or raise, in order; any list may be put into its place.
        default: what it answers once the script is used up.
        prompts: what it was asked.
        seconds: how long each answer was allowed to take.
        takes_all: whether a place that has refused a prompt takes the simplest one; an error is raised.
        canaries: how often that was asked.
        heard: of the present call, what is told of the answer as it comes; None when it is to come whole.
    """

    default: Say = _echo
    prompts: list[Prompt] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    takes_all: bool | ModelUnavailable = True
    canaries: int = 0
    heard: Callable[[str], None] | None = None
    _script: Script = field(default_factory=Script, init=False)

    @property
    def script(self) -> Script:
        """See the attributes."""
        return self._script

    @script.setter
    def script(self, says: Iterable[Say]) -> None:
        self._script = Script(says)

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """The next line of the script; every error comes from :data:`PLACE`, the only one there is.

        Where no functions may be asked for, it answers, as every model does in the end.
        """
        if PLACE in without:
            raise ModelUnavailable("no other place is left")
        self.prompts.append(prompt)
        self.seconds.append(seconds)
        self.heard = heard
        say = self._script.pop(0) if self._script else self.default
        said: Said = await outcome(say(prompt)) if callable(say) else say
        if isinstance(said, ModelError):
            said.place = PLACE
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Completion) and said.calls and not (prompt.functions and prompt.may_call):
            said = said.text or _echo(prompt)
        if isinstance(said, Completion):
            return said
        return Completion(said, model="scripted", prompt_tokens=11, completion_tokens=7)

    async def takes_anything(
        self,
        place: Hashable,
        *,
        seconds: float,
        tools: tuple[ServerTool, ...] = (),
        functions: tuple[Function, ...] = (),
    ) -> bool:
        """What the test says."""
        self.canaries += 1
        if isinstance(self.takes_all, ModelUnavailable):
            raise self.takes_all
        return self.takes_all

    def asked(self) -> list[list[tuple[str, str]]]:
        """Every prompt as (role, content) pairs."""
        return [[(said.role, said.content) for said in prompt.messages] for prompt in self.prompts]
