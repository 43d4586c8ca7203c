"""Sounds: made, measured, and turned into MP3 by LAME."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave

from playground.media import Unreadable

RATE = 16_000
"""Samples a second of what is made here."""

SECONDS_MAX = 120
"""The platform's longest voice message (doc DkwMTc0OTc)."""

SECONDS_PER_CHARACTER = 0.06
"""About how fast people speak."""

BIT_RATE = 64
"""Kilobits a second of an MP3 that is made."""

_BIT_RATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second of layer III, by version (ISO 11172-3, 13818-3)."""

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Samples a second by the two bits of the version."""


def tone(seconds: float, seed: str = "") -> bytes:
    """A WAV with a soft tone; other words in ``seed`` are another pitch, and other bytes."""
    pitch = (
        220 + int.from_bytes(hashlib.md5(seed.encode(), usedforsecurity=False).digest()[:4]) % 440_000 / 1000
    )
    samples = [
        int(6000 * math.sin(2 * math.pi * pitch * number / RATE)) for number in range(round(seconds * RATE))
    ]
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return made.getvalue()


def spoken(text: str) -> bytes:
    """A WAV as long as the text takes to say. It is a tone: nobody speaks in it."""
    return tone(min(max(0.5, len(text) * SECONDS_PER_CHARACTER), SECONDS_MAX), text)


def to_mp3(content: bytes) -> bytes:
    """The same sound as MP3; the same bytes whenever it is asked for the same.

    Raises:
        Unreadable: neither MP3, which stays as it is, nor WAV with 16 bits a sample.
    """
    if is_mp3(content):
        return content
    import lameenc

    try:
        with wave.open(io.BytesIO(content)) as file:
            if file.getsampwidth() != 2 or file.getnchannels() > 2:
                raise Unreadable("of WAV, 16 bits a sample in one or two channels become MP3")
            encoder = lameenc.Encoder()
            encoder.set_bit_rate(BIT_RATE)
            encoder.set_in_sample_rate(file.getframerate())
            encoder.set_channels(file.getnchannels())
            encoder.silence()
            return bytes(encoder.encode(file.readframes(file.getnframes())) + encoder.flush())
    except (wave.Error, EOFError):
        raise Unreadable("only WAV becomes MP3 here") from None


def is_mp3(content: bytes) -> bool:
    """Whether it begins as an MP3 does: with a tag, or a frame."""
    return content.startswith(b"ID3") or _frame(content, 0) is not None


def seconds_of(content: bytes) -> float | None:
    """How long it is, of WAV and MP3; None of anything else."""
    if content[:4] == b"RIFF":
        try:
            with wave.open(io.BytesIO(content)) as file:
                return float(file.getnframes() / file.getframerate())
        except (wave.Error, EOFError, ZeroDivisionError):
            return None
    return _mp3_seconds(content) if is_mp3(content) else None


def _mp3_seconds(content: bytes) -> float:
    at, seconds = 0, 0.0
    if content.startswith(b"ID3") and len(content) > 10:
        at = 10 + sum(byte << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    while (frame := _frame(content, at)) is not None:
        length, lasts = frame
        at, seconds = at + length, seconds + lasts
    return seconds


def _frame(content: bytes, at: int) -> tuple[int, float] | None:
    """Length in bytes and in seconds of the frame that begins here; None when there is none."""
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # the sync, and layer III
        return None
    version = head[1] >> 3 & 3
    first = version == 3
    rate = head[2] >> 4
    if version not in _RATES or rate in (0, 15) or head[2] >> 2 & 3 == 3:
        return None
    bits, samples = _BIT_RATES[1 if first else 2][rate] * 1000, _RATES[version][head[2] >> 2 & 3]
    length = (144 if first else 72) * bits // samples + (head[2] >> 1 & 1)
    return length, (1152 if first else 576) / samples
