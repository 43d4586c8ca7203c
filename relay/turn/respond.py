"""``response`` bots: the reply travels in the HTTP response, if it is there in time.

A request waits for its conversation inside its deadline. At the deadline, or when storage fails, the message is queued
first, then the user reads "still thinking" and the answer goes by the API; every copy of that request gets the same
text.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace

from relay import texts
from relay.config.bots import Bot
from relay.errors import (
    HistoryExpired,
    ModelRejected,
    ModelUnavailable,
    RowChanged,
    StorageError,
    StorageUnavailable,
)
from relay.failures import FailureRecord
from relay.keys import message_hash
from relay.memory.history import Conversation, History
from relay.memory.lease import Leases
from relay.memory.rows import Entry, is_earlier
from relay.memory.window import Plan
from relay.messages import Turn
from relay.outbox import ENQUEUE_SECONDS, Outbox
from relay.ports import ChatModel, Clock
from relay.turn.asking import Draft, ask, failure_text
from relay.turn.commands import carry_out, command_of
from relay.turn.limits import Limiter, counted
from relay.turn.timing import Timing
from relay.turn.unasked import unasked, with_warning

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 25
"""How long a request may take altogether."""

LAST_STEPS_SECONDS = 3
"""What is kept of it for storing the reply, or for queueing the message."""

CLAIM_SECONDS = 1.4
"""Time for recording a request before it is queued instead."""

PROMISE_SECONDS = 1.4
"""Time for queueing it: a request that can be neither recorded nor queued is refused within 3 seconds."""

POLL_SECONDS = 0.25
"""Between two looks at a conversation that is busy."""


class Responses:
    """Answers the requests of ``response`` bots. ``new_request`` makes the id of a request, different for each."""

    def __init__(
        self,
        history: History,
        leases: Leases,
        limiter: Limiter,
        outbox: Outbox,
        model: ChatModel,
        clock: Clock,
        timing: Timing,
        new_request: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._history = history
        self._leases = leases
        self._limiter = limiter
        self._outbox = outbox
        self._model = model
        self._clock = clock
        self._timing = timing
        self._new_request = new_request

    async def respond(self, turn: Turn, bot: Bot) -> str:
        """The text for the HTTP response: the reply, or that it will follow.

        Args:
            turn: the request's message.
            bot: the bot without any override.

        Raises:
            StorageUnavailable: nothing was promised; the platform may send it again.
        """
        turn = replace(turn, promised=self._new_request())  # of no meaning before the turn is queued
        try:
            return await self._respond(turn, bot)
        except StorageError as failure:
            log.warning("storage fails, the answer goes by the API bot=%s cause=%s", bot.accid, failure)
            await self._enqueue(turn, bot.for_function(turn.message.function), PROMISE_SECONDS)
            return texts.THINKING[texts.language_of(turn.message.text)]

    async def _respond(self, turn: Turn, bot: Bot) -> str:
        deadline = self._clock.now() + (DEADLINE_SECONDS - LAST_STEPS_SECONDS) * 1000
        conversation = Conversation.of(turn.message, bot)
        profile = bot.for_function(turn.message.function)
        try:
            async with asyncio.timeout(CLAIM_SECONDS):
                partition, own = await self._history.claim(
                    turn.message, command_of(turn.message.text, profile) or "text"
                )
        except (TimeoutError, HistoryExpired) as error:
            raise StorageUnavailable("the message could not be claimed") from error
        conversation = replace(conversation, partition=partition)
        if own.kind != "text":
            return await self._command(partition, own, turn, profile)
        own = await counted(self._limiter, self._history, profile, partition, own)
        while (text := await self._settled(partition, own)) is None:
            if self._clock.now() >= deadline:
                await self._enqueue(turn, profile)
                promised = await self._promised(partition, own, turn)
                return await self._settled(partition, promised) or texts.THINKING[texts.language_of(own.text)]
            try:
                in_time = await self._try(turn, profile, conversation, own, deadline)
            except StorageUnavailable as failure:  # what was stored is told by the next look
                log.warning("storage fails, looking again conversation=%s cause=%s", partition, failure)
                in_time = True
            if not in_time:
                deadline = min(deadline, self._clock.now())
            else:
                await self._clock.sleep(POLL_SECONDS)
            own = await self._history.get(partition, own) or own
        return text

    async def _enqueue(self, turn: Turn, bot: Bot, seconds: float = ENQUEUE_SECONDS) -> None:
        await self._outbox.enqueue(turn, self._timing.lease_seconds(bot), seconds)

    async def _promised(self, partition: str, own: Entry, turn: Turn) -> Entry:
        """The message with the promise noted; where that fails, the queued turn notes it."""
        try:
            return await self._history.promise(partition, own, turn.promised)
        except StorageUnavailable:
            return replace(own, promised=True)

    async def _command(self, partition: str, own: Entry, turn: Turn, bot: Bot) -> str:
        text = await carry_out(self._history, partition, own, turn.message.text, bot)
        if own.state == "waiting":
            try:
                await self._history.change(partition, own, state="answered")
            except (RowChanged, StorageUnavailable):
                log.info("a confirmed command could not be marked conversation=%s", partition)
        return text

    async def _settled(self, partition: str, own: Entry) -> str | None:
        """What every copy of the request gets once its message is settled, None before."""
        language = texts.language_of(own.text)
        if own.promised:
            return texts.THINKING[language]
        if own.state == "closed":
            return texts.FORGOTTEN[language]
        if own.state != "answered":
            return None
        reply = await self._history.reply_of(partition, own)
        return reply.shown if reply is not None and reply.text else texts.FORGOTTEN[language]

    async def _try(self, turn: Turn, bot: Bot, conversation: Conversation, own: Entry, deadline: int) -> bool:
        """Answer the message if its conversation is free. False when the model cannot answer in time."""
        lease = await self._leases.take(conversation.partition, self._timing.lease_seconds(bot))
        if lease is None:
            return True
        try:
            own, plan = await self._history.read(conversation, own, lambda entry: entry.key == own.key)
            await self._history.close(conversation.partition, plan.closing)
            answerable = own.state == "waiting" and not own.promised
            if (
                not answerable
                or own.key not in {entry.key for entry in plan.batch}
                or self._is_behind(own, plan)
            ):
                return True
            return await self._answer(turn, bot, conversation, plan, deadline)
        finally:
            await self._leases.release(lease)

    def _is_behind(self, own: Entry, plan: Plan) -> bool:
        """Whether an older request of the conversation may still be on its way to its answer."""
        alive_since = self._clock.now() - DEADLINE_SECONDS * 1000
        return any(
            is_earlier(entry, own) and not entry.promised and entry.at > alive_since for entry in plan.waiting
        )

    async def _answer(
        self, turn: Turn, bot: Bot, conversation: Conversation, plan: Plan, deadline: int
    ) -> bool:
        partition = conversation.partition
        asked = self._clock.now()
        try:
            draft = unasked(bot, partition, plan.batch, asked) or await ask(
                self._model,
                self._clock,
                bot,
                partition,
                plan,
                group=conversation.group,
                deadline=deadline,
            )
        except ModelUnavailable as error:
            log.warning(
                "no answer in time bot=%s conversation=%s cause=%s", bot.accid, partition, error.cause
            )
            return False
        except ModelRejected as error:
            reply = failure_text(partition, plan.batch[0], error.cause)
            await self._outbox.record(FailureRecord.of(turn, error.cause, partition))
            draft = Draft(reply, "failed", window=len(plan.window), exclude_batch=True)
        draft = with_warning(draft, plan.batch, self._clock.now())
        reply = replace(draft.reply, state="sent", returned=turn.promised)
        try:
            await self._history.store_reply(partition, plan.batch, reply, exclude_batch=draft.exclude_batch)
        except RowChanged:
            return True  # look again
        await self._history.exclude(partition, draft.guilty)
        log.info(
            "turn done bot=%s conversation=%s message=%s outcome=%s batch=1 window=%d queued_ms=%d model_ms=%d",
            bot.accid,
            partition,
            message_hash(plan.batch[0].id),
            draft.outcome,
            draft.window,
            asked - turn.received,
            self._clock.now() - asked,
        )
        return True
