"""Speech by the OpenAI API: what was said in words (``audio/transcriptions``), words as sound (``audio/speech``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relay import spans
from relay.config.bot import Place, Speaker
from relay.config.settings import Settings
from relay.errors import MediumRefused, ModelUnavailable
from relay.model.asked_once import ask
from relay.model.connections import Connections
from relay.model.endpoints import endpoint_of
from relay.ports import Recording
from relay.storage.credential import AppCredential

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SPOKEN_MAX_CHARS = 4096
"""What ``audio/speech`` takes (API reference)."""

SPEECH_MAX_BYTES = 10 * 1024 * 1024
"""A little less than the IM server takes of an upload."""


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

        async def question(client: AsyncOpenAI) -> Any:
            return await client.audio.transcriptions.create(
                model=endpoint.model, file=(name, recording.body), response_format="json"
            )

        answer = await ask(self._connections, endpoint, spans.TRANSCRIBE, question, seconds=seconds)
        text = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise ModelUnavailable("the model server's answer is not one of this API")
        return text.strip()

    async def speak(self, text: str, by: Speaker, *, seconds: float) -> bytes:
        """See :class:`relay.ports.Speech`."""
        endpoint = endpoint_of(self._settings, by)

        async def question(client: AsyncOpenAI) -> Any:
            answer = await client.audio.speech.create(
                model=endpoint.model, voice=by.voice, input=text[:SPOKEN_MAX_CHARS], response_format="mp3"
            )
            return answer.content

        spoken = await ask(self._connections, endpoint, spans.SPEAK, question, seconds=seconds)
        if not isinstance(spoken, bytes) or not spoken or len(spoken) > SPEECH_MAX_BYTES:
            raise MediumRefused("the model server's answer is no speech of a usable size")
        return spoken

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()
