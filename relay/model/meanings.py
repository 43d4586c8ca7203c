"""What a model server's refusal means: one order of precedence for all of them.

Azure OpenAI, OpenAI, vLLM, llama.cpp, Mistral, DeepSeek, Qwen, Moonshot, Zhipu and the OpenAI faces of Gemini and
LiteLLM say the same in different words, statuses and shapes. No single word decides, and no server's words go further
than this module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from relay.config.bot import Effort, Verbosity
from relay.errors import AttemptFailed, ModelBlocked, ModelError, ModelOverflow, ModelRejected
from relay.model.dialect import CAPS, Dialect, Parameters
from relay.model.function_refusals import about_functions
from relay.model.refusals import UNKNOWN_PARAMETER, Refusal
from relay.ports import Completion

_BLOCKED = {
    "content_filter",
    "contentfilter",
    "content_policy_violation",
    "contentpolicyviolationerror",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
    "datainspectionfailed",
    "invalid_prompt",  # the usage policy of OpenAI's reasoning models (openai/codex#40327)
    "sensitive_words_detected",
    "1301",  # Zhipu
}
_BLOCKED_WORDS = re.compile(
    r"Content Exists Risk|rejected because it was considered high risk|data may contain inappropriate content"
    r"|triggering Azure OpenAI's content management policy|flagged as potentially violating our usage policy"
    r"|可能包含不安全或敏感内容",
    re.IGNORECASE,
)
_CAP_USED_UP = re.compile(
    r"(?:max_tokens or model output limit|output token limit) was reached", re.IGNORECASE
)
_TOO_LONG = {
    "context_length_exceeded",
    "exceed_context_size_error",
    "model_max_prompt_tokens_exceeded",
    "1261",
}
_TOO_LONG_WORDS = re.compile(
    r"maximum context length|exceeds the (?:available |maximum |model's )?context|context (?:window|length) exceeded"
    r"|exceeds? (?:the )?(?:model's )?(?:maximum )?context (?:window|length)"
    r"|(?:prompt|input|request) is too long|Range of input length should be|input length .{0,40}exceeds"
    r"|reduce the length of the (?:messages|prompt|input)|Prompt exceeds max length|输入.{0,10}超[长过]",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?:maximum context length is|configured limit of|context size \(|Range of input length should be \[\d+,"
    r"|tokens >|Limit:?)\s*(\d{1,9})"
)
_USED = re.compile(r"(?:requested|resulted in|request \(|too long:|Requested:?)\s*(\d{1,9})")
_IN_MESSAGES = re.compile(r"(\d{1,9}) in the messages")
_QUOTA = re.compile(r"Limit:?\s*(\d{1,9}),?\s*Requested:?\s*(\d{1,9})", re.IGNORECASE)
_ROOM_LEFT = re.compile(r"(\d{1,9}) > (\d{1,9}) - (\d{1,9})")
"""vLLM: the cap, the context, the prompt."""

_PAID_UP = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "exceeded_current_quota_error",
    "arrearage",
    "1113",
}
_OTHER_WIRE = re.compile(
    r"use /?v1/responses|only (?:be )?(?:supported|available) in v1/responses|not a chat model"
    r"|chatCompletion operation does not work",
    re.IGNORECASE,
)
_NO_SYSTEM = re.compile(
    r"system role (?:is )?not supported|does not support (?:the )?'?(?:system|developer)\b|unexpected role '?system"
    r"|Developer instruction is not enabled|system messages? (?:is|are) not (?:supported|allowed)",
    re.IGNORECASE,
)
_ALTERNATE = re.compile(
    r"roles must alternate|must alternate between|successive (?:user|assistant)"
    r"|consecutive (?:user|assistant|messages)",
    re.IGNORECASE,
)
_NO_PICTURES = re.compile(
    r"does not support (?:image|vision|picture|multi-?modal)|(?:image|picture)s?(?:[ _]\w+)? (?:is|are) not supported"
    r"|image input is not supported|not a (?:multi-?modal|vision) model|image_url is only supported"
    r"|unknown variant .?image_url|only (?:supports|accepts) text|mmproj",
    re.IGNORECASE,
)
_UNKNOWN = r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|no longer|deprecated"
_NOT_KNOWN = re.compile(rf"{_UNKNOWN}|extra", re.IGNORECASE)
_NOT_TAKEN = re.compile(
    rf"{_UNKNOWN}|not allowed|extra (?:inputs|fields)|is allowed|invalid|must be|not available", re.IGNORECASE
)
_ORDERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("reasoning_effort", "reasoning.effort"), get_args(Effort)),
    **dict.fromkeys(("verbosity", "text.verbosity"), get_args(Verbosity)),
}
"""Parameters whose values have neighbours."""

_PLACE = {
    "invalid_api_key",
    "authentication_error",
    "auth_error",
    "unauthenticated",
    "model_not_found",
    "modelnotfound",
    "deploymentnotfound",
    "operationnotsupported",
    "no_db_connection",
    "unsupported_country_region_territory",
    "1211",  # Zhipu: no such model
}
_PLACE_WORDS = re.compile(
    r"API key not valid|(?:invalid|incorrect) api key|Invalid model name|unknown model|no connected db"
    r"|model .{0,100}(?:does not exist|not found|is not available)|operation is (?:not supported|unsupported)"
    r"|模型不存在",
    re.IGNORECASE,
)

_TOOL_WORDS = re.compile(
    r"\btools?\b|\bMCP\b|web[_ ]search|vector[_ ]?store|code[_ ]interpreter|file[_ ]search|\bcontainer\b|file with id",
    re.IGNORECASE,
)

Meaning = ModelError | Completion | Dialect


def meaning_of(
    refusal: Refusal,
    sent: Parameters,
    dialect: Dialect,
    prompt_tokens: int,
    *,
    with_tools: bool = False,
    functions: Sequence[str] = (),
) -> Meaning:
    """What a refusal means.

    Args:
        refusal: what the server said.
        sent: the optional parameters of the request.
        dialect: how it was asked.
        prompt_tokens: about how long the prompt was.
        with_tools: the server was to run tools.
        functions: names of those that were told, in their order.

    Returns:
        An error for the turn; an answer, cut before its first word; or how to ask the same place again.
    """
    status, cause = refusal.status, refusal.cause
    is_about_tools = with_tools and (status == 424 or _is_about_tools(refusal))
    if is_about_tools and status in (403, 404, 424):
        return ModelRejected(cause, about_tools=True)  # the bot's matter: others of the place do without
    if functions and status in (400, 404, 422, 500, 501):
        meaning = about_functions(refusal, sent, dialect, functions, are_first=not with_tools)
        if meaning is not None:
            return meaning
    if status in (401, 402, 403, 404):
        advice = _BY_STATUS[status]
        if status == 404 and dialect.wire == "responses":
            advice = "check deployment and endpoint, and whether the server has the Responses API"
        return AttemptFailed(_told(refusal, advice), refusal.retry_after, lasting=True)
    if status >= 500 or status in (408, 409, 425):
        return AttemptFailed(cause, refusal.retry_after)
    if status == 429:
        return _throttled(refusal, sent, prompt_tokens)
    if status not in (400, 413, 422):
        return AttemptFailed(_told(refusal, "check the address of the endpoint"), lasting=True)
    if refusal.codes & _BLOCKED:
        return ModelBlocked("content filter on the prompt")
    if _CAP_USED_UP.search(refusal.words):
        return Completion("", ended="cut")
    if smaller := _smaller_cap(refusal, sent):
        return replace(dialect, cap=smaller)
    if status == 413 or refusal.codes & _TOO_LONG or _TOO_LONG_WORDS.search(refusal.words):
        return _overflow(refusal)
    if dialect.wire == "chat" and _OTHER_WIRE.search(refusal.words):
        return replace(dialect, wire="responses", without=frozenset(), instead=frozenset())
    if other := _other_dialect(refusal, sent, dialect):
        return other
    if refusal.codes & _PAID_UP:
        return AttemptFailed(_told(refusal, _BY_STATUS[402]), lasting=True)
    if is_about_tools:
        return ModelRejected(cause, about_tools=True)
    if refusal.codes & _PLACE or _PLACE_WORDS.search(refusal.words):
        return AttemptFailed(_told(refusal, "check key, model and address"), lasting=True)
    if _BLOCKED_WORDS.search(refusal.words):
        return ModelBlocked("content filter on the prompt")
    return ModelRejected(cause)


def _is_about_tools(refusal: Refusal) -> bool:
    return any(name.startswith("tools") for name in refusal.names) or bool(_TOOL_WORDS.search(refusal.words))


_BY_STATUS = {
    401: "check the key, or the identity's role",
    402: "the account is out of money or quota",
    403: "check the key, or the identity's role; the resource may be blocked",
    404: "check deployment and endpoint",
}


def _told(refusal: Refusal, advice: str) -> str:
    return f"{refusal.cause}; {advice}"


def _throttled(refusal: Refusal, sent: Parameters, prompt_tokens: int) -> ModelError:
    """Throttled for a while, out of money, or larger than the quota can ever allow: then waiting does not help."""
    if refusal.codes & _PAID_UP:
        return AttemptFailed(_told(refusal, _BY_STATUS[402]), lasting=True)
    if (quota := _QUOTA.search(refusal.words)) and (excess := int(quota[2]) - int(quota[1])) > 0:
        return ModelOverflow(refusal.cause, prompt_tokens=int(quota[2]), excess_tokens=excess)
    cap = cap_of(sent)
    if 0 < refusal.tokens_per_minute <= cap:
        return AttemptFailed(_told(refusal, "max_reply_tokens is above the quota of a minute"), lasting=True)
    if refusal.tokens_per_minute and (excess := prompt_tokens + cap - refusal.tokens_per_minute) > 0:
        return ModelOverflow(
            refusal.cause, prompt_tokens=prompt_tokens, excess_tokens=min(excess, prompt_tokens)
        )
    return AttemptFailed(refusal.cause, refusal.retry_after, throttled=True)


def cap_of(sent: Parameters) -> int:
    """The cap of a request, 0 for none."""
    return int(next((sent[name] for name in CAPS if name in sent), 0))


def _smaller_cap(refusal: Refusal, sent: Parameters) -> int:
    """The largest cap that a server names which refuses a larger one; 0 when the cap is not what it refuses."""
    cap = cap_of(sent)
    if not cap or not any(refusal.names_it(name) for name in (*CAPS, "max_new_tokens")):
        return 0
    if room := _ROOM_LEFT.search(refusal.words):
        left = int(room[2]) - int(room[3])
        return left if 0 < left < cap else 0
    if _TOO_LONG_WORDS.search(refusal.words):
        return 0
    return max((n for n in map(int, re.findall(r"\d{2,9}", refusal.words)) if n < cap), default=0)


def _overflow(refusal: Refusal) -> ModelOverflow:
    """The error with its numbers: llama.cpp has fields for them, the others a sentence."""
    limit = refusal.numbers[0] or _found(_LIMIT, refusal.words)
    used = refusal.numbers[1] or _found(_USED, refusal.words)
    excess = max(0, used - limit) if used and limit else 0
    return ModelOverflow(
        refusal.cause, prompt_tokens=_found(_IN_MESSAGES, refusal.words) or used, excess_tokens=excess
    )


def _other_dialect(refusal: Refusal, sent: Parameters, dialect: Dialect) -> Dialect | None:
    """How to ask again when the refusal is about roles, pictures or parameters: everything that it names, at once."""
    other = dialect
    if _NO_PICTURES.search(refusal.words):
        other = replace(other, sees=False)
    if _NO_SYSTEM.search(refusal.words):
        may_be_developer = dialect.system == "system" and "developer" in refusal.words
        other = replace(other, system="developer" if may_be_developer else "user")
    if _ALTERNATE.search(refusal.words):
        other = replace(other, alternates=True)
    named = {name for name in sent if refusal.has_field(name)}
    if not named and _NOT_TAKEN.search(refusal.words):
        named = {name for name in sent if refusal.names_it(name)}
    if not (refusal.codes & UNKNOWN_PARAMETER) and not _NOT_KNOWN.search(refusal.words):
        named -= set(CAPS)  # its value is refused: never without a cap
    for name in named:
        if taken := _nearest(name, str(sent[name]), refusal.words):
            other = replace(other, instead=other.instead | {(name, str(sent[name]), taken)})
        else:
            other = replace(other, without=other.without | {name})
    return other if other != dialect else None


def _nearest(name: str, refused: str, words: str) -> str:
    """The value that a server names, in quotes, beside the one that it refuses; empty if it names none."""
    order = _ORDERS.get(name, ())
    named = [value for value in order if value != refused and re.search(rf"['\"`]{value}['\"`]", words)]
    return min(named, key=lambda value: abs(order.index(value) - order.index(refused)), default="")


def _found(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0
