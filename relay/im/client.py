"""Delivers one message, or bytes, through the IM server API, retries included, within a given time."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle, islice

import httpx2
from opentelemetry.trace import Span, SpanKind

from relay import spans
from relay.attachments import Attachment
from relay.errors import ImBlocked, ImRejected, ImUnavailable, NoStreams
from relay.im.answers import Attempt, read
from relay.im.call import Call
from relay.im.codes import NO_SUCH_MESSAGE, STREAM_CODES, Outcome
from relay.im.hosts import ApiVersion, Region, hosts
from relay.im.presence import Budget, signal_request
from relay.im.requests import (
    DIALECTS,
    RECALLS,
    UPLOAD_MAX_BYTES,
    Request,
    SpeechForm,
    edit_request,
    speech_request,
    stream_request,
    upload_request,
)
from relay.ports import Chunk, Clock, Outgoing, Sent
from relay.sdk import server_certificates
from relay.signals import Signal
from relay.signature import sign_outbound

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""Requests per message, whatever made the earlier requests fail."""

LOST_ANSWERS = 2
"""Requests per message that may stay without answer: the first, and one more with the same id."""

ATTEMPT_SECONDS = 5.0
"""Longest wait for a connection or for an answer (the vendor's SDK waits as long)."""

UPLOAD_SECONDS = 30.0
"""The same for an upload: the server keeps megabytes before it answers."""

SPEECH_SECONDS = 30.0
"""The same for a recording that is written down, as the vendor's SDK waits for it."""

_SPEECH_FORMS: dict[str, SpeechForm] = {"wav": "wav", "opus": "opus", "mp3": "mp3", "aac": "aac"}
"""What the speech recognition takes, by the extension of a recording."""

AGAIN_SECONDS = 0.5
"""Wait after an answer that asks for another try."""

PAUSE_SECONDS = 10.0
"""How long the platform shuts out an app that exceeded its rate (result code 416, doc DQ2NTg4ODE)."""

KEEP_ALIVE_SECONDS = 30.0
"""How long an idle connection is kept for the next reply. A connection that the server closed earlier costs a retry."""


