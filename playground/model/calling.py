"""Functions that the scripted model is told of, its calls and their results, as OpenAI takes and gives them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ARGUMENTS_PIECE_CHARS = 4
"""Of a streamed call, so much of its arguments comes at a time."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: which function, with which arguments."""

    call: str
    arguments: dict[str, Any] = field(default_factory=dict)


def functions_of(tools: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of the functions among the tools of a request, which either API writes in its own way."""
    return [
        str((tool.get("function") or tool).get("name")) for tool in tools if tool.get("type") == "function"
    ]


def problem_of(messages: Sequence[Any]) -> str:
    """What OpenAI would refuse of calls and results, in its words; empty when it would not.

    Args:
        messages: with ``role``, ``content``, ``tool_calls``, ``tool_call_id``.
    """
    waiting: list[str] = []
    for said in messages:
        if said.role == "tool":
            if said.tool_call_id not in waiting:
                return (
                    "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
                )
            waiting.remove(said.tool_call_id)
            continue
        if waiting:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}"
            )
        if said.content is None and not said.tool_calls:
            return "Invalid value for 'content': expected a string, got null."
        for call in said.tool_calls:
            function = call.get("function", {})
            if not _NAME.fullmatch(str(function.get("name"))):
                return "Invalid 'tool_calls[0].function.name': string does not match pattern."
            if not isinstance(function.get("arguments"), str):
                return "Invalid type for 'tool_calls[0].function.arguments': expected a string."
            waiting.append(str(call.get("id")))
    return "" if not waiting else f"No tool output found for function call {waiting[0]}."


def as_entries(calls: Sequence[Asked]) -> list[dict[str, Any]]:
    """Calls as ``tool_calls`` of a message."""
    return [
        {
            "id": f"call_{uuid.uuid4().hex[:24]}",
            "type": "function",
            "function": {"name": asked.call, "arguments": json.dumps(asked.arguments, ensure_ascii=False)},
        }
        for asked in calls
    ]


def as_deltas(calls: Sequence[Asked]) -> Iterator[dict[str, Any]]:
    """Calls as deltas of a stream: each begins with its name, and its arguments follow in pieces."""
    for index, entry in enumerate(as_entries(calls)):
        name, arguments = entry["function"]["name"], entry["function"]["arguments"]
        yield {"tool_calls": [{"index": index, **entry, "function": {"name": name, "arguments": ""}}]}
        for start in range(0, len(arguments), ARGUMENTS_PIECE_CHARS):
            piece = arguments[start : start + ARGUMENTS_PIECE_CHARS]
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def as_items(calls: Sequence[Asked]) -> list[dict[str, Any]]:
    """Calls as items of a response."""
    return [
        {
            "id": f"fc_{uuid.uuid4().hex[:24]}",
            "type": "function_call",
            "status": "completed",
            "call_id": entry["id"],
            **entry["function"],
        }
        for entry in as_entries(calls)
    ]


def reasoning(include: Sequence[str]) -> dict[str, Any]:
    """What a response has thought; it can be given back only where it was asked for in this form."""
    item = {"id": f"rs_{uuid.uuid4().hex[:24]}", "type": "reasoning", "summary": []}
    return item | (
        {"encrypted_content": uuid.uuid4().hex} if "reasoning.encrypted_content" in include else {}
    )


def lost_item(body: object) -> str:
    """The id of an item of a request that the server would have to have kept; empty for none."""
    items = body.get("input") if isinstance(body, dict) else None
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and item.get("type") == "reasoning" and not item.get("encrypted_content"):
            return str(item.get("id"))
    return ""


def as_messages(items: Iterable[Any]) -> list[Any]:
    """Items of the Responses API as messages: the calls of one answer are one message, and reasoning is none."""
    messages: list[Any] = []
    for item in items:
        match item:
            case {"type": "reasoning"}:
                continue
            case {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}:
                function = {"name": name, "arguments": arguments}
                entry = {"id": call_id, "type": "function", "function": function}
                if messages and isinstance(messages[-1], dict) and messages[-1].get("tool_calls"):
                    messages[-1]["tool_calls"].append(entry)
                else:
                    messages.append({"role": "assistant", "content": None, "tool_calls": [entry]})
            case {"type": "function_call_output", "call_id": call_id, "output": output}:
                messages.append({"role": "tool", "tool_call_id": call_id, "content": output})
            case _:
                messages.append(item)
    return messages
