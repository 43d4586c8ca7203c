"""The turn: what ``answer`` does with one queue message.

    claim → lease → window → (send what a dead turn left) → batch → model → store → send → mark → release

Every step can be interrupted and repeated: what is claimed stays claimed, what is stored is what is sent, and a
message is completed only when it is done. Where a step fails, the message goes back to the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from relay import spans
from relay.clock import MINUTE_MS
from relay.config.bots import Bot, Bots
from relay.errors import (
    HistoryExpired,
    ImError,
    ImUnavailable,
    LeaseEnded,
    ModelError,
    ModelRejected,
    ModelUnavailable,
    RowChanged,
    StorageError,
)
from relay.failures import FailureRecord
from relay.keys import client_id, message_hash
from relay.memory.history import Conversation, History
from relay.memory.lease import Lease, Leases
from relay.memory.rows import Entry
from relay.memory.window import Plan
from relay.messages import Turn
from relay.outbox import FAILED, Outbox
from relay.ports import ChatModel, Clock, Messenger
from relay.turn.asking import ask, failure_text
from relay.turn.commands import carry_out, command_of
from relay.turn.delivery import Delivery
from relay.turn.limits import Limiter, counted
from relay.turn.timing import Timing
from relay.turn.unasked import is_unasked, unasked, with_warning

log = logging.getLogger(__name__)

DEATHS_BEFORE_ALONE = 2
"""After so many turns of a conversation died, its messages are answered one by one."""


GAVE_UP = "the host gave up: its process died repeatedly"

GRACE_MS = 60 * MINUTE_MS
"""How long a message that cannot even be given up is tried beyond the age at which it would be refused."""


class Turns:
    """Answers queue messages.

    Args:
        bots: the configured bots.
        history: rows of the conversations.
        leases: one turn at a time per conversation.
        limiter: counts messages against the limits of their bot.
        outbox: the queue.
        model: the chat model.
        im: the IM server.
        clock: wall clock.
        timing: lease times.
    """

    def __init__(
        self,
        bots: Bots,
        history: History,
        leases: Leases,
        limiter: Limiter,
        outbox: Outbox,
        model: ChatModel,
        im: Messenger,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self._bots = bots
        self._history = history
        self._leases = leases
        self._limiter = limiter
        self._outbox = outbox
        self._model = model
        self._clock = clock
        self._timing = timing
        self._delivery = Delivery(history, outbox, im, clock)

    async def answer(self, turn: Turn, deliveries: int = 1) -> str:
        """Take one step with a message: done, waiting, or failed and put back. Returning completes it.

        Args:
            turn: the queue message.
            deliveries: how often the host has taken this very queue message; more than once means that a process died
                over it, or could not put it back.

        Returns:
            What became of it: ``answered``, ``done`` before, ``busy``, ``retried``, ``expired``, ``abandoned`` or
            ``no_such_bot``.

        Raises:
            StorageUnavailable: it could not even be put back; the host then does so.
        """
        base = self._bots.get(turn.message.bot)
        if base is None:
            log.error("no bot=%s in the bots file any more; see the queue %s", turn.message.bot, FAILED)
            await self._outbox.record(FailureRecord.of(turn, "the bot is not in the bots file"))
            await self._outbox.finish(turn)
            return "no_such_bot"
        bot = base.for_function(turn.message.function)
        conversation = Conversation.of(turn.message, base)
        if turn.last_try and deliveries > 1:
            turn = replace(turn, give_up=True)
        turn = await self._outbox.watched(turn, self._timing.lease_seconds(bot), self._clock.now())
        try:
            outcome = await self._step(turn, bot, conversation, tried=turn.attempt > 0 or deliveries > 1)
        except HistoryExpired:
            log.warning("message too old to answer bot=%s conversation=%s", bot.accid, conversation.partition)
            outcome = "expired"
        except (ModelError, ImError, StorageError) as failure:
            reason = f"{type(failure).__name__}: {failure}"
            spans.failed(spans.current(), type(failure).__name__)
            spans.current().set_attribute(spans.CAUSE, reason)
            log.warning(
                "turn failed bot=%s conversation=%s attempt=%d failure=%s; it is tried again",
                bot.accid,
                conversation.partition,
                turn.attempt,
                reason,
            )
            if turn.last_try:
                turn = replace(turn, give_up=True)
            seconds_left = (self.give_up_at(turn, bot) - self._clock.now()) / 1000
            if self._clock.now() < turn.received + bot.max_message_age_minutes * MINUTE_MS + GRACE_MS:
                at_least = failure.retry_after if isinstance(failure, ModelUnavailable) else 0
                await self._outbox.retry(turn, reason, seconds_left, at_least)
                return "retried"
            log.error("turn abandoned bot=%s conversation=%s", bot.accid, conversation.partition)
            await self._outbox.record(FailureRecord.of(turn, reason, conversation.partition))
            outcome = "abandoned"
        if outcome == "busy":
            await self._outbox.wait(turn)
        else:
            await self._outbox.finish(turn)
        return outcome

    async def _step(self, turn: Turn, bot: Bot, conversation: Conversation, *, tried: bool) -> str:
        started = self._clock.now()
        kind = command_of(turn.message.text, bot) or "text"
        partition, own = await self._history.claim(turn.message, kind)
        conversation = replace(conversation, partition=partition)
        if turn.promised:
            own = await self._history.promise(partition, own, turn.promised)
        if await self._history.is_done(partition, own):
            return "done"
        if own.kind != "text":
            await self._command(turn, bot, conversation, own, started)
            return "answered"
        own = await counted(self._limiter, self._history, bot, partition, own)
        lease = await self._leases.take(partition, self._timing.lease_seconds(bot))
        if lease is None:
            return "busy"
        held = _Held(self, turn, bot, conversation, lease, started, tried=tried)
        try:
            done = await held.work(own)
        finally:
            await self._leases.release(held.lease)
        return "answered" if done else "busy"

    async def _command(
        self, turn: Turn, bot: Bot, conversation: Conversation, own: Entry, started: int
    ) -> None:
        partition = conversation.partition
        text = await carry_out(self._history, partition, own, turn.message.text, bot)
        until = started + int(self._timing.send_seconds * 1000)
        try:
            await self._delivery.send_text(turn, bot, text, client_id(partition, own.id), until)
        except ImError as refusal:
            may_pass = isinstance(refusal, ImUnavailable)
            if may_pass and self._clock.now() < self.give_up_at(turn, bot):
                raise
            cause = f"the confirmation could not be sent: {refusal.cause}"
            await self._outbox.record(FailureRecord.of(turn, cause, partition))
        try:
            await self._history.change(partition, own, state="answered")
        except RowChanged:
            log.info("a command was answered twice at once conversation=%s", partition)

    @staticmethod
    def give_up_at(turn: Turn, bot: Bot) -> int:
        """When a message that is still unanswered gets its failure text, Unix milliseconds."""
        return turn.received + int(bot.answer_within_minutes * MINUTE_MS)


class _Held:
    """One turn while it holds the lease of its conversation."""

    def __init__(
        self,
        turns: Turns,
        turn: Turn,
        bot: Bot,
        conversation: Conversation,
        lease: Lease,
        started: int,
        *,
        tried: bool,
    ) -> None:
        self.lease = lease
        self._history = turns._history
        self._leases = turns._leases
        self._delivery = turns._delivery
        self._model = turns._model
        self._clock = turns._clock
        self._timing = turns._timing
        self._turn = turn
        self._bot = bot
        self._conversation = conversation
        self._partition = conversation.partition
        self._started = started
        self._deadline = started + int(bot.turn_seconds * 1000)
        self._give_up_at = turns.give_up_at(turn, bot)
        self._too_old_at = turn.message.at + bot.max_message_age_minutes * MINUTE_MS
        self._one_by_one = lease.deaths >= DEATHS_BEFORE_ALONE
        self._tried = tried
        self._others_answered = False

    async def work(self, own: Entry) -> bool:
        """Answer until the own message is done, or time is short. True when it is done."""
        while True:
            own, plan = await self._history.read(self._conversation, own, self._alone(own))
            for reply in plan.unsent:
                await self._deliver_earlier(reply, own)
            await self._history.close(self._partition, plan.closing)
            if own.state != "waiting":
                await self._deliver_reply_of(own, plan)
                return True
            if any(entry.key == own.key for entry in plan.closing):
                continue
            covered = await self._answer_some(own, plan)
            if covered is None:
                return False
            if any(entry.key == own.key for entry in covered):
                return True
            self._others_answered = self._others_answered or bool(covered)
            if covered and self.lease.deaths:  # whatever killed the turns before, it was not these
                self.lease = await self._leases.note(self.lease, deaths=0, alone="")

    def _alone(self, own: Entry) -> Callable[[Entry], bool] | None:
        if self._bot.reply == "response" or self._turn.last_try:
            return lambda entry: entry.key == own.key
        return (lambda entry: False) if self._one_by_one else None

    async def _answer_some(self, own: Entry, plan: Plan) -> tuple[Entry, ...] | None:
        """Answer or give up what comes first.

        Returns:
            The messages that are done; none when their rows had changed; None when the time left is too short.
        """
        now = self._clock.now()
        first = plan.batch[0]
        if is_unasked(self._bot, plan.batch):
            return await self._answer(plan)
        if self._turn.give_up:
            return await self._give_up(own, self._turn.failure or GAVE_UP)
        if now >= self._too_old_at or (self._tried and now >= self._give_up_at):
            return await self._give_up(own, self._turn.failure or "no answer in time")
        if self.lease.deaths > DEATHS_BEFORE_ALONE and first.key == self.lease.alone:
            return await self._give_up(first, "the process died each time it was answered", harmful=True)
        if self._others_answered and self._deadline - now < self._bot.turn_seconds * 500:
            return None  # the next turn begins with a whole deadline
        if now >= self._deadline:
            raise ModelUnavailable("the turn's time was over before the model could be asked")
        if self.lease.deaths >= DEATHS_BEFORE_ALONE:
            # Another message answered alone before was not the cause: this one's own deaths are counted anew.
            deaths = 1 if self.lease.alone not in ("", first.key) else self.lease.deaths
            self.lease = await self._leases.note(self.lease, deaths=deaths, alone=first.key)
        return await self._answer(plan)

    async def _answer(self, plan: Plan) -> tuple[Entry, ...]:
        asked = self._clock.now()
        bot = self._conversation.profile(plan.batch[0].function)
        try:
            draft = unasked(bot, self._partition, plan.batch, asked) or await ask(
                self._model,
                self._clock,
                bot,
                self._partition,
                plan,
                group=self._conversation.group,
                deadline=self._deadline,
            )
        except ModelUnavailable as failure:
            if not self._turn.last_try:
                raise
            return await self._give_up(plan.batch[0], failure.cause)
        except ModelRejected as refusal:
            if len(plan.batch) > 1:
                self._one_by_one = True  # find out which of them it is
                return ()
            return await self._give_up(plan.batch[0], refusal.cause, harmful=True)
        answered = self._clock.now()
        draft = with_warning(draft, plan.batch, answered)
        reply = await self._store(plan.batch, draft.reply, exclude_batch=draft.exclude_batch)
        if reply is None:
            return ()
        storing = self._clock.now() - answered
        await self._deliver(reply)
        await self._history.exclude(self._partition, draft.guilty)
        log.info(
            "turn done bot=%s conversation=%s message=%s outcome=%s batch=%d window=%d"
            " queued_ms=%d model_ms=%d store_ms=%d send_ms=%d prompt_tokens=%d completion_tokens=%d",
            bot.accid,
            self._partition,
            message_hash(plan.batch[-1].id),
            draft.outcome,
            len(plan.batch),
            draft.window,
            self._started - self._turn.received,
            answered - asked,
            storing,
            self._clock.now() - answered - storing,
            reply.prompt_tokens,
            reply.completion_tokens,
        )
        return plan.batch

    async def _give_up(self, entry: Entry, cause: str, *, harmful: bool = False) -> tuple[Entry, ...]:
        """Tell the user that there is no answer. A harmful message would break later turns: it leaves the window."""
        failure = failure_text(self._partition, entry, cause)
        reply = await self._store((entry,), failure, exclude_batch=harmful)
        if reply is None:
            return ()
        log.error(
            "gave up bot=%s conversation=%s message=%s cause=%s; see the queue %s",
            self._bot.accid,
            self._partition,
            message_hash(entry.id),
            cause,
            FAILED,
        )
        await self._deliver(reply)
        return (entry,)

    async def _store(
        self, batch: tuple[Entry, ...], reply: Entry, *, exclude_batch: bool = False
    ) -> Entry | None:
        """Store a reply while the lease surely lasts; None when a row had changed: look again.

        Raises:
            LeaseEnded: too late; whoever holds the lease next answers.
        """
        if self._clock.now() + self._timing.store_seconds * 1000 >= self.lease.until:
            raise LeaseEnded("the lease ended before the reply could be stored")
        try:
            return await self._history.store_reply(
                self._partition,
                batch,
                reply,
                exclude_batch=exclude_batch,
                promised=self._bot.reply == "response",
            )
        except RowChanged:
            return None

    async def _deliver(self, reply: Entry) -> None:
        send_ms = int(self._timing.send_seconds * 1000)
        until = min(self._clock.now(), self._deadline) + send_ms
        bot = self._conversation.profile(reply.function)
        await self._delivery.deliver(self._turn, bot, self._partition, reply, until)

    async def _deliver_earlier(self, reply: Entry, own: Entry) -> None:
        """Send what a dead turn left unsent, before anything newer; but it may not hold up the own message for ever."""
        try:
            await self._deliver(reply)
        except ImUnavailable:
            if reply.key == own.reply or self._clock.now() < self._give_up_at:
                raise
            log.warning("an earlier reply is still unsent conversation=%s", self._partition)

    async def _deliver_reply_of(self, own: Entry, plan: Plan) -> None:
        """Send the own message's reply if it lies further back than what was read."""
        if own.state != "answered" or any(reply.key == own.reply for reply in plan.unsent):
            return
        reply = await self._history.reply_of(self._partition, own)
        if reply is not None and reply.state == "stored":
            await self._deliver(reply)
