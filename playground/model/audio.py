"""The audio endpoints: what a recording says, and words as a sound. As strict as OpenAI's, whose words they use.

Nothing here understands speech or speaks. A recording is heard as whoever knows its bytes has said (``learn``), else
it is described by its length; what is spoken is a tone, and is heard as its words again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.media import sounds

FILE_MAX_BYTES = 25 * 1024 * 1024
"""Of a recording (OpenAI: audio/transcriptions)."""

SHORTEST_SECONDS = 0.1

ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
"""Of the names of files that are taken."""

FORMATS = ("json", "text", "verbose_json")
"""Forms of a transcript."""

Voice = Literal[
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
]
"""The voices of OpenAI's speech models."""

SPOKEN_HERE = {"mp3": "audio/mpeg", "wav": "audio/wav"}
"""Content types of the sounds that can be made here."""


class BadRequest(ValueError):
    """A request that is refused.

    Attributes:
        status: 400, or 413 for too many bytes.
        param: what is wrong.
        code: the error's code, None where there is none.
    """

    def __init__(
        self, param: str | None, message: str, *, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, Any]:
        """The answer."""
        error = {
            "message": str(self),
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}


@dataclass(frozen=True, slots=True)
class Recording:
    """A request for a transcript.

    Attributes:
        model: that is asked.
        name: of the file.
        content: the file.
        response_format: one of ``FORMATS``.
    """

    model: str
    name: str
    content: bytes
    response_format: str = "json"

    @property
    def md5(self) -> str:
        """Of the file, hexadecimal."""
        return md5_of(self.content)

    def as_recorded(self) -> dict[str, Any]:
        """What is kept of the request: not the bytes."""
        file = {"name": self.name, "size": len(self.content), "md5": self.md5}
        return {"model": self.model, "response_format": self.response_format, "file": file}

    def check(self) -> None:
        """Whether a real server would take it.

        Raises:
            BadRequest: it would not.
        """
        if not self.model:
            raise BadRequest("model", "you must provide a model parameter")
        if self.response_format not in FORMATS:
            raise BadRequest("response_format", f"Invalid response_format. Supported: {', '.join(FORMATS)}")
        if len(self.content) > FILE_MAX_BYTES:
            read = f"Maximum content size limit ({FILE_MAX_BYTES}) exceeded ({len(self.content)} bytes read)"
            raise BadRequest("file", read, status=413)
        if self.name.rpartition(".")[2].lower() not in ENDINGS:
            raise BadRequest("file", f"Invalid file format. Supported formats: {list(ENDINGS)}")
        if not _is_audio(self.content):
            raise BadRequest("file", "Audio file might be corrupted or unsupported", code="invalid_value")
        seconds = sounds.seconds_of(self.content)
        if seconds is not None and seconds < SHORTEST_SECONDS:
            short = f"Audio file is too short. Minimum audio length is {SHORTEST_SECONDS} seconds."
            raise BadRequest("file", short, code="audio_too_short")

    def transcript(self, text: str) -> dict[str, Any]:
        """The body of the answer as JSON."""
        seconds = round(sounds.seconds_of(self.content) or 0, 2)
        if self.response_format == "verbose_json":
            return {
                "task": "transcribe",
                "language": "english",
                "duration": seconds,
                "text": text,
                "segments": [],
            }
        return {"text": text, "usage": {"type": "duration", "seconds": max(1, round(seconds))}}


class Speech(BaseModel):
    """A request for a sound; the fields that count here."""

    model_config = ConfigDict(strict=True)

    model: str = Field(min_length=1)
    input: str = Field(min_length=1, max_length=4096)
    voice: Voice
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(default=1, ge=0.25, le=4)
    instructions: str = ""

    @classmethod
    def read(cls, body: Any) -> Speech:
        """A request from its JSON.

        Raises:
            BadRequest: it is none, or wants a sound that cannot be made here.
        """
        try:
            found = cls.model_validate(body)
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            param = ".".join(map(str, problem["loc"]))
            said = (
                f"Supported values are: {', '.join(get_args(Voice))}." if param == "voice" else problem["msg"]
            )
            raise BadRequest(param, f"Invalid {param or 'body'}: {said}", code="invalid_value") from None
        if found.response_format not in SPOKEN_HERE:
            raise BadRequest("response_format", f"only {' and '.join(SPOKEN_HERE)} can be made here")
        return found


@dataclass
class Ear:
    """What is known of recordings, by the MD5 of their bytes."""

    _known: dict[str, str] = field(default_factory=dict)

    def learn(self, md5: str, text: str) -> None:
        """These bytes say this."""
        self._known[md5.lower()] = text

    def heard(self, recording: Recording) -> str:
        """What a recording says; how long it is where nobody has said what is in it."""
        known = self._known.get(recording.md5)
        if known is not None:
            return known
        seconds = sounds.seconds_of(recording.content)
        return "a recording" if seconds is None else f"a recording of {seconds:.1f} s"

    def speak(self, speech: Speech) -> bytes:
        """The words as a sound, which will be heard as these words."""
        wav = sounds.spoken(speech.input)
        sound = wav if speech.response_format == "wav" else sounds.to_mp3(wav)
        self.learn(md5_of(sound), speech.input)
        return sound


def recording_of(form: Mapping[str, Any], content: bytes, name: str) -> Recording:
    """A request for a transcript from the fields of its form, and the file in it."""
    texts = {field: value for field, value in form.items() if isinstance(value, str)}
    return Recording(texts.get("model", ""), name, content, texts.get("response_format", "json"))


def md5_of(content: bytes) -> str:
    """Of bytes, hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _is_audio(content: bytes) -> bool:
    begins = (b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3")
    return (
        content.startswith(begins)
        or (content[:4] == b"RIFF" and content[8:12] == b"WAVE")
        or content[4:8] == b"ftyp"
        or sounds.is_mp3(content)
    )
