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

from relay.config.bots import Bot
from relay.errors import HistoryExpired, ModelUnavailable, RowChanged, StorageError, StorageUnavailable
from relay.frozen import replaced
from relay.memory.history import Conversation
from relay.memory.rows import Entry
from relay.messages import Turn
from relay.outbox import ENQUEUE_SECONDS
from relay.turn.commands import carry_out, kind_of
from relay.turn.limits import counted
from relay.turn.step import Step
from relay.turn.task import Parts, Task
from relay.turn.ways import REQUEST_SECONDS, InResponse

log = logging.getLogger(__name__)

LAST_STEPS_SECONDS = 3
"""What is kept of a request's time for storing the reply, or for queueing the message."""

CLAIM_SECONDS = 1.4
"""Time for recording a request before it is queued instead."""

PROMISE_SECONDS = 1.4
"""Time for queueing it: a request that can be neither recorded nor queued is refused within 3 seconds."""

POLL_SECONDS = 0.25
"""Between two looks at a conversation that is busy."""


class Responses:
    """Answers the requests of ``response`` bots. ``new_request`` makes the id of a request, different for each."""

    def __init__(self, parts: Parts, new_request: Callable[[], str] = lambda: uuid.uuid4().hex) -> None:
        self._parts = parts
        self._new_request = new_request

    async def respond(self, turn: Turn, bot: Bot) -> str:
        """The text for the HTTP response: the reply, or that it will follow; empty when there is none.

        Args:
            turn: the request's message.
            bot: the bot without any override.

        Raises:
            StorageUnavailable: nothing was promised; the platform may send it again.
        """
        turn = replace(turn, promised=self._new_request())  # of no meaning before the turn is queued
        variant = bot.for_function(turn.message.function)
        try:
            partition, question = await self._claim(turn, variant)
            if question.fresh:
                self._parts.presence.read(variant, turn.message)
            task = Task(
                turn,
                variant,
                Conversation.of(turn.message, bot, partition),
                started=self._parts.clock.now(),
                deadline=turn.received + (REQUEST_SECONDS - LAST_STEPS_SECONDS) * 1000,
            )
            if question.kind != "text":
                return await self._command(task, question)
            return await self._reply(task, question)
        except StorageError as failure:
            log.warning("storage fails, the answer goes by the API bot=%s cause=%s", bot.accid, failure)
            await self._enqueue(turn, variant, PROMISE_SECONDS)
            return variant.texts.thinking.say(turn.message.text)

    async def _claim(self, turn: Turn, bot: Bot) -> tuple[str, Entry]:
        try:
            async with asyncio.timeout(CLAIM_SECONDS):
                return await self._parts.claims.claim(turn.message, kind_of(turn.message, bot))
        except (TimeoutError, HistoryExpired) as error:
            raise StorageUnavailable("the message could not be claimed") from error

    async def _reply(self, task: Task, question: Entry) -> str:
        """What the message's rows say in the end: whoever settles it, this request or a copy."""
        parts, partition = self._parts, task.partition
        question = await counted(parts.limiter, parts.history, task.bot, partition, question)
        while (text := await self._settled(task, question)) is None:
            if parts.clock.now() >= task.deadline or not await self._try(task, question):
                await self._enqueue(task.turn, task.bot)
                promised = await self._promised(partition, question, task.turn)
                return await self._settled(task, promised) or task.bot.texts.thinking.say(question.text)
            question = await parts.history.get(partition, question) or question
        return text

    async def _try(self, task: Task, question: Entry) -> bool:
        """Answer the message if it is its turn, or wait a moment. False when the model cannot answer in time."""
        parts = self._parts
        try:
            lease = await parts.leases.take(task.partition, parts.timing.lease_seconds(task.bot))
            if lease is not None:
                step = Step(parts, task, lease, InResponse(parts, task))
                try:
                    if await step.work(question):
                        return True
                finally:
                    await parts.leases.release(step.lease)
        except ModelUnavailable as failure:
            cause, partition = failure.cause, task.partition
            log.warning("no answer in time bot=%s conversation=%s cause=%s", task.bot.accid, partition, cause)
            return False
        except StorageUnavailable as failure:  # what was stored is told by the next look
            log.warning("storage fails, looking again conversation=%s cause=%s", task.partition, failure)
        await parts.clock.sleep(POLL_SECONDS)
        return True

    async def _enqueue(self, turn: Turn, bot: Bot, seconds: float = ENQUEUE_SECONDS) -> None:
        await self._parts.outbox.enqueue(turn, self._parts.timing.lease_seconds(bot), seconds)

    async def _promised(self, partition: str, question: Entry, turn: Turn) -> Entry:
        """The message with the promise noted; where that fails, the queued turn notes it."""
        try:
            return await self._parts.history.promise(partition, question, turn.promised)
        except StorageUnavailable:
            return replaced(question, promised=True)

    async def _command(self, task: Task, question: Entry) -> str:
        history, partition = self._parts.history, task.partition
        text = await carry_out(history, partition, question, task.turn.message, task.bot)
        if question.state == "waiting":
            try:
                await history.change(partition, question, state="answered")
            except (RowChanged, StorageUnavailable):
                log.info("a confirmed command could not be marked conversation=%s", partition)
        return text

    async def _settled(self, task: Task, question: Entry) -> str | None:
        """What every copy of the request gets once its message is settled, None before."""
        texts = task.bot.texts
        if question.promised:
            return texts.thinking.say(question.text)
        if question.looping or (question.state == "answered" and not question.reply):
            return ""
        if question.state == "closed":
            return texts.forgotten.say(question.text)
        if question.state != "answered":
            return None
        reply = await self._parts.history.reply_of(task.partition, question)
        return reply.shown if reply is not None and reply.text else texts.forgotten.say(question.text)
