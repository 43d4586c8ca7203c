"""The other wire: the Responses API, for models that speak nothing else. What it answers means what a completion means.

Nothing is kept by the server (``store`` is false): the memory is the relay's, and so is its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from relay.errors import AttemptFailed, ModelBlocked
from relay.model.answers import completion, name_of, usage_of
from relay.model.dialect import Parameters
from relay.model.functions import calls_in_output
from relay.model.server_tools import calls_of, sources_of, without_sandbox_links
from relay.model.thinking import without_thinking
from relay.ports import Completion

_BLOCKED = ("content_filter", "invalid_prompt", "image_content_policy_violation")
"""Codes of a response that failed for its content."""


def body_of(
    parameters: Parameters, messages: list[dict[str, Any]], tools: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The body of a request, but for the model. Parameters with a dot in their name lie in an object.

    Calls and results say what they are, and so does a message: llama.cpp takes one of the assistant in no other way
    (ggml-org/llama.cpp#26394).
    """
    items = [{"type": "message", **message} for message in messages]
    body: dict[str, Any] = {"input": items, "store": False, **({"tools": tools} if tools else {})}
    for name, value in parameters.items():
        outer, _, inner = name.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = value
        else:
            body[name] = value
    return body


def completion_of(response: Any, cap: int = 0, origin: str = "") -> Completion:
    """The text, the calls and the counts of a response.

    Args:
        response: as the SDK gives it.
        cap: of its tokens, 0 for none. llama.cpp calls a response complete that this has ended; its count tells.
        origin: the place and the wire that it comes from.

    Raises:
        ModelBlocked: the content filter refused the prompt, or withheld the answer or its end.
        AttemptFailed: it failed, is not done, or is no response.
    """
    status, output = getattr(response, "status", None), getattr(response, "output", None)
    if status == "failed":
        code = name_of(getattr(getattr(response, "error", None), "code", None))
        if code in _BLOCKED:
            raise ModelBlocked("content filter on the prompt")
        raise AttemptFailed(
            f"the response failed: {code or 'no code'}", broke_off=code != "rate_limit_exceeded"
        )
    if status not in ("completed", "incomplete") or not isinstance(output, list):
        said = name_of(status) or "no status"
        raise AttemptFailed(f"the model server's answer is not a finished response: {said}", lasting=True)
    reason = (
        getattr(getattr(response, "incomplete_details", None), "reason", None)
        if status == "incomplete"
        else ""
    )
    if reason == "content_filter":
        raise ModelBlocked("content filter on the answer")
    is_cut = status == "incomplete" or 0 < cap <= usage_of(response)["completion_tokens"]
    parts = [part for item in output if _is_shown(item) for part in getattr(item, "content", None) or ()]
    refusal = "\n\n".join(_texts(parts, "refusal"))
    text = refusal or without_thinking("\n\n".join(_texts(parts, "text")), cut=is_cut)
    ended: Literal["whole", "cut", "declined"] = "declined" if refusal else "cut" if is_cut else "whole"
    answer = replace(
        completion(response, without_sandbox_links(text), ended),
        sources=sources_of(parts),
        tool_calls=calls_of(output),
    )
    calls, reasoning = calls_in_output(output, origin, cut=is_cut)
    return answer if refusal or not calls else replace(answer, calls=calls, reasoning=reasoning)


def _is_shown(item: object) -> bool:
    """Messages are; the model's commentary on its work is not, nor is its reasoning."""
    return getattr(item, "type", None) == "message" and getattr(item, "phase", None) != "commentary"


def _texts(parts: list[Any], name: str) -> list[str]:
    found = [getattr(part, name, None) for part in parts]
    return [text for text in found if isinstance(text, str) and text.strip()]
