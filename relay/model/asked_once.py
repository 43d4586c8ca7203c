"""One request to a model that does not chat, but hears, speaks or draws: the SDK's answer, or one of our errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from relay import spans
from relay.config.bot import Place
from relay.config.settings import Settings
from relay.errors import AttemptFailed, MediumRefused, ModelUnavailable
from relay.model.connections import Connections
from relay.model.endpoints import Endpoint, endpoint_of
from relay.model.refusals import Refusal
from relay.storage.credential import AppCredential

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

_ABOUT_THE_REQUEST = (400, 413, 415, 422)
"""Statuses that refuse this recording, text or description; whatever else fails, fails for every one, or for now."""


class AskedOnce:
    """The servers that the bots file names for what is no chat.

    Args:
        settings: endpoints and keys.
        credential: the process's Entra ID credential, for deployments without a key.
    """

    def __init__(self, settings: Settings, credential: AppCredential) -> None:
        self._settings = settings
        self._connections = Connections(credential)

    async def ask(
        self,
        by: Place,
        name: str,
        question: Callable[[AsyncOpenAI], Awaitable[Any]],
        *,
        seconds: float | None,
    ) -> Any:
        """The answer to one question.

        Args:
            by: whom to ask.
            name: of the span; the model's is added.
            question: what to ask.
            seconds: for everything; None where somebody else holds the deadline.

        Raises:
            MediumRefused: it can make nothing of this.
            ModelUnavailable: not now.
        """
        from openai import APIConnectionError, APIStatusError, OpenAIError

        endpoint = endpoint_of(self._settings, by)

        attributes: dict[str, spans.Attribute] = {
            spans.GEN_AI_REQUEST_MODEL: endpoint.model,
            spans.SERVER_ADDRESS: endpoint.host,
        }
        with spans.span(name + endpoint.model, kind=SpanKind.CLIENT, attributes=attributes) as span:
            try:
                async with asyncio.timeout(seconds):
                    return await question(await self._connections.client(endpoint))
            except TimeoutError:
                spans.failed(span, "timeout")
                raise ModelUnavailable(f"no answer within {seconds or 0:.0f} s") from None
            except APIStatusError as error:
                refusal = Refusal.of(error)
                spans.failed(span, str(refusal.status))
                raise _meaning(endpoint, refusal) from None
            except APIConnectionError as error:
                spans.failed(span, type(error).__name__)
                raise ModelUnavailable(f"the server is unreachable: {type(error).__name__}") from None
            except AttemptFailed as failure:
                spans.failed(span, "token")
                raise ModelUnavailable(failure.cause) from None
            except (OpenAIError, ValueError, RecursionError) as error:
                spans.failed(span, type(error).__name__)
                raise ModelUnavailable("the model server's answer is not one of this API") from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()


def _meaning(endpoint: Endpoint, refusal: Refusal) -> Exception:
    if refusal.status in _ABOUT_THE_REQUEST:
        return MediumRefused(refusal.cause)
    if refusal.status in (401, 403, 404):
        log.error(
            "model=%s server=%s refuses every request: %s; check key, role and name of the deployment",
            endpoint.model,
            endpoint.host,
            refusal.cause,
        )
    return ModelUnavailable(refusal.cause, retry_after=refusal.retry_after or 0)
