"""What people send beside words, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.attachments import Attachment
from relay.errors import MediumError, MediumGone


@dataclass
class MemoryMedia:
    """The double of :class:`relay.ports.Media`.

    Attributes:
        pictures: by URL, as ``data:`` URLs, or what is raised in their place. Others are gone.
        fetched: the URLs that were asked for.
    """

    pictures: dict[str, str | MediumError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    async def picture(self, attachment: Attachment, *, seconds: float) -> str:
        """What the test says."""
        self.fetched.append(attachment.url)
        found = self.pictures.get(attachment.url, MediumGone("HTTP 404"))
        if isinstance(found, MediumError):
            raise found
        return found
