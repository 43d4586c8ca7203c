"""The turn: what ``answer`` does with one queue message.

    claim → lease → step (window → model → store → send → mark) → release

Every step can be interrupted and repeated: what is claimed stays claimed, what is stored is what is sent, and a
message is completed only when it is done. Where a step fails, the message goes back to the queue.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from relay import spans
from relay.clock import MINUTE_MS
from relay.config.bots import Bot
from relay.errors import (
    HistoryExpired,
    ImError,
    ImUnavailable,
    ModelError,
    ModelUnavailable,
    RowChanged,
    StorageError,
)
from relay.failures import FailureRecord
from relay.keys import client_id
from relay.memory.history import Conversation
from relay.memory.rows import Entry
from relay.memory.window import gathering_seconds
from relay.messages import Turn, message_hash
from relay.outbox import SEE
from relay.turn.commands import carry_out, kind_of
from relay.turn.limits import counted
from relay.turn.notes import Note
from relay.turn.plain import needs_no_model
from relay.turn.step import Step
from relay.turn.taken_back import Changes
from relay.turn.task import Parts, Task, give_up_at
from relay.turn.ways import ByApi

log = logging.getLogger(__name__)

GRACE_MS = 60 * MINUTE_MS
"""How long a message that cannot even be given up is tried beyond the age at which it would be refused."""


class Turns:
    """Answers queue messages."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._changes = Changes(parts)

    async def answer(self, turn: Turn, deliveries: int = 1) -> str:
        """Take one step with a message: done, waiting, or failed and put back. Returning completes it.

        Args:
            turn: the queue message.
            deliveries: how often the host has taken this very queue message; more than once means that a process died
                over it, or could not put it back.

        Returns:
            What became of it: ``answered``, ``done`` before, ``kept`` (there is nothing to answer), ``gathering``,
            ``busy``, ``retried``, ``expired``, ``abandoned`` or ``no_such_bot``; of a change of an earlier message, see
            :class:`Changes`.

        Raises:
            StorageUnavailable: it could not even be put back; the host then does so.
        """
        if turn.change is not None:
            return await self._changes.take(turn, turn.change, deliveries)
        base = self._parts.bots.get(turn.message.bot)
        if base is None:
            log.error("no bot=%s in the bots file any more; %s", turn.message.bot, SEE)
            await self._parts.outbox.record(FailureRecord.of(turn, "the bot is not in the bots file"))
            await self._parts.outbox.finish(turn)
            return "no_such_bot"
        bot = base.for_function(turn.message.function)
        conversation = Conversation.of(turn.message, base)
        if turn.last_try and deliveries > 1:
            turn = replace(turn, give_up=True)
        turn = await self._parts.outbox.watched(
            turn, self._parts.timing.lease_seconds(bot), self._parts.clock.now()
        )
        named = (
            f"bot={bot.accid} conversation={conversation.partition} message={message_hash(turn.message.id)}"
        )
        try:
            outcome = await self._step(turn, bot, conversation, tried=turn.attempt > 0 or deliveries > 1)
        except HistoryExpired:
            log.warning("message too old to answer %s", named)
            outcome = "expired"
        except (ModelError, ImError, StorageError) as failure:
            reason = f"{type(failure).__name__}: {failure}"
            spans.failed(spans.current(), type(failure).__name__)
            spans.current().set_attribute(spans.CAUSE, reason)
            log.warning(
                "turn failed %s attempt=%d failure=%s; it is tried again", named, turn.attempt, reason
            )
            if turn.last_try:
                turn = replace(turn, give_up=True)
            seconds_left = (give_up_at(turn, bot) - self._parts.clock.now()) / 1000
            if self._parts.clock.now() < turn.received + bot.max_message_age_minutes * MINUTE_MS + GRACE_MS:
                at_least = failure.retry_after if isinstance(failure, ModelUnavailable) else 0
                await self._parts.outbox.retry(turn, reason, seconds_left, at_least)
                return "retried"
            log.error("turn abandoned %s", named)
            await self._parts.outbox.record(FailureRecord.of(turn, reason, conversation.partition))
            outcome = "abandoned"
        if outcome == "busy":
            await self._parts.outbox.wait(turn)
        elif outcome != "gathering":
            await self._parts.outbox.finish(turn)
        return outcome

    async def _step(self, turn: Turn, bot: Bot, conversation: Conversation, *, tried: bool) -> str:
        parts, started = self._parts, self._parts.clock.now()
        partition, question = await parts.claims.claim(turn.message, kind_of(turn.message, bot))
        if turn.message.staff:
            return "kept"
        if question.fresh:
            parts.presence.read(bot, turn.message)
        if turn.promised:
            question = await parts.history.promise(partition, question, turn.promised)
        if await parts.history.is_done(partition, question):
            await self._clear(turn, partition, question)
            return "done"
        deadline = started + int(bot.turn_seconds * 1000)
        task = Task(
            turn, bot, Conversation.of(turn.message, conversation.bot, partition), started, deadline, tried
        )
        if question.kind == "text":
            question = await counted(parts.limiter, parts.history, bot, partition, question)
        elif question.kind != "greeting":
            await self._command(task, question)
            return "answered"
        elif question.state == "waiting" and not bot.greets:  # switched off since it was queued
            return "done"
        if seconds := self._seconds_to_gather(turn, bot, question):
            await parts.outbox.gather(turn, seconds)
            return "gathering"
        lease = await parts.leases.take(partition, parts.timing.lease_seconds(bot))
        if lease is None:
            return "busy"
        step = Step(parts, task, lease, ByApi(parts, task))
        try:
            done = await step.work(question)
        finally:
            await parts.leases.release(step.lease)
        return "answered" if done else "busy"

    async def _clear(self, turn: Turn, partition: str, question: Entry) -> None:
        """Take back what a turn had begun to show when ``/forget`` closed its message, and it died."""
        note = Note.read(question.stream)
        if question.state == "closed" and note.client_id:
            until = self._parts.clock.now() + int(self._parts.timing.send_seconds * 1000)
            await self._parts.delivery.streams.take_back(turn.message, note, until)
            await self._parts.history.change(partition, question, stream=note.closed.to_json())

    def _seconds_to_gather(self, turn: Turn, bot: Bot, question: Entry) -> float:
        """For how long a message is left alone, once, without the lease: who sends a picture asks about it next.

        The turn of what follows takes both, and need not wait.
        """
        if turn.gathered or turn.attempt or turn.last_try or turn.give_up or needs_no_model(bot, (question,)):
            return 0
        age = (self._parts.clock.now() - turn.received) / 1000
        return max(0.0, gathering_seconds(bot, question) - age)

    async def _command(self, task: Task, question: Entry) -> None:
        turn, partition = task.turn, task.partition
        text = await carry_out(self._parts.history, partition, question, turn.message, task.bot)
        until = task.started + int(self._parts.timing.send_seconds * 1000)
        reply_id = client_id(partition, question.id)
        try:
            await self._parts.delivery.send_text(turn, task.bot, text, reply_id, until)
        except ImError as refusal:
            may_pass = isinstance(refusal, ImUnavailable)
            if may_pass and self._parts.clock.now() < task.give_up_at:
                raise
            cause = f"the confirmation could not be sent: {refusal.cause}"
            await self._parts.outbox.record(FailureRecord.of(turn, cause, partition))
        try:
            await self._parts.history.change(partition, question, state="answered")
        except RowChanged:
            log.info("a command was answered twice at once conversation=%s", partition)
