"""Bodies of the chat completions API, as Azure OpenAI words them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web

from playground.model.calling import (
    Asked,
    as_deltas,
    as_entries,
    as_items,
    as_messages,
    reasoning,
)
from playground.model.script import (
    CHARS_PER_TOKEN,
    ChatRequest,
    Fault,
    FaultKind,
    Reply,
    default_answer,
    tokens,
)

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
BLOCKED = SAFE | {"violence": {"filtered": True, "severity": "high"}}

_FAULTS: dict[FaultKind, tuple[int, dict[str, Any]]] = {
    "rate_limited": (429, {"code": "429", "message": "Requests have been limited. Please retry later."}),
    "server_error": (500, {"code": "InternalServerError", "message": "The server had an error."}),
    "prompt_filtered": (
        400,
        {
            "code": "content_filter",
            "param": "prompt",
            "status": 400,
            "message": "The response was filtered due to the prompt triggering the content management policy.",
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": BLOCKED},
        },
    ),
    "context_length_exceeded": (
        400,
        {
            "code": "context_length_exceeded",
            "param": "messages",
            "type": "invalid_request_error",
            "message": "The messages are longer than the model's maximum context length.",
        },
    ),
    "unsupported_temperature": (
        400,
        {
            "code": "unsupported_value",
            "param": "temperature",
            "type": "invalid_request_error",
            "message": "Unsupported value: 'temperature' does not support 0.7 with this model. "
            "Only the default (1) value is supported.",
        },
    ),
    "bad_request": (
        400,
        {"code": None, "param": None, "type": "invalid_request_error", "message": "The request is invalid."},
    ),
    "unauthorized": (401, {"code": "401", "message": "Access denied due to invalid subscription key."}),
    "deployment_not_found": (
        404,
        {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."},
    ),
}


def refusal(kind: FaultKind) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of a refusal."""
    status, error = _FAULTS[kind]
    return status, {"error": error}


def refused(fault: Fault) -> web.Response | None:
    """The answer that a fault is, or None if the connection is to be cut."""
    if fault.kind == "closed":
        return None
    status, body = refusal(fault.kind)
    return web.json_response(body, status=status, headers=fault.headers())


def overlong(prompt_tokens: int, context_tokens: int) -> dict[str, Any]:
    """Body of the 400 for a prompt that is longer than the model's context."""
    message = (
        f"This model's maximum context length is {context_tokens} tokens. However, your messages resulted in "
        f"{prompt_tokens} tokens. Please reduce the length of the messages."
    )
    return {"error": {**_FAULTS["context_length_exceeded"][1], "message": message}}


def illegal(param: str, message: str) -> dict[str, Any]:
    """Body of the 400 for a request that no model would take."""
    code = "unsupported_parameter" if param == "max_tokens" else None
    return {"error": {"type": "invalid_request_error", "code": code, "param": param, "message": message}}


def completion(request: ChatRequest, reply: Reply) -> dict[str, Any]:
    """Body of an answer."""
    text, reason = _answer(request, reply)
    calls = _calls(request, reply)
    filtered = reason == "content_filter"
    silent = reply.refusal is not None or ((filtered or calls) and not text)
    choice = {
        "index": 0,
        "finish_reason": reason,
        "message": {"role": "assistant", "content": None if silent else text, "refusal": reply.refusal}
        | ({"tool_calls": as_entries(calls)} if calls else {}),
        "content_filter_results": BLOCKED if filtered else SAFE,
        "logprobs": None,
    }
    return {
        **_head("chat.completion", request),
        "choices": [choice],
        "usage": _usage(request, text, calls),
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
    }


def as_chat(body: Any) -> Any:
    """The chat completion request that asks the same as a request of the Responses API."""
    if not isinstance(body, dict):
        return body
    names = {"input": "messages", "max_output_tokens": "max_completion_tokens"}
    chat = {names.get(name, name): value for name, value in body.items()}
    messages = chat.get("messages")
    if not isinstance(messages, list):
        return chat
    return chat | {"messages": list(map(_as_chat_message, as_messages(messages)))}


def _as_chat_message(message: Any) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return message
    return message | {"content": list(map(_as_chat_part, message["content"]))}


def _as_chat_part(part: Any) -> Any:
    match part:
        case {"type": "input_text" | "output_text", "text": text}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": url}:
            return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "unknown"}


