"""How one place wants to be asked: what its refusals have taught.

The name of a deployment does not tell which parameters and roles its model takes; its first refusal does. Something is
learned only once a request that did without it has passed, and for an hour: models behind a name are exchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from relay.model.endpoints import Endpoint
from relay.model.functions import in_chat, in_responses, readable
from relay.ports import Prompt

KEEP_SECONDS = 3600

Wire = Literal["chat", "responses"]
"""Chat completions, or the Responses API."""

CAPS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
"""The names of the cap of an answer: servers know one or both of the first two, the Responses API has the third."""

_NAMES: Mapping[Wire, tuple[tuple[str, ...], str, str]] = {
    "chat": (CAPS[:2], "reasoning_effort", "verbosity"),
    "responses": (CAPS[2:], "reasoning.effort", "text.verbosity"),
}
"""What cap, effort and verbosity are called; a dot is an object inside of an object."""

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a place wants to be asked.

    Attributes:
        without: parameters that it refuses.
        instead: of a parameter, a value that it refuses, and the one that it is asked with instead.
        cap: the largest cap of an answer that it takes, 0 when nothing is known.
        wire: the API that it speaks.
        system: the role under which it takes the system prompt.
        alternates: users and the assistant must take turns, a user first.
        sees: pictures may be among the messages.
        takes_functions: functions are told, and calls are shown as such; else what they returned is told in words.
        reasoning: what goes back with a call to the place that gave it: its reasoning, if it is still there (``back``);
            nothing (``none``); or its reasoning, and a call is told in words where that is gone (``needed``).
    """

    without: frozenset[str] = frozenset()
    instead: frozenset[tuple[str, str, str]] = frozenset()
    cap: int = 0
    wire: Wire = "chat"
    system: Literal["system", "developer", "user"] = "system"
    alternates: bool = False
    sees: bool = True
    takes_functions: bool = True
    reasoning: Literal["back", "none", "needed"] = "back"

    def parameters(self, prompt: Prompt, more: Mapping[str, Any]) -> Parameters:
        """The optional parameters of a request, ``more`` among them."""
        cap = prompt.max_tokens
        if cap and self.cap:
            cap = min(cap, self.cap)
        caps, effort, verbosity = _NAMES[self.wire]
        wanted: Parameters = {
            next((name for name in caps if name not in self.without), caps[0]): cap,
            "temperature": prompt.temperature,
            effort: prompt.reasoning_effort,
            verbosity: prompt.verbosity,
        }
        if self.tells_functions(prompt):
            wanted["tool_choice"] = None if prompt.may_call else "none"
            if self.wire == "responses" and self.reasoning != "none":
                wanted["include"] = ["reasoning.encrypted_content"]  # the server keeps nothing
        stepped = {(parameter, refused): taken for parameter, refused, taken in self.instead}
        return {
            key: stepped.get((key, str(value)), value)
            for key, value in {**wanted, **more}.items()
            if value is not None and key not in self.without
        }

    def bare(self, prompt: Prompt, more: Mapping[str, Any]) -> Dialect:
        """The same without any optional parameter of a request, but for the cap."""
        return replace(self, without=self.without | self.parameters(prompt, more).keys() - set(CAPS))

    def tells_functions(self, prompt: Prompt) -> bool:
        """Whether the request has functions."""
        return self.takes_functions and bool(prompt.functions)

    def messages(self, prompt: Prompt, origin: str = "") -> list[dict[str, Any]]:
        """The messages of a request. Joined messages are a line or more each: in a group, a JSON object per line.

        Args:
            prompt: what is asked.
            origin: the place that is asked, and the wire, as answers name them.
        """
        messages: list[dict[str, Any]] = []
        form = in_chat if self.wire == "chat" else in_responses
        for said in readable(
            prompt.messages,
            origin,
            in_words=not self.tells_functions(prompt),
            needs_reasoning=self.reasoning == "needed",
        ):
            if said.calls or said.role == "tool":
                messages += form(said, with_reasoning=self.reasoning != "none")
                continue
            role = self.system if said.role == "system" else said.role
            if self.alternates and role == "assistant" and not any(m.get("role") == "user" for m in messages):
                continue
            last = messages[-1] if messages and "pictures" in messages[-1] else None
            if last is not None and last["role"] == role and (self.alternates or len(messages) == 1):
                between = "\n\n" if len(messages) == 1 and self.system == "user" else "\n"
                last["content"] += between + said.content
            else:
                last = {"role": role, "content": said.content, "pictures": ()}
                messages.append(last)
            last["pictures"] += said.pictures if self.sees else ()
        for message in messages:
            if pictures := message.pop("pictures", ()):
                message["content"] = [self._text(message["content"]), *map(self._picture, pictures)]
        return messages

    def _text(self, text: str) -> dict[str, Any]:
        return {"type": "text" if self.wire == "chat" else "input_text", "text": text}

    def _picture(self, url: str) -> dict[str, Any]:
        if self.wire == "chat":
            return {"type": "image_url", "image_url": {"url": url}}
        return {"type": "input_image", "image_url": url}


class Dialects:
    """The dialects of all places, as far as this process knows them.

    Args:
        now: seconds of a clock that only goes forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._learned: dict[Endpoint, tuple[Dialect, float]] = {}

    def of(self, endpoint: Endpoint) -> Dialect:
        """What is known of a place."""
        dialect, until = self._learned.get(endpoint, (Dialect(), 0.0))
        return dialect if self._now() < until else Dialect(wire=endpoint.api or "chat")

    def learn(self, endpoint: Endpoint, dialect: Dialect) -> None:
        """A request in this dialect has passed."""
        self._learned[endpoint] = dialect, self._now() + KEEP_SECONDS
