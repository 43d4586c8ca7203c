"""The relay as a whole: its parts put together, and one method for each trigger of ``function_app.py``."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Self

from opentelemetry.trace import SpanKind

from relay import metrics, spans
from relay.clock import SystemClock
from relay.config.bots import Bot, Bots, load_bots
from relay.config.settings import Settings, load_settings
from relay.errors import ConfigError, NewerTurn, StorageUnavailable
from relay.inbound.webhook import HttpAnswer, Webhook
from relay.messages import Message, Turn
from relay.model.endpoints import missing_keys
from relay.outbox import ENQUEUE_SECONDS, NEWER_SECONDS, Outbox
from relay.sdk import load, load_now
from relay.storage import credential
from relay.storage.queues import SDK as QUEUE_SDK
from relay.storage.queues import AzureQueues
from relay.storage.tables import SDK as TABLE_SDK
from relay.storage.tables import AzureTables
from relay.telemetry import export_spans, worker_telemetry, write_lines_once
from relay.turn.timing import Timing, too_long

if TYPE_CHECKING:
    from relay.answering import Answering
    from relay.ports import ChatModel, Clock, Media, Messenger, Queues, Speech, Tables
    from relay.tools import Toolbox

log = logging.getLogger(__name__)

ANSWERING = "relay.answering"
"""What no acknowledgement needs. It is as large as all that one does."""

WORDY_LOGGERS = ("openai", "azure", "httpx2", "httpcore2", "aiohttp")
"""Libraries whose debug logs hold request bodies: what people wrote."""


class Relay:
    """One relay. The ports default to the real ones; the handler tests pass doubles.

    Nothing is connected, and no SDK imported, before a trigger needs it.
    """

    def __init__(
        self,
        settings: Settings,
        bots: Bots,
        *,
        clock: Clock | None = None,
        tables: Tables | None = None,
        queues: Queues | None = None,
        model: ChatModel | None = None,
        im: Messenger | None = None,
        media: Media | None = None,
        speech: Speech | None = None,
        toolbox: Callable[[], Awaitable[Toolbox]] | None = None,
        random: Callable[[], float] = random.random,
        telemetry: str = "off",
    ) -> None:
        self.settings = settings
        self.bots = bots
        self.clock = clock or SystemClock()
        self.timing = Timing(settings.send_seconds, settings.lease_margin_seconds)
        self.credential = credential.AppCredential(settings.storage.client_id)
        store_seconds = self.timing.store_seconds
        self.tables = tables or AzureTables(settings.storage, store_seconds, self.credential)
        self.queues = queues or AzureQueues(settings.storage, store_seconds, self.credential)
        self.outbox = Outbox(self.queues, random)
        self._telemetry = telemetry
        self._answering: Answering | None = None

        def make() -> Answering:
            from relay.answering import Answering

            return Answering(
                settings,
                bots,
                clock=self.clock,
                timing=self.timing,
                credential=self.credential,
                tables=self.tables,
                queues=self.queues,
                outbox=self.outbox,
                model=model,
                im=im,
                media=media,
                speech=speech,
                toolbox=toolbox,
            )

        self._make_answering = make

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] = os.environ, *, model: ChatModel | None = None
    ) -> Self:
        """The relay that the settings describe; with a model, that one in the place of theirs.

        Raises:
            ConfigError: start-up stops. Azure may only say that it found no functions, so the reasons go to
                standard error as well.
        """
        quiet_wordy_loggers()
        try:
            settings = load_settings(environ)
            bots = load_bots(settings.bots_file)
            if problems := [*missing_keys(settings, bots), *too_long(settings, bots)]:
                raise ConfigError(problems)
        except ConfigError as error:
            see = "docs/mistakes.md"
            print(f"The relay cannot start, see {see}:", *error.problems, sep="\n  ", file=sys.stderr)
            raise
        export_spans(settings)
        write_lines_once()
        if (telemetry := worker_telemetry(environ)) == "missing":
            log.warning(
                "worker telemetry is on, and the package lacks it; see docs/deploy.md#telemetry-of-the-worker"
            )
        load_now(QUEUE_SDK)  # no first message is refused because its import took too long
        if bots.any_listens:
            load_now(TABLE_SDK)
        if bots.any_listens or bots.any_responds:  # then requests of the platform wait for it
            load_now(ANSWERING)
        relay = cls(settings, bots, model=model, telemetry=telemetry)
        relay.fetch_first_token()
        return relay

    def fetch_first_token(self) -> None:
        """Begin to fetch the token for storage, if the app's identity opens it: no first message waits for it alone.

        The Python worker imports the app on its event loop, which goes on with this once the import is done.
        """
        if self.settings.storage.connection_string is not None or not credential.is_managed():
            return
        load_now(credential.SDK)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            log.info("no event loop yet: the first request fetches the first token")
            return
        self._first_token = loop.create_task(credential.fetch_first(self.credential))

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """``webhook``: the answer to one HTTP request."""
        return await self._webhook.handle(headers, body)

    async def answer(self, text: str, deliveries: int = 1) -> None:
        """``answer``: one queue message. Returning completes it; raising has the host deliver it again.

        Args:
            text: the message.
            deliveries: how often the host has taken it by now, this time included (``dequeueCount``).

        Raises:
            StorageUnavailable: it could not be put back.
            ValueError: it is no message of the relay; the host moves it away in the end, and ``sweep`` records it.
        """
        quiet_wordy_loggers()
        try:
            turn = Turn.from_json(text)
        except NewerTurn as newer:
            log.warning("a queue message is left to a newer instance: %s", newer)
            await self.outbox.postpone(text, NEWER_SECONDS)
            return
        queued = self.clock.now() - turn.received
        attributes: dict[str, spans.Attribute] = {
            **spans.about(turn.message),
            spans.ATTEMPT: turn.attempt,
            spans.WAITS: turn.waits,
            spans.QUEUED_MS: queued,
        }
        about, began = {spans.BOT: turn.message.bot}, perf_counter()
        metrics.QUEUE_WAIT.record(max(0, queued) / 1000, about)
        with spans.span(spans.TURN, kind=SpanKind.CONSUMER, parent=turn.trace, attributes=attributes) as span:
            outcome = await (await self._loaded()).turns.answer(turn, deliveries)
            span.set_attribute(spans.OUTCOME, outcome)
        metrics.TURN_DURATION.record(perf_counter() - began, {**about, spans.OUTCOME: outcome})

    async def sweep(self) -> None:
        """``sweep``: drop expired history, bring back what the host abandoned.

        Raises:
            StorageUnavailable: the next run will do it.
        """
        quiet_wordy_loggers()
        with spans.span(spans.SWEEP):
            await (await self._loaded()).sweep()

    @cached_property
    def _webhook(self) -> Webhook:
        return Webhook(
            self.settings,
            self.bots,
            self.clock,
            self._enqueue,
            self._respond,
            self.outbox.note,
            self._hear,
            self._telemetry,
        )

    @property
    def answering(self) -> Answering:
        """What works with a message once it is queued."""
        if self._answering is None:
            self._answering = self._make_answering()
        return self._answering

    async def _loaded(self) -> Answering:
        if self._answering is None:
            await load(ANSWERING)
        return self.answering

    async def _enqueue(self, turn: Turn, bot: Bot) -> None:
        await self.outbox.enqueue(turn, self.timing.lease_seconds(bot))

    async def _hear(self, messages: Sequence[Message]) -> None:
        claims = (await self._loaded()).claims
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                done = await asyncio.gather(*map(claims.hear, messages), return_exceptions=True)
        except TimeoutError as error:
            raise StorageUnavailable("Table Storage: no answer in time") from error
        for failure in done:
            if failure is not None:
                raise failure

    async def _respond(self, turn: Turn, bot: Bot) -> str:
        return await (await self._loaded()).respond(turn, bot)


def quiet_wordy_loggers() -> None:
    """Keep libraries that log request bodies at WARNING, whatever the configuration says.

    Set again for every turn: an SDK that is imported late may set its own level.
    """
    for name in WORDY_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def to_json(answer: HttpAnswer) -> str:
    """The body of an HTTP answer."""
    return json.dumps(answer.body, ensure_ascii=False)
