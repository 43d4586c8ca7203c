"""The IM server's API in memory: what users see, and what is put into its storage."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from relay.attachments import Attachment
from relay.errors import ImRejected
from relay.im.codes import NO_SUCH_MESSAGE
from relay.im.requests import UPLOAD_MAX_BYTES
from relay.ports import Chunk, Outgoing, Sent
from relay.signals import Read, Signal, Typing
from tests.doubles.service import outcome

Taken = Exception | None | Callable[[Outgoing], Awaitable[None] | None]
"""An error to raise, None for a success, or a function that may raise; it may be async."""


@dataclass(eq=False)
class _Grown:
    """A stream message."""

    outgoing: Outgoing
    pieces: dict[int, str] = field(default_factory=dict)
    is_whole: bool = False


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
        chunks: every piece of a stream that was sent.
        stream_script: how the next of them are taken, in order.
        edits: what messages were to say anew, in order.
        edit_script: how the next of these are taken, in order.
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
    chunks: list[Chunk] = field(default_factory=list)
    stream_script: list[Taken] = field(default_factory=list)
    edits: list[Outgoing] = field(default_factory=list)
    edit_script: list[Taken] = field(default_factory=list)
    now: Callable[[], int] = lambda: 0
    _posted: list[str] = field(default_factory=list)
    _streams: dict[str, _Grown] = field(default_factory=dict)

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

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        """Begin a message that grows, or let it grow. A piece that is there already changes nothing."""
        self.chunks.append(chunk)
        taken = self.stream_script.pop(0) if self.stream_script else None
        if isinstance(taken, Exception):
            raise taken
        if taken is not None:
            await outcome(taken(outgoing))
        if not chunk.server_id:
            if any(grown.outgoing.client_id == outgoing.client_id for grown in self._streams.values()):
                return Sent()
            outgoing = replace(outgoing, mention=None)  # the API has no field for that
            self.shown.append(outgoing)
            server_id = f"s{len(self._streams) + 1}"
            self._streams[server_id] = _Grown(outgoing)
        else:
            server_id = chunk.server_id
        grown = self._streams.get(server_id)
        if grown is None or grown.is_whole or grown.outgoing not in self.shown:
            raise ImRejected("result code 189318", 189318)
        before = grown.outgoing
        grown.pieces.setdefault(chunk.index, chunk.text)
        grown.is_whole = chunk.is_last
        grown.outgoing = replace(before, text="".join(grown.pieces[n] for n in sorted(grown.pieces)))
        self.shown = [grown.outgoing if shown is before else shown for shown in self.shown]
        return Sent(server_id, self.now())

    async def edit(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        """Let it say something else, unless the script says otherwise."""
        self.edits.append(outgoing)
        taken = self.edit_script.pop(0) if self.edit_script else None
        if isinstance(taken, Exception):
            raise taken
        if taken is not None:
            await outcome(taken(outgoing))
        client_id = self.posted_as(sent.server_id)
        if not any(shown.client_id == client_id for shown in self.shown):
            raise ImRejected("result code 107404", NO_SUCH_MESSAGE)
        self.shown = [
            replace(shown, text=outgoing.text) if shown.client_id == client_id else shown
            for shown in self.shown
        ]

    def posted_as(self, server_id: str) -> str:
        """The client id of a message, or of a stream message; empty when there never was one."""
        if server_id in self._streams:
            return self._streams[server_id].outgoing.client_id
        number = int(server_id) if server_id.isdigit() else 0
        return self._posted[number - 1] if 0 < number <= len(self._posted) else ""

    async def recall(self, outgoing: Outgoing, sent: Sent, *, silently: bool = False, seconds: float) -> None:
        """Take it back, unless it is to be refused."""
        refusal, self.refuses_recall = self.refuses_recall, None
        if refusal is not None:
            raise refusal
        before = {known.server_id for _, known in self.recalled}
        if sent.server_id in before or not self.posted_as(sent.server_id):
            if silently:
                return
            raise ImRejected("result code 107404", NO_SUCH_MESSAGE)
        self.recalled.append((outgoing, sent))
        if silently:
            self.shown = [shown for shown in self.shown if shown.client_id != outgoing.client_id]

    @property
    def unfinished(self) -> list[str]:
        """The texts of stream messages that users see and nobody has ended."""
        whole = {grown.outgoing.client_id for grown in self._streams.values() if not grown.is_whole}
        return [shown.text for shown in self.shown if shown.client_id in whole]

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
        self._posted.append(outgoing.client_id)
        return Sent(str(len(self._posted)), self.now())
