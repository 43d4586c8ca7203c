"""What people send beside words, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.attachments import Attachment
from relay.config.bot import Place
from relay.errors import MediumGone, RelayError

Found = str | RelayError


@dataclass
class MemoryMedia:
    """The double of :class:`relay.ports.Media`.

    Attributes:
        pictures, transcripts, texts: by URL, what is found (a picture as a ``data:`` URL), or raised in its place; a
            list is used up from its front. Others are gone.
        fetched: the URLs that were asked for.
        on_fetch: called with each URL; what it returns, if anything, is what is found.
    """

    pictures: dict[str, Found | list[Found]] = field(default_factory=dict)
    transcripts: dict[str, Found | list[Found]] = field(default_factory=dict)
    texts: dict[str, Found | list[Found]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    on_fetch: Callable[[str], str | None] = lambda url: None

    async def picture(self, attachment: Attachment, *, seconds: float) -> str:
        """What the test says."""
        return self._found(self.pictures, attachment)

    async def transcript(self, attachment: Attachment, by: Place, *, seconds: float) -> str:
        """What the test says."""
        return self._found(self.transcripts, attachment)

    async def text(self, attachment: Attachment, characters: int, *, seconds: float) -> str:
        """What the test says, cut as the real one cuts it."""
        return self._found(self.texts, attachment)[: characters + 1]

    def _found(self, media: dict[str, Found | list[Found]], attachment: Attachment) -> str:
        self.fetched.append(attachment.url)
        found = self.on_fetch(attachment.url) or media.get(attachment.url, MediumGone("HTTP 404"))
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, RelayError):
            raise found
        return found
