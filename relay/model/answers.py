"""The answers of a model server, read with care: the SDK does not check what a server sends."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from email.utils import mktime_tz, parsedate_tz
from typing import TYPE_CHECKING, Any, Literal

from relay.errors import AttemptFailed, ModelBlocked
from relay.model.functions import calls_in_message
from relay.model.thinking import without_thinking
from relay.ports import Completion
from relay.spelling import storable

if TYPE_CHECKING:
    from collections.abc import Mapping

Finish = Literal["whole", "cut", "withheld", "failed", "unknown"]

_FINISHES: dict[str, Finish] = {
    **dict.fromkeys(("stop", "eos", "end_turn", "stop_sequence", "tool_calls", "function_call"), "whole"),
    **dict.fromkeys(("length", "model_length", "max_tokens", "max_output_tokens"), "cut"),
    **dict.fromkeys(("content_filter", "sensitive", "safety", "prohibited_content"), "withheld"),
    **dict.fromkeys(
        ("network_error", "error", "abort", "insufficient_system_resource", "malformed_function_call"),
        "failed",
    ),
}
"""What the servers' finish reasons mean: OpenAI's own, those of Mistral, Zhipu, Gemini, DeepSeek, vLLM."""

_USAGE: dict[str, tuple[str, ...]] = {
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "completion_tokens": ("completion_tokens", "output_tokens"),
    "cached_tokens": (
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        "prompt_cache_hit_tokens",  # DeepSeek
    ),
    "reasoning_tokens": (
        "completion_tokens_details.reasoning_tokens",
        "output_tokens_details.reasoning_tokens",
    ),
}
"""The counts of a completion, and where the usage of either API has them."""

_NAME = re.compile(r"[\w.:/@+-]{1,128}", re.ASCII)

THINKING_PARTS = ("thinking", "reasoning", "redacted_thinking")

COUNT_MAX = 2**31 - 1
"""The largest 32-bit integer: a table stores no larger plain one."""


def finish_of(reason: object) -> Finish:
    """What a finish reason means; Gemini writes them in capitals."""
    return _FINISHES.get(reason.casefold(), "unknown") if isinstance(reason, str) else "unknown"


def completion_of(response: Any, origin: str = "") -> Completion:
    """The text, the calls and the counts of a chat completion.

    Args:
        response: as the SDK gives it.
        origin: the place and the wire that it comes from.

    Raises:
        ModelBlocked: the content filter withheld the answer, or its end: half an answer is none.
        AttemptFailed: the response is no chat completion, or broke off.
    """
    try:
        choice = response.choices[0]
        finish, message = finish_of(choice.finish_reason), choice.message
        text, refusal = text_of(message.content), getattr(message, "refusal", None)
    except (AttributeError, LookupError, TypeError):
        raise AttemptFailed("the model server's answer is not a chat completion", lasting=True) from None
    if finish == "withheld":
        raise ModelBlocked("content filter on the answer")
    if finish == "failed":
        raise AttemptFailed(f"the answer broke off: {name_of(choice.finish_reason)}", broke_off=True)
    calls, reasoning = calls_in_message(message, origin, cut=finish == "cut")
    if text is None and not calls:
        raise AttemptFailed("the model server's answer has no text", lasting=True)
    refusal = refusal if isinstance(refusal, str) else ""
    declined = bool(refusal.strip())
    said = refusal if declined else without_thinking(text or "", cut=finish == "cut")
    answer = completion(response, said, "declined" if declined else "cut" if finish == "cut" else "whole")
    return answer if declined or not calls else replace(answer, calls=calls, reasoning=reasoning)


def completion(response: Any, text: str, ended: Literal["whole", "cut", "declined"]) -> Completion:
    """The completion that an answer of either API is, with what the answer says of its model and usage."""
    usage = usage_of(response)
    return Completion(
        text=storable(text),
        ended=ended,
        model=name_of(getattr(response, "model", None)),
        prompt_tokens=usage["prompt_tokens"],
        completion_tokens=usage["completion_tokens"],
        cached_tokens=usage["cached_tokens"],
        reasoning_tokens=usage["reasoning_tokens"],
    )


def usage_of(response: object) -> dict[str, int]:
    """The counts of a :class:`Completion`, 0 where a server names none."""
    usage = getattr(response, "usage", None)
    return {
        name: next(filter(None, (_count(usage, path) for path in paths)), 0) for name, paths in _USAGE.items()
    }


def _count(usage: object, path: str) -> int:
    for name in path.split("."):
        usage = getattr(usage, name, None)
    return count_of(usage)


def text_of(content: object) -> str | None:
    """The text of an answer, which may come in parts: those of thinking are left out. None for what is no text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [part for part in content if isinstance(part, dict) and part.get("type") not in THINKING_PARTS]
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return "".join(texts) if texts or not parts else None


def name_of(value: object) -> str:
    """The name that a server sends for its model, a reason or an error; empty for other text: names are logged."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def count_of(value: object) -> int:
    """A number of tokens, 0 when the value is no such number."""
    return value if isinstance(value, int) and 0 <= value <= COUNT_MAX else 0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a server wants to be asked again: Azure's ``retry-after-ms``, else ``Retry-After`` in seconds or as
    an HTTP date (RFC 9110, 10.2.3). None when the headers hold none of these.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        date = parsedate_tz(headers.get("retry-after", ""))
        return max(0.0, mktime_tz(date) - time.time()) if date else None
    except (ValueError, OverflowError):  # a year beyond the calendar
        return None
