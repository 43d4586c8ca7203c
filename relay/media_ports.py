"""What a turn needs for media, as protocols: more of :mod:`relay.ports`, which names them, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from relay.attachments import Attachment
from relay.config.bot import Painter, Place, Speaker


@dataclass(frozen=True, slots=True)
class Recording:
    """What was spoken: the bytes, and the extension of a form that the OpenAI API takes."""

    body: bytes
    ext: str


class Ears(Protocol):
    """Servers that hear."""

    async def transcribe(self, recording: Recording, by: Place, *, seconds: float) -> str:
        """What was spoken; empty when nothing was.

        Raises:
            MediumRefused: the server can make nothing of this recording.
            ModelUnavailable: not now.
        """


class Speech(Protocol):
    """Servers that speak."""

    async def speak(self, text: str, by: Speaker, *, seconds: float) -> bytes:
        """A text as an MP3.

        Raises:
            MediumRefused: the server does not speak this text.
            ModelUnavailable: not now.
        """


class Pictures(Protocol):
    """Servers that make pictures."""

    async def draw(self, prompt: str, by: Painter) -> bytes:
        """A picture as a JPEG, small enough to be uploaded. Takes as long as it takes: the caller has the deadline.

        Raises:
            MediumRefused: the server makes no picture of this; the cause may be shown to a model.
            ModelUnavailable: not now.
        """


class Media(Protocol):
    """What people send beside words, fetched from where the platform keeps it.

    Every method raises MediumUnavailable, MediumGone or MediumRefused: see :mod:`relay.errors`.
    """

    async def picture(self, attachment: Attachment, *, seconds: float) -> str:
        """A picture, or the first frame of a video, in a form that models take, as a ``data:`` URL."""

    async def transcript(self, attachment: Attachment, by: Place, *, seconds: float) -> str:
        """What was spoken; empty when nothing was.

        Raises:
            ModelUnavailable: nobody can write it down now.
        """

    async def text(self, attachment: Attachment, characters: int, *, seconds: float) -> str:
        """The text of a file: at most so many characters, and one more if there are more."""