class ImClient:
    """The :class:`relay.ports.Messenger` of the real IM server.

    After a lost answer the relay cannot know whether the user has the message. So the client sends the same
    message once more, to the backup host where there is one. A v2 server recognises the duplicate by the
    message's client id, for ever. A v1 server recognises only a request, by its RequestId, for about a minute:
    the client keeps the RequestId after a lost answer, so that a delivered message is not shown twice, and
    renews it after a refusal, so that an undelivered message is not taken for a repetition.
    """

    def __init__(
        self,
        *,
        app_key: str,
        app_secret: str,
        region: Region,
        api_version: ApiVersion,
        api_url: str | None,
        clock: Clock,
        calls_per_minute: int = 150,
    ) -> None:
        self._app_key = app_key
        self._app_secret = app_secret
        self._hosts = hosts(region, api_version, api_url)
        self._speech_hosts = hosts(region, "v2", api_url)
        self._upload_hosts = hosts(region, "v1", api_url)
        self._version = api_version
        self._clock = clock
        self._budget = Budget(calls_per_minute, clock.now)
        self._http: httpx2.AsyncClient | None = None
        self._throttled_at: int | None = None

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        """Deliver one message within ``seconds``; a duplicate is a success.

        Raises:
            ImUnavailable: no success in time, or a fault in the configuration. The message has been delivered
                at most if an answer was lost.
            ImRejected: sender, receiver or form are refused; of what is no text, or quotes, also what may be.
            ImBlocked: moderation refused the text.
        """
        call = Call(
            name=outgoing.client_id,
            hosts=self._hosts,
            write=lambda request_id: DIALECTS[self._version](outgoing, request_id),
            attempt_seconds=ATTEMPT_SECONDS,
            keeps_id=self._version == "v1",
            is_text=outgoing.medium is None and (outgoing.quote is None or self._version == "v1"),
        )
        with _span_of(outgoing):
            return (await self._make(call, seconds)).sent

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        """See :meth:`relay.ports.Messenger.stream`."""
        if self._version == "v1":
            raise NoStreams("v1 has no stream messages")
        call = Call(
            name=outgoing.client_id,
            hosts=self._hosts,
            write=lambda request_id: stream_request(outgoing, chunk, request_id),
            attempt_seconds=ATTEMPT_SECONDS,
            is_text=False,
        )
        try:
            # One message has one span: that of its last chunk, with which it is there.
            with _span_of(outgoing) if chunk.is_last else nullcontext():
                return (await self._make(call, seconds)).sent
        except ImRejected as refusal:
            if not chunk.server_id and refusal.code in STREAM_CODES:
                raise NoStreams(refusal.cause, refusal.code) from None
            raise

    async def edit(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        """See :meth:`relay.ports.Messenger.edit`. One whose answer is lost is not repeated: it may still arrive, and
        then must not come behind a later one.

        No code says that a chat takes no edits, so every definite no does, but that the message is gone.
        """
        if self._version == "v1":
            raise NoStreams("v1 edits no messages")
        call = Call(
            name=outgoing.client_id,
            hosts=self._hosts,
            write=lambda request_id: edit_request(outgoing, sent, request_id),
            attempt_seconds=ATTEMPT_SECONDS,
            is_repeated=False,
            is_text=False,
        )
        try:
            await self._make(call, seconds)
        except ImRejected as refusal:
            if refusal.code == NO_SUCH_MESSAGE:
                raise
            raise NoStreams(refusal.cause, refusal.code) from None
        except ImUnavailable as failure:
            if failure.cause.startswith("HTTP 4"):  # without a result code: there is no such call
                raise NoStreams(failure.cause) from None
            raise

    async def upload(self, content: bytes, content_type: str, *, seconds: float) -> str:
        """See :meth:`relay.ports.Messenger.upload`. A repetition after a lost answer leaves a second copy there."""
        if not content:
            raise ImRejected("nothing to upload: it has no bytes")
        if len(content) > UPLOAD_MAX_BYTES:
            raise ImRejected(f"{len(content)} bytes are more than the {UPLOAD_MAX_BYTES} of an upload")
        call = Call(
            name="upload",
            hosts=self._upload_hosts,
            write=lambda request_id: upload_request(content, content_type, request_id),
            attempt_seconds=UPLOAD_SECONDS,
        )
        answer = await self._make(call, seconds)
        if not answer.url:
            raise ImUnavailable(f"{answer.cause}, but without a url")
        return answer.url

    async def transcribe(self, bot: str, attachment: Attachment, *, seconds: float) -> str:
        """See :meth:`relay.ports.Messenger.transcribe`. v1 has no such call: v2's hosts are asked in any case."""
        url, form = attachment.url, _SPEECH_FORMS.get(attachment.ext)
        if form is None:  # phones record AMR, too: the storage's own transform
            url, form = f"{url}{'&' if '?' in url else '?'}audioTrans&type=mp3", "mp3"
        call = Call(
            name="recording",
            hosts=self._speech_hosts,
            write=lambda request_id: speech_request(bot, url, form, attachment.milliseconds, request_id),
            attempt_seconds=SPEECH_SECONDS,
            is_text=False,
        )
        return (await self._make(call, seconds)).text.strip()

    async def recall(self, outgoing: Outgoing, sent: Sent, *, silently: bool = False, seconds: float) -> None:
        """See :meth:`relay.ports.Messenger.recall`. A repetition finds nothing, which is a refusal."""
        call = Call(
            name=outgoing.client_id,
            hosts=self._hosts,
            write=lambda request_id: RECALLS[self._version](outgoing, sent, request_id, silently),
            attempt_seconds=ATTEMPT_SECONDS,
            keeps_id=self._version == "v1",
            is_text=False,
        )
        try:
            await self._make(call, seconds)
        except ImRejected as refusal:
            if not (silently and refusal.code == NO_SUCH_MESSAGE):
                raise

    async def signal(self, signal: Signal, *, seconds: float) -> None:
        """See :meth:`relay.ports.Messenger.signal`. One request, and none while the app is shut out."""
        request = signal_request(self._version, signal, uuid.uuid4().hex)
        if request is None or self._pause_left() or not self._budget.has_spare():
            return
        try:
            async with asyncio.timeout(seconds):
                answer = await self._request(self._hosts[0], request, seconds)
        except TimeoutError:
            raise ImUnavailable(f"no answer within {seconds:.1f} s") from None
        if answer.outcome is Outcome.THROTTLED:
            self._throttled_at = self._clock.now()
        if answer.outcome is not Outcome.DELIVERED:
            raise ImUnavailable(answer.cause)

    async def aclose(self) -> None:
        """Close the connections. The client can be used again afterwards."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def _make(self, call: Call, seconds: float) -> Attempt:
        """The first answer that is a success, within ``seconds``."""
        end = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(end):
                # An attempt gets at most half of the time: a server that hangs leaves room for another.
                return await self._try(call, min(call.attempt_seconds, seconds / 2), end)
        except TimeoutError:
            raise ImUnavailable(f"no answer within {seconds:.1f} s") from None

    async def _try(self, call: Call, attempt_seconds: float, end: float) -> Attempt:
        request_id = uuid.uuid4().hex
        in_doubt = False  # whether an earlier request with this id may have been carried out
        lost = 0
        wait = 0.0
        cause = ""
        for host in islice(cycle(call.hosts), ATTEMPTS):
            if wait:
                await self._clock.sleep(wait)
            await self._wait_out_pause(end)
            answer = await self._post(host, call, request_id, attempt_seconds)
            wait, cause = 0.0, answer.cause
            match answer.outcome:
                case None:
                    lost += 1
                    if lost == LOST_ANSWERS or (answer.arrived and not call.is_repeated):
                        break
                    if call.keeps_id:
                        in_doubt = in_doubt or answer.arrived
                        continue
                case Outcome.DELIVERED:
                    return answer
                case Outcome.REPEATED if in_doubt:
                    return answer
                case Outcome.BLOCKED:
                    raise ImBlocked(cause)
                case Outcome.REJECTED:
                    raise ImRejected(cause, answer.code)
                case Outcome.MISCONFIGURED if not call.is_text:
                    # 414 is for an illegal field as well as for a wrong secret. A text in its place tells which.
                    raise ImRejected(cause, answer.code)
                case Outcome.MISCONFIGURED | Outcome.REPEATED:
                    break
                case Outcome.THROTTLED:
                    self._throttled_at = self._clock.now()
                case Outcome.AGAIN:
                    wait = AGAIN_SECONDS
            request_id, in_doubt = uuid.uuid4().hex, False
        raise ImUnavailable(cause)

    async def _wait_out_pause(self, end: float) -> None:
        """Stay silent while the app is shut out: a request now would only prolong it."""
        left = self._pause_left()
        if not left:
            return
        if left + ATTEMPT_SECONDS > end - asyncio.get_running_loop().time():
            raise ImUnavailable("result code 416: over the app's rate limit, sending pauses")
        await self._clock.sleep(left)

    def _pause_left(self) -> float:
        """For how many seconds the app is still shut out."""
        if self._throttled_at is None:
            return 0
        left = PAUSE_SECONDS - (self._clock.now() - self._throttled_at) / 1000
        if not 0 < left <= PAUSE_SECONDS:  # over, or the wall clock was set back
            self._throttled_at = None
            return 0
        return left

    async def _post(self, host: str, call: Call, request_id: str, seconds: float) -> Attempt:
        """Make one request, and log its outcome unless it is a plain success."""
        started = time.monotonic()
        answer = await self._request(host, call.write(request_id), seconds)
        milliseconds = int((time.monotonic() - started) * 1000)
        attributes: dict[str, spans.Attribute] = {
            spans.CAUSE: answer.cause,
            spans.IM_MILLISECONDS: milliseconds,
        }
        spans.current().add_event(spans.IM_ATTEMPT, attributes)
        if answer.outcome is not Outcome.DELIVERED:
            log.warning(
                "im message=%s request=%s ms=%d: %s", call.name, request_id, milliseconds, answer.cause
            )
        return answer

    async def _request(self, host: str, request: Request, seconds: float) -> Attempt:
        """Make one request, signed afresh."""
        self._budget.spend()
        now = self._clock.now() // 1000
        signature = sign_outbound(self._app_key, self._app_secret, uuid.uuid4().hex, now)
        try:
            response = await (await self._client()).request(
                request.method,
                host + request.path,
                content=request.body,
                headers={**request.headers, **signature},
                timeout=seconds,
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return Attempt(None, f"no connection ({type(error).__name__})", arrived=False)
        except httpx2.RequestError as error:
            return Attempt(None, f"no answer ({type(error).__name__})")
        return read(response)

    async def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            certificates = await server_certificates()
            limits = httpx2.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS)
            self._http = self._http or httpx2.AsyncClient(verify=certificates, limits=limits)
        return self._http


def _span_of(outgoing: Outgoing) -> AbstractContextManager[Span]:
    attributes = {spans.IM_CLIENT_ID: outgoing.client_id}
    return spans.span(spans.IM_SEND, kind=SpanKind.CLIENT, attributes=attributes)
