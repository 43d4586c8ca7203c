"""A painter in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image

from relay.config.bot import Painter
from relay.errors import RelayError


@dataclass
class MemoryPictures:
    """The double of :class:`relay.ports.Pictures`: a small white JPEG for each description.

    Attributes:
        drawn: what it was told to draw.
        failure: raised instead.
    """

    drawn: list[str] = field(default_factory=list)
    failure: RelayError | None = None

    async def draw(self, prompt: str, by: Painter) -> bytes:
        """Draw."""
        if self.failure is not None:
            raise self.failure
        self.drawn.append(prompt)
        content = io.BytesIO()
        Image.new("RGB", (12, 8), "white").save(content, "JPEG")
        return content.getvalue()
