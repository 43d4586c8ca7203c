"""What a turn needs from the outside, as protocols.

The app's own implementations speak to Azure, to a model server and to the IM server; the handler tests use
in-memory doubles of the same protocols, held to the real parts by one conformance suite.
"""

from __future__ import annotations

from typing import Protocol

from relay.attachments import Attachment
from relay.media_ports import Ears as Ears
from relay.media_ports import Media as Media
from relay.media_ports import Pictures as Pictures
from relay.media_ports import Recording as Recording
from relay.media_ports import Speech as Speech
from relay.model_ports import ChatMessage as ChatMessage
from relay.model_ports import ChatModel as ChatModel
from relay.model_ports import Completion as Completion
from relay.model_ports import Function as Function
from relay.model_ports import FunctionCall as FunctionCall
from relay.model_ports import Prompt as Prompt
from relay.model_ports import Source as Source
from relay.outgoing import Chunk as Chunk
from relay.outgoing import Outgoing as Outgoing
from relay.outgoing import Sent as Sent
from relay.signals import Signal
from relay.storage_ports import Insert as Insert
from relay.storage_ports import Merge as Merge
from relay.storage_ports import Page as Page
from relay.storage_ports import Queued as Queued
from relay.storage_ports import Queues as Queues
from relay.storage_ports import Row as Row
from relay.storage_ports import Tables as Tables
from relay.storage_ports import Value as Value


class Messenger(Protocol):
    """The IM server's API for sending."""

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        """Deliver one message, its retries included, within ``seconds``. A duplicate is a success.

        Raises:
            ImUnavailable, ImRejected, ImBlocked: see :mod:`relay.errors`.
        """

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        """Begin a stream message, or add to it. A piece that the platform has already changes nothing.

        Args:
            outgoing: its ids and its chat; the text is the chunk's.
            chunk: the piece.
            seconds: for everything.

        Raises:
            NoStreams: there are none in this chat.
            ImUnavailable, ImRejected, ImBlocked: this one does not go on.
        """

    async def edit(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        """Let a sent text say something else from now on; at most once a second.

        Args:
            outgoing: its ids and its chat, and the whole new text.
            sent: what the platform made of it.
            seconds: for everything.

        Raises:
            NoStreams: there are no edits in this chat.
            ImUnavailable, ImRejected, ImBlocked: it is not known to say so.
        """

    async def recall(self, outgoing: Outgoing, sent: Sent, *, silently: bool = False, seconds: float) -> None:
        """Take a sent message back, whatever it says.

        Args:
            outgoing: its ids and its chat.
            sent: what the platform made of it.
            silently: nothing is shown in its place; that it is not there any more is a success then.
            seconds: for everything.

        Raises:
            ImUnavailable, ImRejected, ImBlocked: it is not taken back now.
        """

    async def upload(self, content: bytes, content_type: str, *, seconds: float) -> str:
        """Put bytes into the platform's own storage, within ``seconds``: the https URL that is sent then.

        Raises:
            ImUnavailable: not now.
            ImRejected: nothing, or more than ``relay.im.requests.UPLOAD_MAX_BYTES``.
        """

    async def transcribe(self, bot: str, attachment: Attachment, *, seconds: float) -> str:
        """What was said in a recording, by the platform's own speech recognition; empty when nothing was.

        Args:
            bot: accid of the bot that hears it.
            attachment: the recording, in the platform's storage.
            seconds: for everything.

        Raises:
            ImUnavailable: not now.
            ImRejected: it can make nothing of this recording, or the app has no speech recognition.
        """

    async def signal(self, signal: Signal, *, seconds: float) -> None:
        """Show something that is no message: once, within ``seconds``, and not at all when the app's calls run short.

        Raises:
            ImUnavailable: it was not shown, or is not known to be.
        """


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def now(self) -> int:
        """Wall-clock time in Unix milliseconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
