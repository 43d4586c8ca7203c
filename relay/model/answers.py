"""The answers and errors of a model server, and what they mean for the turn. A server's error text goes no further."""

from __future__ import annotations

import logging
import math
import re
import time
from email.utils import mktime_tz, parsedate_tz
from typing import TYPE_CHECKING, Any

from relay.errors import AttemptFailed, ModelBlocked, ModelError, ModelOverflow, ModelRejected
from relay.ports import Completion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import APIStatusError

log = logging.getLogger(__name__)

BLOCKED_CODES = ("content_filter", "invalid_prompt")
"""Azure's content filter; the usage policy of OpenAI's reasoning models (openai/codex#40327)."""

_OVERFLOW = re.compile("maximum context length|exceeds the available context size")
_LIMIT = re.compile(r"(?:maximum context length is|configured limit of|context size \()\s*(\d{1,9})")
_USED = re.compile(r"(?:requested|resulted in|request \()\s*(\d{1,9})")
_IN_MESSAGES = re.compile(r"(\d{1,9}) in the messages")
_NAME = re.compile(r"[\w.:/@+-]{1,128}", re.ASCII)

COUNT_MAX = 2**31 - 1
"""The largest 32-bit integer: a table stores no larger plain one."""


def completion_of(response: Any) -> Completion:
    """The text and the counts of a chat completion, checked, because the SDK does not check what a server sends.

    Raises:
        ModelBlocked: the content filter withheld the answer, or its end: half an answer is none.
        AttemptFailed: the response is no chat completion.
    """
    try:
        choice = response.choices[0]
        finish_reason, message = choice.finish_reason, choice.message
        text, refusal = message.content, getattr(message, "refusal", None)
    except (AttributeError, LookupError, TypeError):
        raise AttemptFailed("the model server's answer is not a chat completion", lasting=True) from None
    if finish_reason == "content_filter":
        raise ModelBlocked("content filter on the answer")
    if not isinstance(text, str | None):
        raise AttemptFailed("the model server's answer has no text", lasting=True)
    declined = isinstance(refusal, str) and bool(refusal.strip())
    usage = getattr(response, "usage", None)
    return Completion(
        # Half a surrogate pair could be stored, but never be sent again.
        text=((refusal if declined else text) or "")
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", "replace"),
        ended="declined" if declined else "cut" if finish_reason == "length" else "whole",
        model=name_of(getattr(response, "model", None)),
        prompt_tokens=count_of(getattr(usage, "prompt_tokens", 0)),
        completion_tokens=count_of(getattr(usage, "completion_tokens", 0)),
    )


def failure_of(error: Exception) -> ModelError:
    """What an error of the SDK means."""
    import openai

    if isinstance(error, openai.APIConnectionError):
        return AttemptFailed(f"the model server is unreachable: {type(error).__name__}")
    if not isinstance(error, openai.APIStatusError):
        return AttemptFailed(f"the model server gave no usable answer: {type(error).__name__}", lasting=True)
    status, cause = error.status_code, f"HTTP {error.status_code} {code_of(error)}".strip()
    if error.code in BLOCKED_CODES:
        return ModelBlocked("content filter on the prompt")
    if _is_overflow(error):
        return _overflow(error, cause)
    if status in (400, 422):
        log.error("the model server refuses a request: %s; check model, max_reply_tokens, temperature", cause)
        return ModelRejected(cause)
    if status in (401, 403):
        log.error("the model server refuses our credential: %s; check the key, or the identity's role", cause)
        return AttemptFailed(cause, lasting=True)
    if status == 404:
        log.error(
            "the model server does not know the model or path: %s; check deployment and endpoint", cause
        )
        return AttemptFailed(cause, lasting=True)
    may_pass = status >= 500 or status in (408, 409, 425, 429)
    return AttemptFailed(cause, retry_after(error.response.headers), lasting=not may_pass)


def code_of(error: APIStatusError) -> str:
    """The server's error code; empty when the server sends none, or more than a word."""
    return name_of(error.code)


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


def _is_overflow(error: APIStatusError) -> bool:
    """Whether the prompt is too long, as OpenAI, Azure, llama.cpp, vLLM or a proxy with a limit of its own say it."""
    return error.status_code == 413 or (
        error.status_code == 400
        and (
            error.code == "context_length_exceeded"
            or error.type == "exceed_context_size_error"
            or _OVERFLOW.search(error.message) is not None
        )
    )


def _overflow(error: APIStatusError, cause: str) -> ModelOverflow:
    """The error with its numbers: llama.cpp has fields for them, the others a sentence."""
    body = error.body if isinstance(error.body, dict) else {}
    said = error.message
    limit = count_of(body.get("n_ctx")) or _found(_LIMIT, said)
    used = count_of(body.get("n_prompt_tokens")) or _found(_USED, said)
    excess = max(0, used - limit) if used and limit else 0
    return ModelOverflow(cause, prompt_tokens=_found(_IN_MESSAGES, said) or used, excess_tokens=excess)


def _found(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0
