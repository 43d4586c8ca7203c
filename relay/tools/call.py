"""What a tool may know of the message that it is called for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


async def _say_nothing(text: str) -> None:
    """A call that a test makes has nobody to talk to."""


async def _upload_nowhere(content: bytes, content_type: str) -> str:
    """A call that a test makes has no storage."""
    return "https://example.com/uploaded"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool: a parameter with this annotation gets it, and the model does not see that parameter.

    ``Call(sender="alice")`` makes one for a test.

    Attributes:
        sender: accid of the app user whose message is answered.
        nick: their display name; they choose it themselves.
        bot: accid of the bot.
        group: id of the group, None in a private chat.
        topic: ``robotInfo.topic``: which of their conversations with the bot it is; empty for the only one.
        custom: ``robotInfo.customContent``: what the app sent beside the message.
        at: when the message was sent, Unix milliseconds.
        idempotency_key: equal whenever this call runs again, after a process was killed inside it, and unlike that of
            any other call: hand it to whatever must not happen twice.
    """

    sender: str = ""
    nick: str = ""
    bot: str = ""
    group: str | None = None
    topic: str = ""
    custom: str = ""
    at: int = 0
    idempotency_key: str = ""
    _say: Callable[[str], Awaitable[None]] = field(default=_say_nothing, repr=False)
    _upload: Callable[[bytes, str], Awaitable[str]] = field(default=_upload_nowhere, repr=False)

    async def say(self, text: str) -> None:
        """Tell the user something while they wait: a message of its own, which the bot does not remember."""
        await self._say(text)

    async def upload(self, content: bytes, content_type: str) -> str:
        """Put bytes into the platform's storage: the https URL for a Picture, a Voice, a Video or a File.

        Args:
            content: 11 MB at most.
            content_type: such as ``image/png``.

        Raises:
            ImUnavailable, ImRejected: see :mod:`relay.errors`; a tool that lets them pass has failed.
        """
        return await self._upload(content, content_type)
