"""What an answer of a model said, by either API, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from playground.model.calling import Asked
from playground.model.requests import ModelRequest
from playground.model.script import ChatRequest
from playground.model.wire import as_chat

_FINISHED_BY = {"max_output_tokens": "length", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The text, why it ended there (``stop``, ``length``, ``content_filter``), and the tools that it asked for."""

    text: str
    finish: str
    calls: tuple[Asked, ...] = ()


def answer_to(asked: ModelRequest) -> Answer | None:
    """The answer to a request; None where there is none that can be read."""
    try:
        bodies = list(_bodies(asked.answer))
        return _response(bodies[-1]) if asked.is_response else _completion(bodies)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def question_of(asked: ModelRequest) -> str:
    """What the scripted model takes for the question of a request: what the user said last."""
    try:
        body = as_chat(asked.body) if asked.is_response else asked.body
        return ChatRequest.model_validate(body).last_user_text()
    except ValidationError:
        return ""


def limit_of(asked: ModelRequest) -> int | None:
    """How many tokens the answer may have."""
    found = asked.body.get("max_output_tokens" if asked.is_response else "max_completion_tokens")
    return found if isinstance(found, int) else None


def _bodies(answer: str) -> Iterator[dict[str, Any]]:
    """The one body, or those of a stream."""
    if answer.lstrip().startswith("{"):
        yield json.loads(answer)
        return
    for line in answer.splitlines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            yield json.loads(data)


def _completion(bodies: list[dict[str, Any]]) -> Answer:
    text, finish = "", "stop"
    calls: dict[int, list[str]] = {}
    for choice in (choice for body in bodies for choice in body.get("choices") or ()):
        said = choice.get("message") or choice.get("delta") or {}
        text += said.get("content") or ""
        finish = choice.get("finish_reason") or finish
        for place, call in enumerate(said.get("tool_calls") or ()):
            known = calls.setdefault(call.get("index", place), ["", ""])
            known[0] += call["function"].get("name") or ""
            known[1] += call["function"].get("arguments") or ""
    return Answer(text, finish, tuple(Asked(name, json.loads(told or "{}")) for name, told in calls.values()))


def _response(body: dict[str, Any]) -> Answer:
    body = body.get("response", body)
    output = body["output"]
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    calls = (item for item in output if item["type"] == "function_call")
    reason = (body.get("incomplete_details") or {}).get("reason", "")
    return Answer(
        "".join(part.get("text", "") for part in parts),
        _FINISHED_BY.get(reason, "stop"),
        tuple(Asked(call["name"], json.loads(call["arguments"])) for call in calls),
    )
