"""Speech by the OpenAI API: what was said in words (``audio/transcriptions``), words as sound (``audio/speech``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relay import spans
from relay.config.bot import Place, Speaker
from relay.errors import MediumRefused, ModelUnavailable
from relay.model.asked_once import AskedOnce
from relay.ports import Recording

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SPOKEN_MAX_CHARS = 4096
"""What ``audio/speech`` takes (API reference)."""

SPEECH_MAX_BYTES = 10 * 1024 * 1024
"""A little less than the IM server takes of an upload."""


class OpenAISpeech(AskedOnce):
    """The :class:`relay.ports.Ears` and :class:`relay.ports.Speech` of the servers that the bots file names."""

    async def transcribe(self, recording: Recording, by: Place, *, seconds: float) -> str:
        """See :class:`relay.ports.Ears`."""
        name = f"recording.{recording.ext}"  # the server tells the form by the name

        async def question(client: AsyncOpenAI) -> Any:
            return await client.audio.transcriptions.create(
                model=by.model, file=(name, recording.body), response_format="json"
            )

        answer = await self.ask(by, spans.TRANSCRIBE, question, seconds=seconds)
        text = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise ModelUnavailable("the model server's answer is not one of this API")
        return text.strip()

    async def speak(self, text: str, by: Speaker, *, seconds: float) -> bytes:
        """See :class:`relay.ports.Speech`."""

        async def question(client: AsyncOpenAI) -> Any:
            answer = await client.audio.speech.create(
                model=by.model, voice=by.voice, input=text[:SPOKEN_MAX_CHARS], response_format="mp3"
            )
            return answer.content

        spoken = await self.ask(by, spans.SPEAK, question, seconds=seconds)
        if not isinstance(spoken, bytes) or not spoken or len(spoken) > SPEECH_MAX_BYTES:
            raise MediumRefused("the model server's answer is no speech of a usable size")
        return spoken