def response_to(request: ChatRequest, reply: Reply) -> dict[str, Any]:
    """Body of an answer of the Responses API. A default answer uses each tool of the server once."""
    text, reason = _answer(request, reply)
    asked = _calls(request, reply)
    by_itself = reply.text is None and not asked
    calls = [_call(tool) for tool in request.tools if tool["type"] != "function"] if by_itself else []
    found = any(call["type"] == "web_search_call" for call in calls)
    incomplete = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reason)
    refused = {"type": "refusal", "refusal": reply.refusal}
    content = [
        refused
        if reply.refusal is not None
        else {"type": "output_text", "text": text, "annotations": [_FOUND] if found else []}
    ]
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }
    usage = _usage(request, text, asked)
    said = [] if asked and not text else [message]
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "model": request.model,
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "output": [*calls, *said, reasoning(request.include), *as_items(asked)]
        if asked
        else [reasoning(request.include), *calls, *said],
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
        },
    }


_FOUND = {
    "type": "url_citation",
    "start_index": 0,
    "end_index": 1,
    "title": "Example Domain",
    "url": "https://example.com/?utm_source=openai",
}
"""What every search finds."""


def _call(tool: dict[str, Any]) -> dict[str, Any]:
    call = {"id": "call_1", "type": f"{tool['type']}_call", "status": "completed"}
    if tool["type"] != "mcp":
        return call
    return {
        **call,
        "server_label": tool["server_label"],
        "name": "look_up",
        "arguments": "{}",
        "output": "found",
    }


def chunks(request: ChatRequest, reply: Reply) -> Iterator[dict[str, Any]]:
    """Bodies of a streamed answer, a token each, the usage in the last."""
    text, reason = _answer(request, reply)
    head = _head("chat.completion.chunk", request)

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

    yield chunk({"role": "assistant", "content": ""})
    for start in range(0, len(text), CHARS_PER_TOKEN):
        yield chunk({"content": text[start : start + CHARS_PER_TOKEN]})
    calls = _calls(request, reply)
    for delta in as_deltas(calls):
        yield chunk(delta)
    yield chunk({}, reason)
    yield {**head, "choices": [], "usage": _usage(request, text, calls)}


def events(request: ChatRequest, reply: Reply) -> Iterator[dict[str, Any]]:
    """Events of a streamed response, a token of its text each; the last one has it whole."""
    whole = response_to(request, reply)
    yield {
        "type": "response.created",
        "response": whole | {"status": "in_progress", "output": [], "usage": None},
    }
    for place, item in enumerate(whole["output"]):
        for part in item["content"] if item["type"] == "message" else ():
            text = part.get("text", "")
            for start in range(0, len(text), CHARS_PER_TOKEN):
                yield {
                    "type": "response.output_text.delta",
                    "item_id": item["id"],
                    "output_index": place,
                    "content_index": 0,
                    "delta": text[start : start + CHARS_PER_TOKEN],
                }
    yield {"type": f"response.{whole['status']}", "response": whole}


def event(body: dict[str, Any] | str) -> bytes:
    """A server-sent event."""
    data = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    kind = f"event: {body['type']}\n" if isinstance(body, dict) and "type" in body else ""
    return f"{kind}data: {data}\n\n".encode()


def _answer(request: ChatRequest, reply: Reply) -> tuple[str, str]:
    calls = _calls(request, reply)
    text = reply.text
    if text is None:
        question, seen = request.last_user_text(), request.look()
        text = "" if calls else default_answer(question, seen, request.results())
    limit = request.max_completion_tokens
    if reply.finish_reason is None and limit is not None and tokens(text) > limit:
        return text[: limit * CHARS_PER_TOKEN], "length"
    return text, "tool_calls" if calls else reply.finish_reason or "stop"


def _calls(request: ChatRequest, reply: Reply) -> tuple[Asked, ...]:
    return reply.calls if request.may_call() else ()


def _head(kind: str, request: ChatRequest) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": request.model,
    }


def _usage(request: ChatRequest, text: str, calls: Iterable[Asked] = ()) -> dict[str, int]:
    asked = sum(tokens(asked.call + json.dumps(asked.arguments)) for asked in calls)
    prompt, answer = request.prompt_tokens(), tokens(text) + asked
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
