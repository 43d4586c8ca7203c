"""What a turn asks a chat model, and what it answers. :mod:`relay.ports` offers them with everything else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from relay.config.bot import Deployment, Effort, Verbosity
from relay.config.server_tools import ServerTool


@dataclass(frozen=True, slots=True)
class Function:
    """What the model may ask for: a tool of the bot's.

    Attributes:
        name: letters, digits, ``_`` and ``-``; at most 64.
        description: what it does and when to use it, for the model.
        parameters: JSON schema of its arguments, an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """What the model has asked for.

    Attributes:
        id: its name among the calls of a prompt; its result refers to it.
        name: of the function, as the model wrote it: there may be none of this name.
        arguments: JSON as the model wrote it; it may be none, or not fit the schema.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the model's prompt.

    Attributes:
        role: who says it; of a ``tool``, the result of one call.
        content: the words.
        pictures: of a user, as ``data:`` URLs.
        calls: of the assistant, what it asked for in these words' place, or beside them.
        call_id: of a tool, the call whose result it is. The results of a message's calls follow it, in their order.
        reasoning: of the assistant with calls, what :attr:`Completion.reasoning` gave it; empty once that is gone.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    pictures: tuple[str, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    call_id: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to the model.

    Attributes:
        messages: system prompt, window, new messages.
        models: whom to ask, the next one where the one before cannot answer; empty for the settings' own model.
        max_tokens: cap of the answer, None for the model's own.
        temperature, reasoning_effort, verbosity: sent only when set.
        sender: accid of whoever is answered; a server is told a hash of it at most.
        cache_key: equal for prompts that are likely to begin alike; empty for none.
        tools: what the model's server may run for the answer.
        functions: what the model may ask for.
        may_call: whether it still may; False where it has to answer now. The functions are told all the same: the
            messages hold calls of them, and the beginning of the prompt stays as it was.
    """

    messages: tuple[ChatMessage, ...]
    models: tuple[Deployment, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    reasoning_effort: Effort | None = None
    verbosity: Verbosity | None = None
    sender: str = ""
    cache_key: str = ""
    tools: tuple[ServerTool, ...] = ()
    functions: tuple[Function, ...] = ()
    may_call: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer rests on: a page, or a file (no URL)."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """The model's answer.

    Attributes:
        text: what it says; may be empty.
        ended: ``cut`` when it ran out of tokens, ``declined`` when the text is its refusal to answer.
        model: who says it.
        prompt_tokens, completion_tokens: 0 when the server names none.
        cached_tokens: those of the prompt that the provider had seen before.
        reasoning_tokens: those of the completion that were thinking.
        sources: what tools of the server have found, each once.
        tool_calls: names of these tools, once for each call.
        unseen: why pictures of the prompt were left out: the model takes none (``blind``), or not these (``refused``).
        calls: what it asks for, each with an id of its own, before it says more; empty for an answer.
        reasoning: of one with calls, what went before them in the form in which the wire wants it back within the same
            turn; opaque, never stored, and left out where another place or wire is asked.
    """

    text: str
    ended: Literal["whole", "cut", "declined"] = "whole"
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    sources: tuple[Source, ...] = ()
    tool_calls: tuple[str, ...] = ()
    unseen: Literal["", "blind", "refused"] = ""
    calls: tuple[FunctionCall, ...] = ()
    reasoning: str = ""


class ChatModel(Protocol):
    """A chat model."""

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """Ask the model, its retries included, within ``seconds``.

        Args:
            prompt: what to ask.
            seconds: for everything.
            only: the place to ask: that of an error before; None for the prompt's models in their order.
            without: places not to ask.
            heard: told all that may be shown of the answer so far, as it comes. It grows, or begins anew: when another
                place is asked, or what came was no part of the answer.

        Raises:
            ModelUnavailable, ModelRejected, ModelOverflow, ModelBlocked: see :mod:`relay.errors`.
        """

    async def takes_anything(
        self,
        place: Hashable,
        *,
        seconds: float,
        tools: tuple[ServerTool, ...] = (),
        functions: tuple[Function, ...] = (),
    ) -> bool:
        """Whether a place that has refused a prompt answers the simplest one, with the same tools of its server and the
        same functions. What it said is kept for a minute.

        Raises:
            ModelUnavailable: it cannot be told now.
        """
