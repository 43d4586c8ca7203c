"""A voice in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.config.bot import Speaker
from relay.errors import RelayError

# 128 kbit/s of MPEG-1 layer III: 16,000 bytes are a second.
SECOND = b"\xff\xfb\x90\x00" + bytes(15_996)


@dataclass
class MemorySpeech:
    """The double of :class:`relay.ports.Speech`: a second of silence for each text.

    Attributes:
        spoken: what it was told to say.
        failure: raised instead.
    """

    spoken: list[str] = field(default_factory=list)
    failure: RelayError | None = None

    async def speak(self, text: str, by: Speaker, *, seconds: float) -> bytes:
        """Speak."""
        if self.failure is not None:
            raise self.failure
        self.spoken.append(text)
        return SECOND
