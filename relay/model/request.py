"""One request to one endpoint, in one span."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span, SpanKind

from relay import spans
from relay.errors import AttemptFailed, ModelError
from relay.model.answers import code_of, completion_of, count_of, failure_of, name_of
from relay.model.connections import Connections
from relay.model.endpoints import Endpoint
from relay.ports import Completion, Prompt

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
"""Time for the connection: a server that cannot be reached must not cost the time in which another could answer."""

UNSUPPORTED_CODES = ("unsupported_parameter", "unsupported_value")
UNRECOGNIZED = "Unrecognized request argument"
"""The message of older models, which send neither code nor param (openai/openai-python#1724)."""


class Requests:
    """Asks endpoints, and remembers which of the optional parameters each of them refuses.

    The name of a deployment does not tell which parameters its model takes; the model's first refusal does.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._refused: dict[Endpoint, set[str]] = {}

    async def ask(self, endpoint: Endpoint, prompt: Prompt, until: float) -> Completion:
        """One answer of one endpoint.

        Args:
            endpoint: where to ask.
            prompt: the messages and limits to send.
            until: when to give up, by the event loop's clock.

        Raises:
            AttemptFailed: another endpoint may answer.
            ModelRejected, ModelOverflow, ModelBlocked: see :mod:`relay.errors`.
        """
        try:
            async with asyncio.timeout_at(until):
                client = await self._connections.client(endpoint)
        except TimeoutError:
            raise AttemptFailed("the model's client could not be opened in time") from None
        while True:
            parameters = self._parameters(endpoint, prompt)
            outcome = await self._send(client, endpoint, prompt, parameters, until)
            if isinstance(outcome, Completion):
                return outcome
            if isinstance(outcome, Exception):
                raise outcome
            log.warning("model=%s refuses %s; it is asked without from now on", endpoint.model, outcome)
            self._refused.setdefault(endpoint, set()).add(outcome)

    def _parameters(self, endpoint: Endpoint, prompt: Prompt) -> dict[str, int | float]:
        refused = self._refused.get(endpoint, set())
        limit = "max_tokens" if "max_completion_tokens" in refused else "max_completion_tokens"
        wanted = {limit: prompt.max_tokens, "temperature": prompt.temperature}
        return {name: value for name, value in wanted.items() if value is not None and name not in refused}

    async def _send(
        self,
        client: AsyncOpenAI,
        endpoint: Endpoint,
        prompt: Prompt,
        parameters: dict[str, Any],
        until: float,
    ) -> Completion | ModelError | str:
        """The completion, what went wrong, or the name of a parameter that is refused."""
        import httpx2
        from openai import APIStatusError, OpenAIError

        seconds = max(0.0, until - asyncio.get_running_loop().time())
        with spans.span(
            spans.CHAT + endpoint.model, kind=SpanKind.CLIENT, attributes=_asked(endpoint, parameters)
        ) as span:
            try:
                async with asyncio.timeout_at(until):
                    response = await client.chat.completions.create(
                        model=endpoint.model,
                        messages=[{"role": said.role, "content": said.content} for said in prompt.messages],  # type: ignore[misc]
                        timeout=httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
                        # Only a trace that is recorded: an id that leads nowhere is nobody's business.
                        extra_headers={"traceparent": spans.traceparent()} if span.is_recording() else None,
                        **parameters,
                    )
                _note_answer(span, response)
                return completion_of(response)
            except TimeoutError:
                spans.failed(span, "timeout")
                return AttemptFailed(f"no answer of the model within {seconds:.0f} s")
            except ModelError as failure:
                spans.failed(span, type(failure).__name__)
                return failure
            except APIStatusError as error:
                span.set_attribute(spans.HTTP_STATUS, error.status_code)
                spans.failed(span, code_of(error) or str(error.status_code))
                return _refused_parameter(error, parameters) or failure_of(error)
            except OpenAIError as error:
                spans.failed(span, type(error).__name__)
                return failure_of(error)
            except (ValueError, RecursionError):
                spans.failed(span, "not_json")
                return AttemptFailed("the model server's answer is not JSON", lasting=True)


def _asked(endpoint: Endpoint, parameters: dict[str, Any]) -> dict[str, spans.Attribute]:
    attributes: dict[str, spans.Attribute] = {
        spans.GEN_AI_OPERATION: "chat",
        spans.GEN_AI_PROVIDER: "azure.ai.openai" if endpoint.is_azure else "openai",
        spans.GEN_AI_REQUEST_MODEL: endpoint.model,
        spans.SERVER_ADDRESS: endpoint.host,
    }
    for name, value in parameters.items():
        attributes[spans.GEN_AI_TEMPERATURE if name == "temperature" else spans.GEN_AI_MAX_TOKENS] = value
    return attributes


def _note_answer(span: Span, response: Any) -> None:
    """Note model, finish reasons and usage, as far as they have the right types."""
    choices = getattr(response, "choices", None)
    first = choices[0] if isinstance(choices, list) and choices else None
    if reason := name_of(getattr(first, "finish_reason", None)):
        span.set_attribute(spans.GEN_AI_FINISH_REASONS, [reason])
    if model := name_of(getattr(response, "model", None)):
        span.set_attribute(spans.GEN_AI_RESPONSE_MODEL, model)
    usage = getattr(response, "usage", None)
    for name, field in (
        (spans.GEN_AI_INPUT_TOKENS, "prompt_tokens"),
        (spans.GEN_AI_OUTPUT_TOKENS, "completion_tokens"),
    ):
        if tokens := count_of(getattr(usage, field, None)):
            span.set_attribute(name, tokens)


def _refused_parameter(error: APIStatusError, sent: dict[str, Any]) -> str | None:
    """The optional parameter that this refusal is about, if it is about one."""
    if error.status_code != 400:
        return None
    if error.code in UNSUPPORTED_CODES:
        return next((name for name in sent if name == error.param), None)
    if UNRECOGNIZED in error.message:
        return next((name for name in sent if name in error.message), None)
    return None
