"""The webhook: takes a signed request, and has what is in it queued or answered. Nothing else.

The platform waits 5 seconds and takes 200 and 500 for delivered, everything else for failed (vendor page
jY5MDk1NTQ), so a request is acknowledged once its message is safe, and refused with 503 when it is not.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from relay import keys, metrics, spans
from relay.clock import MINUTE_MS
from relay.config.bots import Bot, Bots
from relay.config.settings import Settings
from relay.errors import BadSignature, RequestRefused, StorageUnavailable
from relay.inbound import chatbot
from relay.inbound.handover import taken_over
from relay.inbound.hearing import heard
from relay.inbound.joining import greetings
from relay.inbound.routing import Accepted, Reason, route
from relay.inbound.strict_json import parse_object
from relay.inbound.taken_back import changes_in
from relay.inbound.wire import read
from relay.messages import (
    QUEUE_MESSAGE_MAX_BYTES,
    QUEUE_MESSAGE_ROOM_BYTES,
    Change,
    Message,
    Turn,
    message_hash,
)
from relay.signature import verify

if TYPE_CHECKING:
    from relay.ports import Clock

BODY_MAX_BYTES = 64 * 1024
CALLBACK_WARNING_MS = 60 * MINUTE_MS

SEE = "see docs/how-it-works.md#what-webhook-answers"
"""Where whoever reads a refusal finds what is accepted."""

Enqueue = Callable[[Turn, Bot], Awaitable[None]]
"""Puts a turn on the queue; raises StorageUnavailable."""

Note = Callable[[Turn], Awaitable[None]]
"""Puts a change of an earlier message on the queue; raises StorageUnavailable."""

Hear = Callable[[Sequence[Message]], Awaitable[None]]
"""Keeps a message for each bot that listens; raises StorageUnavailable."""

Respond = Callable[[Turn, Bot], Awaitable[str]]
"""Answers a turn and returns the text for the HTTP response; raises StorageUnavailable."""

_ADDRESS_CHECK = b"{}"
_CLOCK = re.compile("[0-9]{1,20}")

TELEMETRY_HEADER = "Relay-Telemetry"
"""Of the answer to the address check: what ``check --live`` reads, since nothing else sees both setting and package."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer: status, the object that becomes its JSON body, and headers beside those of every answer."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Webhook:
    """Answers the requests of the IM platform.

    Args:
        settings: the secrets that sign requests, and whether unsigned ones are allowed.
        bots: the bots of this relay.
        clock: time.
        enqueue: what takes the turns of ``send`` bots.
        note: what takes changes of earlier messages.
        respond: what answers the turns of ``response`` bots.
        hear: what keeps messages that are for nobody, for bots that listen; None: none does.
        telemetry: the word of :func:`relay.telemetry.worker_telemetry` for whoever checks the address.
    """

    def __init__(
        self,
        settings: Settings,
        bots: Bots,
        clock: Clock,
        enqueue: Enqueue,
        respond: Respond,
        note: Note,
        hear: Hear | None = None,
        telemetry: str = "off",
    ) -> None:
        self._settings = settings
        self._bots = bots
        self._clock = clock
        self._enqueue = enqueue
        self._respond = respond
        self._note = note
        self._hear = hear
        self._telemetry = telemetry
        self._callback_warned_at: int | None = None

    async def handle(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer one request: any bytes with any headers (names in any case)."""
        began = perf_counter()
        lower = {name.lower(): value for name, value in headers.items()}
        # Azure's worker hands over the host's own span; elsewhere it is what the request says.
        parent = None if spans.traceparent() else lower.get("traceparent", "")
        attributes: dict[str, spans.Attribute] = {spans.HTTP_METHOD: "POST"}
        with spans.span(
            spans.WEBHOOK, kind=SpanKind.SERVER, parent=parent, attributes=attributes, ends=False
        ) as span:
            try:
                answer = await self._answer(lower, body)
            except RequestRefused as error:
                logger.info("refused status=%d reason=%r", error.status, error.detail)
                answer = _error(error.status, error.word, error.detail)
            except StorageUnavailable as error:
                logger.warning("refused status=503 cause=%s", type(error).__name__)
                answer = _error(503, "unavailable", "storage cannot take the message now; send it again")
            told: dict[str, spans.Attribute] = {
                spans.HTTP_STATUS: answer.status,
                spans.OUTCOME: str(answer.body.get("status") or answer.body.get("error") or ""),
                spans.REASON: str(answer.body.get("reason", "")),
            }
            span.set_attributes(told)
            metrics.WEBHOOK_DURATION.record(perf_counter() - began, told)
            # With message copy these are nearly all of an app's messages: the metric counts them.
            if told[spans.OUTCOME] != "ignored":
                span.end()
            return answer

    async def _answer(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if body == _ADDRESS_CHECK:
            headers = {} if self._telemetry == "off" else {TELEMETRY_HEADER: self._telemetry}
            return HttpAnswer(200, {"status": "ok"}, headers)
        if len(body) > BODY_MAX_BYTES:
            raise RequestRefused(413, "too_large", f"the body is over {BODY_MAX_BYTES} bytes")
        if not (self._settings.allow_unsigned and "checksum" not in headers):
            try:
                verify(self._settings.inbound_secrets, headers, body)
            except BadSignature as error:
                raise RequestRefused(401, "unauthorized", str(error)) from None
        fields = parse_object(body)
        inbound = read(fields)
        if inbound.input == "callback":
            return self._allow()
        if inbound.input == "event":
            return await self._take_changes(changes_in(fields, self._bots))
        now, clock = self._clock.now(), _header_clock(headers)
        if joined := greetings(inbound, self._bots, now=now, clock=clock):
            return await self._greet(joined, now)
        routed = taken_over(inbound, self._bots, now=now, clock=clock) or route(
            inbound, self._bots, now=now, clock=clock
        )
        messages = heard(inbound, self._bots, now=now, clock=clock) if routed == "not_addressed" else []
        if messages and self._hear is not None:
            await self._hear(messages)
            return HttpAnswer(200, {"status": "heard"})
        if isinstance(routed, str):
            return _ignored(routed)
        spans.tell_about(routed.message)
        return await self._take(Turn(routed.message, received=now, trace=spans.traceparent()), routed.bot)

    async def _greet(self, joined: Sequence[Accepted], now: int) -> HttpAnswer:
        """Queue a turn for each bot, side by side: the time of a request is that of one."""
        spans.tell_about(joined[0].message)
        turns = [Turn(accepted.message, received=now, trace=spans.traceparent()) for accepted in joined]
        _check_size(turns[0])
        queued = (self._enqueue(turn, accepted.bot) for turn, accepted in zip(turns, joined, strict=True))
        for failure in await asyncio.gather(*queued, return_exceptions=True):
            if failure is not None:
                raise failure
        for turn in turns:
            _log_accepted("queued", turn.message)
        return HttpAnswer(200, {"status": "queued"})

    async def _take_changes(self, changes: list[tuple[Message, Change]] | Reason) -> HttpAnswer:
        """Queue what has become of earlier messages."""
        if isinstance(changes, str):
            return _ignored(changes)
        now, trace = self._clock.now(), spans.traceparent()
        turns = [Turn(message, received=now, trace=trace, change=change) for message, change in changes]
        for turn in turns:
            _check_size(turn)
        await asyncio.gather(*map(self._note, turns))
        for _, change in changes:
            logger.info("noted %s message=%s", change.kind, message_hash(change.ids[0]))
        return HttpAnswer(200, {"status": "noted"})

    async def _take(self, turn: Turn, bot: Bot) -> HttpAnswer:
        _check_size(turn)
        if bot.reply == "response" and not turn.message.staff:
            text = await self._respond(turn, bot)
            _log_accepted("responded", turn.message)
            return HttpAnswer(200, chatbot.reply(text) if text else chatbot.acknowledgement())
        await self._enqueue(turn, bot)
        _log_accepted("queued", turn.message)
        if turn.message.source == "chatbot":
            return HttpAnswer(200, chatbot.acknowledgement())
        return HttpAnswer(200, {"status": "queued"})

    def _allow(self) -> HttpAnswer:
        """Let a third-party callback pass: the message it asks about must not hang on a bot (vendor page
        jI3ODc2ODE)."""
        now = self._clock.now()
        if self._callback_warned_at is None or now - self._callback_warned_at >= CALLBACK_WARNING_MS:
            self._callback_warned_at = now
            logger.warning(
                "a third-party callback came in and was allowed: this URL moderates nothing;"
                " take it out of the console's callback settings"
            )
        return HttpAnswer(200, {"errCode": 0})


def _check_size(turn: Turn) -> None:
    if not turn.fits(QUEUE_MESSAGE_MAX_BYTES - QUEUE_MESSAGE_ROOM_BYTES):
        raise RequestRefused(413, "too_large", "the message would not fit a queue message")


def _ignored(reason: Reason) -> HttpAnswer:
    logger.debug("ignored reason=%s", reason)
    return HttpAnswer(200, {"status": "ignored", "reason": reason})


def _error(status: int, word: str, detail: str) -> HttpAnswer:
    return HttpAnswer(status, {"error": word, "detail": f"{detail}; {SEE}"})


def _header_clock(headers: Mapping[str, str]) -> int | None:
    """The platform's clock in the request, Unix milliseconds. Only an unsigned request can lack it."""
    clock = headers.get("curtime", "")
    return int(clock) if _CLOCK.fullmatch(clock) else None


def _log_accepted(outcome: str, message: Message) -> None:
    logger.info(
        "%s bot=%s conversation=%s message=%s source=%s",
        outcome,
        message.bot,
        keys.conversation_key(message),
        message_hash(message.id),
        message.source,
    )
