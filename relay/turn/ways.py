"""The two ways on which a reply leaves: sent by the IM server API, or returned in the HTTP response."""

from __future__ import annotations

import logging
from typing import Protocol

from relay.config.bots import Bot
from relay.errors import ImUnavailable
from relay.failures import FailureRecord
from relay.frozen import replaced
from relay.memory.rows import Entry, is_earlier
from relay.memory.window import Plan
from relay.turn.growing import certain
from relay.turn.layout import shown_text
from relay.turn.notes import Note
from relay.turn.streaming import Stream
from relay.turn.task import Parts, Task

log = logging.getLogger(__name__)

REQUEST_SECONDS = 25
"""How long a request of the platform may take altogether."""


class WayOut(Protocol):
    """What differs between the two ways. The question is the message that the turn is about.

    Attributes:
        answers_one: whether the question alone is answered, whatever else waits.
        promised: whether the user of a ``response`` bot was told to wait, so that no copy of a request shows the reply.
    """

    answers_one: bool
    promised: bool

    async def catch_up(self, question: Entry, plan: Plan) -> None:
        """Show what earlier turns have stored and not shown, before anything newer."""

    def must_wait(self, question: Entry, plan: Plan) -> bool:
        """Whether somebody else has to be first."""

    async def to_store(self, reply: Entry) -> Entry:
        """A reply as its row is inserted. A failure is recorded before any row says that its message is over."""

    def stream(self, bot: Bot, newest: Entry) -> Stream | None:
        """What shows the answer to a batch as it comes, where that can be; its newest message bears the note."""

    async def show(self, reply: Entry, stream: Stream | None = None) -> None:
        """Let the user see a stored reply, of which a stream of this turn may have shown the beginning."""


class ByApi:
    """Sent, then marked as sent."""

    answers_one = False

    def __init__(self, parts: Parts, task: Task) -> None:
        self.promised = task.bot.reply == "response"
        self._parts = parts
        self._task = task

    async def catch_up(self, question: Entry, plan: Plan) -> None:
        """Send what is unsent. An outage may not hold up the question for ever."""
        for reply in plan.unsent:
            try:
                await self.show(reply)
            except ImUnavailable:
                if reply.key == question.reply or self._parts.clock.now() < self._task.give_up_at:
                    raise
                log.warning("an earlier reply is still unsent conversation=%s", self._task.partition)
        if question.state == "answered" and all(reply.key != question.reply for reply in plan.unsent):
            further_back = await self._parts.history.reply_of(self._task.partition, question)
            if further_back is not None and further_back.state == "stored":
                await self.show(further_back)

    def must_wait(self, question: Entry, plan: Plan) -> bool:
        """The lease alone decides whose turn it is."""
        return False

    async def to_store(self, reply: Entry) -> Entry:
        """Stored, to be sent; the delivery records a failure before it marks it."""
        return reply

    def stream(self, bot: Bot, newest: Entry) -> Stream | None:
        """What grows in the chat, where the bot wants and the platform takes it."""
        task, history = self._task, self._parts.history
        streams = self._parts.delivery.streams
        if not streams.are_taken(bot, task.turn.message):
            return None

        async def write_note(entry: Entry, note: Note) -> Entry:
            return await history.change(task.partition, entry, stream=note.to_json())

        def render(text: str) -> str:
            return text if bot.markdown == "keep" else shown_text(bot, certain(text))

        message = task.turn.message
        return Stream(streams, bot, message, newest, task.partition, write_note, task.deadline, render)

    async def show(self, reply: Entry, stream: Stream | None = None) -> None:
        """Send it, and mark it."""
        task, parts = self._task, self._parts
        until = min(parts.clock.now(), task.deadline) + int(parts.timing.send_seconds * 1000)
        bot = task.conversation.bot.for_function(reply.function)
        await parts.delivery.deliver(task.turn, bot, task.partition, reply, until, stream)


class InResponse:
    """Stored as sent; whoever asked reads it from the row."""

    answers_one = True
    promised = False

    def __init__(self, parts: Parts, task: Task) -> None:
        self._parts = parts
        self._task = task

    async def catch_up(self, question: Entry, plan: Plan) -> None:
        """A request sends nothing: what was promised is sent by its own turn."""

    def must_wait(self, question: Entry, plan: Plan) -> bool:
        """For a promise, its own or an older message's, which the API keeps; and for an older request on its way."""
        alive_since = self._parts.clock.now() - REQUEST_SECONDS * 1000
        return question.promised or any(
            is_earlier(entry, question) and (entry.promised or entry.at > alive_since)
            for entry in plan.waiting
        )

    async def to_store(self, reply: Entry) -> Entry:
        """Sent with the row that says so, and known by its request."""
        if reply.cause:
            record = FailureRecord.of(self._task.turn, reply.cause, self._task.partition)
            await self._parts.outbox.record(record)
        now = str(self._parts.clock.now())
        return replaced(reply, state="sent", sent_at=now, returned=self._task.turn.promised)

    def stream(self, bot: Bot, newest: Entry) -> Stream | None:
        """A response comes whole."""
        return None

    async def show(self, reply: Entry, stream: Stream | None = None) -> None:
        """Nothing is left to do."""
