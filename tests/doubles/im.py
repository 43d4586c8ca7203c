"""The IM server's API in memory: what users see, and what is put into its storage."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from relay.attachments import Attachment
from relay.errors import ImRejected
from relay.im.requests import UPLOAD_MAX_BYTES
from relay.ports import Outgoing, Sent
from relay.signals import Read, Signal, Typing
from tests.doubles.service import outcome

Taken = Exception | None | Callable[[Outgoing], Awaitable[None] | None]
"""An error to raise, None for a success, or a function that may raise; it may be async."""


@dataclass
class RecordingMessenger:
    """The double of :class:`relay.ports.Messenger`; like v2, it shows a client id only once.

    Attributes:
        script: how the next messages are taken, in order.
        default: how the others are.
        attempts: everything that was sent, duplicates too.
        seconds: how long each attempt was allowed to take.
        shown: what users saw, in order.
        uploads: the bytes in the platform's storage, by their URL.
        transcripts: what its speech recognition hears, by URL, or raises.
        recalled: what was taken back, in order.
        refuses_recall: an error for the next one.
        signals: what it was to show beside messages, in order.
        at_signal: how each of these is taken.
        now: the platform's clock, Unix milliseconds; its ids count what was shown.
    """

    script: list[Taken] = field(default_factory=list)
    default: Taken = None
    attempts: list[Outgoing] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    shown: list[Outgoing] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    transcripts: dict[str, str | Exception] = field(default_factory=dict)
    recalled: list[tuple[Outgoing, Sent]] = field(default_factory=list)
    refuses_recall: Exception | None = None
    signals: list[Signal] = field(default_factory=list)
    at_signal: Exception | Callable[[Signal], Awaitable[None] | None] | None = None
    now: Callable[[], int] = lambda: 0

    @property
    def typing(self) -> list[Typing]:
        """What users saw of a bot that is writing, in order."""
        return [signal for signal in self.signals if isinstance(signal, Typing)]

    @property
    def receipts(self) -> list[Read]:
        """What users were told to have been read, in order."""
        return [signal for signal in self.signals if isinstance(signal, Read)]

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        """Show it, unless script or default say otherwise."""
        self.attempts.append(outgoing)
        self.seconds.append(seconds)
        taken = self.script.pop(0) if self.script else self.default
        if isinstance(taken, Exception):
            raise taken
        if taken is not None:
            await outcome(taken(outgoing))
        return self.show(outgoing)

    async def upload(self, content: bytes, content_type: str, *, seconds: float) -> str:
        """Keep it."""
        if not 0 < len(content) <= UPLOAD_MAX_BYTES:
            raise ImRejected("nothing, or too much")
        url = f"https://nim-nosdn.netease.im/{hashlib.sha256(content).hexdigest()[:32]}"
        self.uploads[url] = content
        return url

    async def transcribe(self, bot: str, attachment: Attachment, *, seconds: float) -> str:
        """What the test says was spoken."""
        heard = self.transcripts.get(attachment.url, ImRejected("result code 414"))
        if isinstance(heard, Exception):
            raise heard
        return heard

    async def recall(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        """Take it back, unless it is to be refused."""
        refusal, self.refuses_recall = self.refuses_recall, None
        if refusal is not None:
            raise refusal
        before = {known.server_id for _, known in self.recalled}
        if sent.server_id in before or not 0 < int(sent.server_id) <= len(self.shown):
            raise ImRejected("result code 107404")
        self.recalled.append((outgoing, sent))

    async def signal(self, signal: Signal, *, seconds: float) -> None:
        """Note it, then do what the test says."""
        self.signals.append(signal)
        if isinstance(self.at_signal, Exception):
            raise self.at_signal
        if self.at_signal is not None:
            await outcome(self.at_signal(signal))

    def show(self, outgoing: Outgoing) -> Sent:
        """The user sees it now: for a function whose error comes behind that, too."""
        if any(outgoing.client_id == shown.client_id for shown in self.shown):
            return Sent()
        self.shown.append(outgoing)
        return Sent(str(len(self.shown)), self.now())
