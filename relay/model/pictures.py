"""Pictures by the OpenAI API (``images/generations``).

The models for it return Base64 alone and take ``output_format`` and ``output_compression`` (API reference of
``gpt-image-1`` and later, 2026-11).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from relay import spans
from relay.config.bot import Painter
from relay.errors import MediumRefused
from relay.model.asked_once import AskedOnce

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PICTURE_MAX_BYTES = 11_000_000
"""What the IM server takes of an upload."""

QUALITY_PERCENT = 80
"""Of the JPEG: PNGs of these models have megabytes, which phones would have to fetch."""


class OpenAIPictures(AskedOnce):
    """The :class:`relay.ports.Pictures` of the servers that the bots file names."""

    async def draw(self, prompt: str, by: Painter) -> bytes:
        """See :class:`relay.ports.Pictures`."""

        async def question(client: AsyncOpenAI) -> Any:
            return await client.images.generate(
                model=by.model,
                prompt=prompt,
                n=1,
                output_format="jpeg",
                output_compression=QUALITY_PERCENT,
            )

        answer = await self.ask(by, spans.DRAW, question, seconds=None)
        pictures = getattr(answer, "data", None) or [None]
        encoded = getattr(pictures[0], "b64_json", None)
        if not isinstance(encoded, str):
            raise MediumRefused("the answer holds no picture")
        try:
            content = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise MediumRefused("the answer holds no picture") from None
        if not content.startswith(b"\xff\xd8"):
            raise MediumRefused("the picture is no JPEG")
        if len(content) > PICTURE_MAX_BYTES:
            raise MediumRefused(f"the picture has {len(content)} bytes")
        return content
