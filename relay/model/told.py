"""What is told of one request to a model: its span, and its metrics, by OpenTelemetry's GenAI conventions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from opentelemetry.trace import Span, SpanKind

from relay import metrics, spans
from relay.model.answers import name_of, usage_of
from relay.model.dialect import CAPS, Parameters
from relay.model.endpoints import Endpoint
from relay.model.server_tools import calls_of

_USAGE = {
    "prompt_tokens": spans.GEN_AI_INPUT_TOKENS,
    "completion_tokens": spans.GEN_AI_OUTPUT_TOKENS,
    "cached_tokens": spans.GEN_AI_CACHED_TOKENS,
    "reasoning_tokens": spans.GEN_AI_REASONING_TOKENS,
}

_DIRECTIONS = {"prompt_tokens": "input", "completion_tokens": "output"}
"""Cached and reasoning tokens are among these."""

_PARAMETERS = {
    **dict.fromkeys(CAPS, spans.GEN_AI_MAX_TOKENS),
    "temperature": spans.GEN_AI_TEMPERATURE,
    **dict.fromkeys(("reasoning_effort", "reasoning.effort"), spans.REASONING_EFFORT),
    **dict.fromkeys(("verbosity", "text.verbosity"), spans.VERBOSITY),
}


class Told:
    """One request, while it runs.

    Attributes:
        span: the one around it.
    """

    def __init__(self, span: Span, attributes: Mapping[str, spans.Attribute], began: float) -> None:
        self.span = span
        self.attributes = dict(attributes)
        self._began = began

    def failed(self, error_type: str) -> None:
        """It brought no answer."""
        spans.failed(self.span, error_type)
        self.attributes[spans.ERROR_TYPE] = error_type

    async def pieces(self, response: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The pieces of a streamed answer as they come."""
        is_first = True
        async for piece in response:
            if is_first:
                metrics.FIRST_CHUNK.record(perf_counter() - self._began, self.attributes)
                is_first = False
            yield piece

    def answered(self, response: Any) -> None:
        """Note model and usage, as far as they have the right types."""
        if model := name_of(getattr(response, "model", None)):
            self.span.set_attribute(spans.GEN_AI_RESPONSE_MODEL, model)
            self.attributes[spans.GEN_AI_RESPONSE_MODEL] = model
        if calls := calls_of(getattr(response, "output", None)):
            self.span.set_attribute(spans.SERVER_TOOLS, calls)
        for name, count in usage_of(response).items():
            if not count:
                continue
            self.span.set_attribute(_USAGE[name], count)
            if name in _DIRECTIONS:
                metrics.TOKENS.record(count, {**self.attributes, metrics.DIRECTION: _DIRECTIONS[name]})


@contextmanager
def telling(endpoint: Endpoint, parameters: Parameters) -> Iterator[Told]:
    """Tell of the request that the block makes.

    Args:
        endpoint: who is asked.
        parameters: what the request says beside its messages.
    """
    about: dict[str, spans.Attribute] = {
        spans.GEN_AI_OPERATION: "chat",
        spans.GEN_AI_PROVIDER: "azure.ai.openai" if endpoint.is_azure else "openai",
        spans.GEN_AI_REQUEST_MODEL: endpoint.model,
        spans.SERVER_ADDRESS: endpoint.host,
    }
    said = {_PARAMETERS[name]: value for name, value in parameters.items() if name in _PARAMETERS}
    began = perf_counter()
    with spans.span(spans.CHAT + endpoint.model, kind=SpanKind.CLIENT, attributes={**about, **said}) as span:
        told = Told(span, about, began)
        try:
            yield told
        except BaseException as error:
            told.attributes[spans.ERROR_TYPE] = type(error).__name__
            raise
        finally:
            metrics.MODEL_DURATION.record(perf_counter() - began, told.attributes)
