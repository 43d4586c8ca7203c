"""Speech by the OpenAI API: what was said in words (``audio/transcriptions``), words as sound (``audio/speech``)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from relay import spans
from relay.config.bot import Place, Speaker
from relay.config.settings import Settings
from relay.errors import AttemptFailed, MediumRefused, ModelUnavailable
from relay.model.connections import Connections
from relay.model.endpoints import Endpoint, endpoint_of
from relay.model.refusals import Refusal
from relay.ports import Recording
from relay.storage.credential import AppCredential

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

SPOKEN_MAX_CHARS = 4096
"""What ``audio/speech`` takes (API reference)."""

SPEECH_MAX_BYTES = 10 * 1024 * 1024
"""A little less than the IM server takes of an upload."""

_ABOUT_THE_RECORDING = (400, 413, 415, 422)
"""Statuses that refuse this recording; whatever else fails, fails for every one, or for now."""


class OpenAISpeech:
    """The :class:`relay.ports.Ears` and :class:`relay.ports.Speech` of the servers that the bots file names.

    Args:
        settings: endpoints and keys.
        credential: the process's Entra ID credential, for deployments without a key.
    """

    def __init__(self, settings: Settings, credential: AppCredential) -> None:
        self._settings = settings
        self._connections = Connections(credential)

    async def transcribe(self, recording: Recording, by: Place, *, seconds: float) -> str:
        """See :class:`relay.ports.Ears`."""
        endpoint = endpoint_of(self._settings, by)
        name = f"recording.{recording.ext}"  # the server tells the form by the name

        async def ask(client: AsyncOpenAI) -> Any:
            return await client.audio.transcriptions.create(
                model=endpoint.model, file=(name, recording.body), response_format="json"
            )

        answer = await self._ask(spans.TRANSCRIBE, endpoint, seconds, ask)
        text = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise ModelUnavailable("the model server's answer is not one of this API")
        return text.strip()

    async def speak(self, text: str, by: Speaker, *, seconds: float) -> bytes:
        """See :class:`relay.ports.Speech`."""
        endpoint = endpoint_of(self._settings, by)

        async def ask(client: AsyncOpenAI) -> Any:
            answer = await client.audio.speech.create(
                model=endpoint.model, voice=by.voice, input=text[:SPOKEN_MAX_CHARS], response_format="mp3"
            )
            return answer.content

        spoken = await self._ask(spans.SPEAK, endpoint, seconds, ask)
        if not isinstance(spoken, bytes) or not spoken or len(spoken) > SPEECH_MAX_BYTES:
            raise MediumRefused("the model server's answer is no speech of a usable size")
        return spoken

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def _ask(self, name: str, endpoint: Endpoint, seconds: float, ask: Any) -> Any:
        from openai import APIConnectionError, APIStatusError, OpenAIError

        attributes: dict[str, spans.Attribute] = {
            spans.GEN_AI_REQUEST_MODEL: endpoint.model,
            spans.SERVER_ADDRESS: endpoint.host,
        }
        with spans.span(name + endpoint.model, kind=SpanKind.CLIENT, attributes=attributes) as span:
            try:
                async with asyncio.timeout(seconds):
                    return await ask(await self._connections.client(endpoint))
            except TimeoutError:
                spans.failed(span, "timeout")
                raise ModelUnavailable(f"no answer within {seconds:.0f} s") from None
            except APIStatusError as error:
                refusal = Refusal.of(error)
                spans.failed(span, str(refusal.status))
                raise self._meaning(endpoint, refusal) from None
            except APIConnectionError as error:
                spans.failed(span, type(error).__name__)
                raise ModelUnavailable(f"the server is unreachable: {type(error).__name__}") from None
            except AttemptFailed as failure:
                spans.failed(span, "token")
                raise ModelUnavailable(failure.cause) from None
            except (OpenAIError, ValueError, RecursionError) as error:
                spans.failed(span, type(error).__name__)
                raise ModelUnavailable("the model server's answer is not one of this API") from None

    def _meaning(self, endpoint: Endpoint, refusal: Refusal) -> Exception:
        if refusal.status in _ABOUT_THE_RECORDING:
            return MediumRefused(refusal.cause)
        if refusal.status in (401, 403, 404):
            log.error(
                "model=%s server=%s refuses every recording: %s; check key, role and name of the deployment",
                endpoint.model,
                endpoint.host,
                refusal.cause,
            )
        return ModelUnavailable(refusal.cause, retry_after=refusal.retry_after or 0)
