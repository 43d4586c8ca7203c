"""One step of a conversation under its lease: what is read decides what is answered, given up, or left for later.

    window → what was left unsent → batch → model → store → show

The one engine of both kinds of bots: a ``send`` bot's turn and a ``response`` bot's request differ in their way out.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from enum import Enum, auto

from relay import metrics, spans
from relay.config.bots import Bot
from relay.errors import LeaseEnded, ModelRejected, ModelUnavailable, NoTimeForCalls, RowChanged, ToolsBroken
from relay.frozen import replaced
from relay.memory.history import UNSEEABLE
from relay.memory.lease import Lease
from relay.memory.rows import Entry
from relay.memory.window import Plan
from relay.messages import message_hash
from relay.outbox import SEE
from relay.turn.asking import Draft, Refusal, ask, failure_text
from relay.turn.layout import in_parts
from relay.turn.notes import Note
from relay.turn.plain import needs_no_model, plain_reply, with_warning
from relay.turn.rounds import Rounds
from relay.turn.search import SEARCH_SECONDS, refused_rows
from relay.turn.silence import keep_silent
from relay.turn.speaking import with_speech
from relay.turn.streaming import Stream
from relay.turn.task import Parts, Task
from relay.turn.ways import WayOut
from relay.turn.words import with_words

log = logging.getLogger(__name__)

CRASHES_BEFORE_ONE_BY_ONE = 2
"""After so many turns of a conversation died, its messages are answered one by one."""

GAVE_UP = "the host gave up: its process died repeatedly"


class Unanswered(Enum):
    """Why a look at the conversation answered nothing."""

    LOOK_AGAIN = auto()
    """Rows are not as they were read, or the model refuses several messages together."""
    NO_TIME = auto()
    """The rest of the time is too short: the next turn begins with a whole deadline."""


class Step:
    """Answers in one conversation while it holds the lease.

    Args:
        parts: what it works with.
        task: the message that it is about.
        lease: the conversation's; ``lease`` is its latest state.
        way: how replies leave.
    """

    def __init__(self, parts: Parts, task: Task, lease: Lease, way: WayOut) -> None:
        self.lease = lease
        self._parts = parts
        self._task = task
        self._way = way
        self._partition = task.partition
        self._one_by_one = lease.crashes >= CRASHES_BEFORE_ONE_BY_ONE
        self._others_answered = False

    async def work(self, question: Entry) -> bool:
        """Answer until the question is done. False when somebody else is first, or time is short."""
        history = self._parts.history
        while True:
            now = self._parts.clock.now()
            question, plan = await history.read(self._task.conversation, question, self._only(question), now)
            await self._way.catch_up(question, plan)
            await history.close(self._partition, plan.closing)
            if question.state != "waiting":
                return True
            if any(entry.key == question.key for entry in plan.closing):
                continue
            if begun := [entry for entry in plan.waiting if Note.read(entry.stream).client_id]:
                for entry in begun:  # a turn has died while it showed an answer
                    await self._take_over(entry, Note.read(entry.stream))
                continue
            if await keep_silent(self._parts, self._task, plan):
                continue
            if self._way.must_wait(question, plan):
                return False
            done = await self._answer_some(question, plan)
            if done is Unanswered.NO_TIME:
                return False
            if done is Unanswered.LOOK_AGAIN:
                continue
            if any(entry.key == question.key for entry in done):
                return True
            self._others_answered = True
            if self.lease.crashes:  # whatever killed the turns before, it was not these
                self.lease = await self._parts.leases.note(self.lease, crashes=0, suspect="")

    def _only(self, question: Entry) -> str | None:
        """Which message is answered alone: the question, the oldest (no key), or none."""
        if self._task.turn.last_try or self._way.answers_one or question.kind == "greeting":
            return question.key
        return "" if self._one_by_one or self._task.bot.reply == "response" else None

    async def _answer_some(self, question: Entry, plan: Plan) -> tuple[Entry, ...] | Unanswered:
        """Answer or give up what comes first; returns the messages that are done."""
        now = self._parts.clock.now()
        task, turn, first = self._task, self._task.turn, plan.batch[0]
        if needs_no_model(task.bot, plan.batch):
            return await self._answer(plan)
        if turn.give_up:
            return await self._give_up(question, turn.failure or GAVE_UP)
        if now >= task.too_old_at or (task.tried and now >= task.give_up_at):
            return await self._give_up(question, turn.failure or "no answer in time")
        if self.lease.crashes > CRASHES_BEFORE_ONE_BY_ONE and first.key == self.lease.suspect:
            return await self._give_up(first, "the process died each time it was answered", harmful=True)
        if self._others_answered and task.deadline - now < task.bot.turn_seconds * 500:
            return Unanswered.NO_TIME
        if now >= task.deadline:
            raise ModelUnavailable("the turn's time was over before the model could be asked")
        if self.lease.crashes >= CRASHES_BEFORE_ONE_BY_ONE:
            # Another message answered alone before was not the cause: this one's own crashes are counted anew.
            crashes = 1 if self.lease.suspect not in ("", first.key) else self.lease.crashes
            self.lease = await self._parts.leases.note(self.lease, crashes=crashes, suspect=first.key)
        return await self._answer(plan)

    async def _answer(self, plan: Plan) -> tuple[Entry, ...] | Unanswered:
        clock, conversation = self._parts.clock, self._task.conversation
        asked = clock.now()
        bot = conversation.bot.for_function(plan.batch[0].function)
        typing = bot.typing and not needs_no_model(bot, plan.batch)
        try:
            async with self._parts.presence.typing(self._task.turn.message, on=typing):
                plan, draft, stream = await self._draft(plan, bot, asked)
        except RowChanged:
            return Unanswered.LOOK_AGAIN
        except NoTimeForCalls:
            return Unanswered.NO_TIME
        except ModelUnavailable as failure:
            if not self._task.turn.last_try:
                raise
            return await self._give_up(plan.batch[0], failure.cause)
        except ModelRejected as refusal:
            if len(plan.batch) > 1:
                self._one_by_one = True  # find out which of them it is
                return Unanswered.LOOK_AGAIN
            return await self._give_up(plan.batch[0], refusal.cause, harmful=True)
        answered = clock.now()
        draft = with_warning(bot.texts, draft, plan.batch, answered)
        left = max(0.1, (self._task.deadline - answered) / 1000)
        draft = await with_speech(self._parts, bot, plan.batch, draft, seconds=left)
        laid_out = in_parts(bot, draft.reply, draft.media)
        if stream is not None and stream.is_open:
            laid_out = replaced(stream.fit(laid_out), stream=stream.note.to_json())
        try:
            reply = await self._store(
                plan.batch, laid_out, exclude_batch=draft.exclude_batch, unseeable=draft.unseeable
            )
        except LeaseEnded:
            await self._end(stream)  # nobody else may know its id
            raise
        if reply is None:
            await self._end(stream)
            return Unanswered.LOOK_AGAIN
        stored = clock.now()
        await self._way.show(reply, stream)
        self._log_done(plan, draft, asked, answered, stored)
        earlier = [entry for entry in plan.window if entry.key in draft.unseeable]
        await self._parts.history.change_each(self._partition, dict.fromkeys(earlier, UNSEEABLE))
        tokens = draft.reply.prompt_tokens + draft.reply.completion_tokens
        await self._parts.limiter.spend(self._task.bot, [entry.sender for entry in plan.batch], tokens)
        if draft.refusal is not None:
            await self._leave_out(plan, bot, draft.refused, draft.refusal)
        return plan.batch

    async def _draft(self, plan: Plan, bot: Bot, asked: int) -> tuple[Plan, Draft, Stream | None]:
        """What is answered, with what the rows have become on the way, and the stream that has shown some of it."""
        parts, deadline = self._parts, self._task.deadline
        if not needs_no_model(bot, plan.batch):
            seconds = max(0.1, (deadline - asked) / 1000)
            batch = await with_words(parts, bot, self._partition, plan.batch, seconds=seconds)
            plan = replace(plan, batch=batch)
        if draft := plain_reply(bot, self._partition, plan.batch, asked):
            return plan, draft, None
        stream = self._way.stream(bot, plan.batch[-1])
        rounds = await self._rounds(bot, plan, stream)
        try:
            draft = await ask(
                parts.model,
                parts.media,
                parts.clock,
                bot,
                self._partition,
                plan,
                group=self._task.conversation.group,
                deadline=deadline,
                heard=stream.heard if stream is not None else None,
                rounds=rounds,
            )
        except Exception:
            await self._end(stream)
            raise
        if stream is not None:
            await stream.stop()
            plan = replace(plan, batch=(*plan.batch[:-1], stream.entry))
        elif rounds is not None:
            plan = replace(plan, batch=(*plan.batch[:-1], rounds.newest))
        return plan, draft, stream

    async def _rounds(self, bot: Bot, plan: Plan, stream: Stream | None) -> Rounds | None:
        """What the model may ask of tools, or has asked before this turn; None for a bot that has none."""
        if not (bot.acts or plan.rounds or plan.question):
            return None
        try:
            toolbox = await self._parts.toolbox()
            tools = {tool.name: tool for tool in toolbox.chosen(bot)}
        except ToolsBroken as broken:
            raise ModelUnavailable(
                f"the bot's tools cannot be used, see python3 dev.py check: {broken}"
            ) from None
        return Rounds(
            self._parts, self._task, bot, tools, self.lease.until, newest=plan.batch[-1], stream=stream
        )

    async def _end(self, stream: Stream | None) -> None:
        """Take a stream back that shows no stored reply."""
        if stream is None:
            return
        await stream.stop()
        if stream.is_open:
            await self._take_back(stream.entry, stream.note)

    async def _take_over(self, entry: Entry, note: Note) -> None:
        """Take back what a turn has begun that may only stand still: from here on it cannot store its reply."""
        if self._parts.clock.now() >= self.lease.until:
            raise LeaseEnded("the lease ended; what grows is another turn's")
        note = note.taken_over
        try:
            entry = await self._parts.history.change(self._partition, entry, stream=note.to_json())
        except RowChanged:
            return
        await self._take_back(entry, note)

    async def _take_back(self, entry: Entry, note: Note) -> None:
        """Take back what was shown under a message's row, and note it. A note that stays is looked at again."""
        parts = self._parts
        until = parts.clock.now() + int(parts.timing.send_seconds * 1000)
        await parts.delivery.streams.take_back(self._task.turn.message, note, until)
        try:
            await parts.history.change(self._partition, entry, stream=note.closed.to_json())
        except RowChanged:
            log.info("a row changed while its stream was taken back conversation=%s", self._partition)

    async def _leave_out(self, plan: Plan, bot: Bot, suspects: tuple[Entry, ...], refusal: Refusal) -> None:
        """Keep the row that the model refuses out of every later window, if it can be found while the lease lasts."""
        clock, timing = self._parts.clock, self._parts.timing
        until = min(clock.now() + SEARCH_SECONDS * 1000, self.lease.until - int(timing.store_seconds * 2000))
        rows = await refused_rows(
            self._parts.model,
            clock,
            bot,
            suspects,
            refusal,
            plan.batch,
            group=self._task.conversation.group,
            until=until,
        )
        await self._parts.history.exclude(self._partition, rows)

    def _log_done(self, plan: Plan, draft: Draft, asked: int, answered: int, stored: int) -> None:
        """The line that tells of every answered message. Alerts, queries and ``python -m relay usage`` read it."""
        about = {spans.BOT: self._task.bot.accid, spans.OUTCOME: draft.outcome}
        metrics.REPLIES.add(1, about)
        log.info(
            "turn done bot=%s conversation=%s message=%s outcome=%s batch=%d window=%d"
            " queued_ms=%d model_ms=%d store_ms=%d send_ms=%d prompt_tokens=%d completion_tokens=%d"
            " cached_tokens=%d reasoning_tokens=%d server_tools=%s",
            self._task.bot.accid,
            self._partition,
            ",".join(message_hash(entry.id) for entry in plan.batch),
            draft.outcome,
            len(plan.batch),
            draft.window,
            self._task.started - self._task.turn.received,
            answered - asked,
            stored - answered,
            self._parts.clock.now() - stored,
            draft.reply.prompt_tokens,
            draft.reply.completion_tokens,
            draft.reply.cached_tokens,
            draft.reply.reasoning_tokens,
            ",".join(f"{name}:{n}" for name, n in sorted(Counter(draft.tool_calls).items())) or "-",
        )

    async def _give_up(
        self, entry: Entry, cause: str, *, harmful: bool = False
    ) -> tuple[Entry, ...] | Unanswered:
        """Tell the user that there is no answer. A harmful message would break later turns: it leaves the window."""
        bot = self._task.conversation.bot.for_function(entry.function)
        failure = failure_text(bot.texts, self._partition, entry, cause)
        reply = await self._store((entry,), failure, exclude_batch=harmful)
        if reply is None:
            return Unanswered.LOOK_AGAIN
        log.error(
            "gave up bot=%s conversation=%s message=%s cause=%s; %s",
            self._task.bot.accid,
            self._partition,
            message_hash(entry.id),
            cause,
            SEE,
        )
        await self._way.show(reply)
        return (entry,)

    async def _store(
        self,
        batch: tuple[Entry, ...],
        reply: Entry,
        *,
        exclude_batch: bool = False,
        unseeable: frozenset[str] = frozenset(),
    ) -> Entry | None:
        """Store a reply while the lease surely lasts; None when a row had changed.

        Raises:
            LeaseEnded: too late; whoever holds the lease next answers.
        """
        if not self._parts.timing.may_store(self._parts.clock.now(), self.lease.until):
            raise LeaseEnded("the lease ended before the reply could be stored")
        try:
            return await self._parts.history.store_reply(
                self._partition,
                batch,
                await self._way.to_store(reply),
                exclude_batch=exclude_batch,
                unseeable=unseeable,
                promised=self._way.promised,
            )
        except RowChanged:
            return None
