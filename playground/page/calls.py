"""The relay's calls of the model and of the IM API: the span says that and how long, the other side's record what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from playground.im.api import ApiCall
from playground.model_server import ModelRequest
from playground.page import steps
from playground.page.journal import Journal, client_id_of, parent_in
from playground.page.spans import SpanFact
from playground.page.steps import Detail, Step
from playground.page.wording import MODEL_CODES, MODEL_FAILURES, MODEL_STATUS, NOT_ANSWERED
from playground.page.words import listed, say
from relay import spans
from relay.im.codes import result_code

V1_SLACK_MS = 50
"""The v1 API has no ids to join by: a call belongs to the span in whose time it came."""


def model_step(journal: Journal, span: SpanFact) -> Step:
    """One request to the model."""
    said = span.attributes
    asked = next((one for one in journal.requests.values() if parent_in(one.headers) == span.id), None)
    usage = [(say(USAGE[name]), said[name]) for name in USAGE if name in said]
    details = [steps.table(say("Usage"), (say("What"), say("Value")), usage)] if usage else []
    summary = _model_summary(said, asked)
    name = str(said.get(spans.GEN_AI_REQUEST_MODEL) or span.name.removeprefix(spans.CHAT))
    status: steps.Status = "error" if span.error else "ok"
    if status == "ok" and asked is not None and _is_empty(asked):
        status, summary = "warn", say("an empty answer · {said}", said=summary)
    return Step(
        "model",
        say("Model asked: {model}", model=name),
        span.at,
        span.ms,
        status,
        summary,
        (*details, *_exchange(asked)),
    )


def request_step(asked: ModelRequest) -> Step:
    """One request to the model of which there is no span."""
    status: steps.Status = "ok" if asked.status == 200 else "error"
    if asked.milliseconds is None:
        status = "waiting"
    summary = say(MODEL_STATUS[200]) if asked.status == 200 else _refusal(asked)
    title = say("Model asked: {model}", model=asked.body.get("model", ""))
    return Step("model", title, asked.at, asked.milliseconds, status, summary, tuple(_exchange(asked)))


def im_step(journal: Journal, span: SpanFact) -> Step:
    """One message sent through the IM server API, with every attempt."""
    calls = [call for call in journal.calls.values() if _belongs(call, span)]
    causes = [
        event.attributes.get(spans.CAUSE, "") for event in span.events if event.name == spans.IM_ATTEMPT
    ]
    outcome = _outcome(calls) if calls else "; ".join(map(str, causes))
    status: steps.Status = "error" if span.error else ("warn" if len(causes) > 1 else "ok")
    attempts = say("after {count} attempts", count=len(causes)) if len(causes) > 1 else ""
    summary = listed([outcome, attempts])
    details = (
        [
            steps.table(
                say("Attempts"),
                (say("Result"), "ms"),
                [
                    (event.attributes.get(spans.CAUSE, ""), event.attributes.get(spans.IM_MILLISECONDS, ""))
                    for event in span.events
                    if event.name == spans.IM_ATTEMPT
                ],
            )
        ]
        if causes
        else []
    )
    return Step("im", say("IM API call"), span.at, span.ms, status, summary, (*details, *call_details(calls)))


def call_step(call: ApiCall) -> Step:
    """One call of the IM API of which there is no span."""
    status: steps.Status = "ok" if call.outcome == "200" else "error"
    return Step(
        "im",
        say("IM API call"),
        call.at,
        call.milliseconds,
        status,
        _outcome([call]),
        tuple(call_details([call])),
    )


def call_details(calls: Iterable[ApiCall]) -> list[Detail]:
    """What was sent and answered, call by call."""
    found: list[Detail] = []
    for call in calls:
        found += [
            steps.code(say("Path"), f"POST {call.path}"),
            steps.headers(call.headers),
            Detail(say("Request"), "json", call.body),
            Detail(say("Answer"), "json", call.answer),
        ]
    return found


USAGE = {
    spans.GEN_AI_INPUT_TOKENS: "tokens of the prompt",
    spans.GEN_AI_OUTPUT_TOKENS: "tokens of the answer",
    spans.GEN_AI_CACHED_TOKENS: "tokens of the prompt from the provider's cache",
    spans.GEN_AI_REASONING_TOKENS: "tokens of the answer that were thinking",
    spans.GEN_AI_FINISH_REASONS: "finish reason",
    spans.GEN_AI_RESPONSE_MODEL: "model that answered",
    spans.GEN_AI_MAX_TOKENS: "most tokens allowed",
    spans.GEN_AI_TEMPERATURE: "temperature",
    spans.REASONING_EFFORT: "reasoning effort",
    spans.VERBOSITY: "verbosity",
    spans.SERVER_TOOLS: "tools that the model's server ran",
    spans.GEN_AI_PROVIDER: "provider",
    spans.SERVER_ADDRESS: "server",
    spans.ERROR_TYPE: "error",
}


def _model_summary(said: Mapping[str, Any], asked: ModelRequest | None) -> str:
    if asked is not None and asked.status != 200:
        waits = [f"{name} {value}" for name, value in asked.answer_headers.items()]
        return listed([_refusal(asked), *waits])
    tokens = [said.get(spans.GEN_AI_INPUT_TOKENS), said.get(spans.GEN_AI_OUTPUT_TOKENS)]
    parts = (
        [say("{read} + {written} tokens", read=tokens[0], written=tokens[1])] if None not in tokens else []
    )
    parts += [
        say("finished by {reason}", reason=reason) for reason in said.get(spans.GEN_AI_FINISH_REASONS, ())
    ]
    if failure := said.get(spans.ERROR_TYPE):
        known = failure in MODEL_FAILURES
        parts.append(say(MODEL_FAILURES[failure]) if known else say("failed: {why}", why=failure))
    return " · ".join(filter(None, parts))


def _refusal(asked: ModelRequest) -> str:
    if asked.status is None:
        return say("the connection was cut") if asked.milliseconds is not None else say("not answered yet")
    try:
        code = str(json.loads(asked.answer)["error"]["code"])
    except (ValueError, LookupError, TypeError):
        code = ""
    if code in MODEL_CODES:
        why = say(MODEL_CODES[code])
    else:
        why = say(MODEL_STATUS[asked.status]) if asked.status in MODEL_STATUS else say("the model refused")
    return say("{status}: {why}", status=asked.status, why=why)


def _is_empty(asked: ModelRequest) -> bool:
    try:
        return not json.loads(asked.answer)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return False


def _exchange(asked: ModelRequest | None) -> list[Detail]:
    if asked is None:
        return []
    details = [Detail(say("Request"), "json", asked.body), steps.headers(asked.headers)]
    return [*details, steps.body(say("Response"), asked.answer)] if asked.answer else details


def _belongs(call: ApiCall, span: SpanFact) -> bool:
    if client_id := client_id_of(call):
        return client_id == span.attributes.get(spans.IM_CLIENT_ID)
    return span.at - V1_SLACK_MS <= call.at <= span.until + V1_SLACK_MS


def _outcome(calls: list[ApiCall]) -> str:
    """The result codes in order: ``449 (asked to try again), then 200 (delivered)``; of chunks ``9 × 200 (…)``."""
    alike = [(code, len(list(group))) for code, group in groupby(_code(call.outcome) for call in calls)]
    return say(", then ").join(f"{count} × {code}" if count > 1 else code for code, count in alike)


def _code(outcome: str) -> str:
    if outcome.isdigit():
        return say("{code} ({words})", code=outcome, words=say(result_code(int(outcome)).reason))
    if outcome in NOT_ANSWERED:
        return say("{code} ({words})", code=outcome, words=say(NOT_ANSWERED[outcome]))
    return outcome or say("not answered yet")
