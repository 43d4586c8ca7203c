"""What the scripted model says and does: replies, faults, and which request gets which."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from playground.media.pictures import Look
from playground.model.calling import Asked, functions_of, problem_of
from playground.model.sight import look_at, text_in

CHARS_PER_TOKEN = 4
"""The scripted model's tokenizer."""

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "prompt_filtered",
    "context_length_exceeded",
    "unsupported_temperature",
    "bad_request",
    "unauthorized",
    "deployment_not_found",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the model.

    Attributes:
        text: None makes the default answer from the question.
        finish_reason: None comes of the answer: one that is longer than the request allows is cut, and ends by
            ``length``. A given one leaves the text as it is: ``length`` with an empty text is a reasoning model that
            used up its budget; ``content_filter`` is an answer that the filter cut off, with a null content if the
            text is empty.
        refusal: the model declines in these words, and says nothing else.
        calls: the functions that it asks for, beside the text if there is one; nothing where it may ask for none.
        seconds: answer this much later.
        hold: answer only after :meth:`ModelServer.release`.
        hold_after: stop a streamed answer after so many tokens, each time until :meth:`ModelServer.release`.
        tokens_per_second: how fast it writes; 0: all at once. An answer that is not streamed comes when it is written.
        dropped: cut the connection in the middle of the answer.
    """

    text: str | None = None
    finish_reason: Literal["stop", "length", "content_filter"] | None = None
    refusal: str | None = None
    calls: tuple[Asked, ...] = ()
    seconds: float = 0
    hold: bool = False
    hold_after: tuple[int, ...] = ()
    tokens_per_second: float = 0
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal, worded as Azure OpenAI words it; ``closed`` cuts the connection without an answer.

    Attributes:
        retry_after_ms, retry_after: headers of a refusal, in milliseconds and in seconds.
        seconds: refuse this much later.
        hold: refuse only after :meth:`ModelServer.release`.
    """

    kind: FaultKind
    retry_after_ms: int | None = None
    retry_after: float | None = None
    seconds: float = 0
    hold: bool = False

    def headers(self) -> dict[str, str]:
        """Headers that say when to come back."""
        headers = {"retry-after-ms": self.retry_after_ms, "retry-after": self.retry_after}
        return {name: f"{value:g}" for name, value in headers.items() if value is not None}


Step = Reply | Fault


class ChatRequestMessage(BaseModel):
    """One message of a request. Content is text, or parts: words and pictures; or nothing beside calls."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None
    tool_calls: list[dict[str, Any]] = Field(default_factory=list)
    tool_call_id: str | None = None

    @field_validator("content")
    @classmethod
    def _of_known_parts(cls, content: str | list[dict[str, Any]] | None) -> str | list[dict[str, Any]] | None:
        if isinstance(content, list):
            text_in(content)
        return content

    def text(self) -> str:
        """What it says."""
        return text_in(self.content) if isinstance(self.content, list) else self.content or ""


class ChatRequest(BaseModel):
    """A legal body of ``chat/completions``; the fields that the scripted model heeds."""

    model_config = ConfigDict(strict=True)

    model: str = Field(min_length=1)
    messages: list[ChatRequestMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: None = Field(default=None, description="refused, as the current models do")
    temperature: float | None = Field(default=None, ge=0, le=2)
    stream: bool | None = None
    tools: list[dict[str, Any]] = Field(default_factory=list)
    tool_choice: Literal["auto", "none"] | None = None
    include: list[str] = Field(default_factory=list)

    @field_validator("messages")
    @classmethod
    def _with_every_result(cls, messages: list[ChatRequestMessage]) -> list[ChatRequestMessage]:
        if problem := problem_of(messages):
            raise ValueError(problem)
        return messages

    def may_call(self) -> bool:
        """Whether functions may be asked for."""
        return self.tool_choice != "none" and bool(functions_of(self.tools))

    def results(self) -> list[str]:
        """What functions have returned since anybody said anything."""
        told = takewhile(lambda message: message.role == "tool", reversed(self.messages))
        return [message.text() for message in told][::-1]

    def last_user_text(self) -> str:
        """Content of the last user message, empty if there is none."""
        return next((message.text() for message in reversed(self.messages) if message.role == "user"), "")

    def look(self) -> list[Look]:
        """What is on the pictures since the last answer.

        Raises:
            BadPart: one is no picture that models take.
        """
        said = list(takewhile(lambda message: message.role != "assistant", reversed(self.messages)))
        return [
            seen
            for message in reversed(said)
            if isinstance(message.content, list)
            for seen in look_at(message.content)
        ]

    def prompt_tokens(self) -> int:
        """Size of the prompt."""
        calls = [call["function"]["arguments"] for message in self.messages for call in message.tool_calls]
        return sum(map(tokens, [*(message.text() for message in self.messages), *calls]))


def tokens(text: str) -> int:
    """Number of tokens of a text."""
    return -(-len(text) // CHARS_PER_TOKEN)


def default_answer(question: str, seen: Sequence[Look] = (), results: Sequence[str] = ()) -> str:
    """``You said: …``, or ``You said, NAME: …`` when the question is JSON that names its speaker.

    Before it, what is on the pictures, and what the question says of anything else that was sent:
    ``I see a picture, 640 × 480, red.``, ``I was sent a place, Paris.``, ``It says: …``; and what functions have
    returned: ``I was told: …``.
    """
    try:
        fields = json.loads(question)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        fields = {"text": question}
    text, speaker, sent, words = (
        value if isinstance(value := fields.get(name), str) else ""
        for name in ("text", "speaker", "sent", "words")
    )
    parts = [f"I was told: {result}" for result in results]
    parts += [f"I see a picture, {picture}." for picture in seen]
    parts += [f"I was sent {sent}."] if sent and not seen else []
    parts += [f"It says: {words}"] if words else []
    if text or not parts:
        parts.append(f"You said, {speaker}: {text}" if speaker else f"You said: {text}")
    return " ".join(parts)


@dataclass
class Script:
    """Steps that wait for a request: first those for a text, then the queue, then the default answer."""

    _rules: list[tuple[str, Step, int | None]] = field(default_factory=list)
    _queue: list[Step] = field(default_factory=list)

    def next(self, *steps: Step) -> None:
        """Queue steps for the next requests, one each."""
        self._queue.extend(steps)

    def when(self, text: str, step: Step, times: int | None = None, *, first: bool = False) -> None:
        """Take this step whenever the last user message contains ``text``, at most ``times`` times.

        Where several rules fit, the earliest counts; ``first`` puts this one before all of them.
        """
        self._rules.insert(0 if first else len(self._rules), (text, step, times))

    def clear(self) -> None:
        """Forget every step."""
        self._rules.clear()
        self._queue.clear()

    def take(self, question: str, *, has_results: bool = False) -> Step | None:
        """The step for a request with this last user message.

        A rule that asks for functions is not for the request that brings what they returned.
        """
        for place, (text, step, times) in enumerate(self._rules):
            if text in question and not (has_results and isinstance(step, Reply) and step.calls):
                if times is not None and times <= 1:
                    del self._rules[place]
                elif times is not None:
                    self._rules[place] = (text, step, times - 1)
                return step
        return self._queue.pop(0) if self._queue else None
