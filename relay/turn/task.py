"""What a turn is about, and what it works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relay.clock import MINUTE_MS
from relay.config.bots import Bot, Bots
from relay.memory.claim import Claims
from relay.memory.history import Conversation, History
from relay.memory.lease import Leases
from relay.messages import Turn
from relay.outbox import Outbox
from relay.ports import ChatModel, Clock, Media, Messenger, Speech
from relay.tools import Toolbox
from relay.turn.delivery import Delivery
from relay.turn.limits import Limiter
from relay.turn.presence import Presence
from relay.turn.timing import Timing


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the relay that every turn uses.

    Attributes:
        bots: the configured bots.
        claims, history: rows of the conversations.
        leases: one turn at a time per conversation.
        limiter: counts messages against the limits of their bot.
        outbox: the queue.
        model: the chat model.
        media: what people send beside words.
        speech: who speaks.
        im: the IM server.
        delivery: the way to the IM server.
        presence: what is shown before there is a reply.
        toolbox: the users' tools, read when they are needed first; raises ToolsBroken.
        clock: wall clock.
        timing: lease times.
    """

    bots: Bots
    claims: Claims
    history: History
    leases: Leases
    limiter: Limiter
    outbox: Outbox
    model: ChatModel
    media: Media
    speech: Speech
    im: Messenger
    delivery: Delivery
    presence: Presence
    toolbox: Callable[[], Awaitable[Toolbox]]
    clock: Clock
    timing: Timing


@dataclass(frozen=True, slots=True)
class Task:
    """One claimed message that is to be answered now.

    Attributes:
        turn: how it came.
        bot: whose it is, with the override of its ``robotInfo.function``.
        conversation: where it lies.
        started: when this began, Unix milliseconds.
        deadline: when the model's answer must be there, Unix milliseconds.
        tried: whether a try has failed before.
    """

    turn: Turn
    bot: Bot
    conversation: Conversation
    started: int
    deadline: int
    tried: bool = False

    @property
    def partition(self) -> str:
        """The partition of its conversation."""
        return self.conversation.partition

    @property
    def give_up_at(self) -> int:
        """When it gets its failure text if it is still unanswered, Unix milliseconds."""
        return give_up_at(self.turn, self.bot)

    @property
    def too_old_at(self) -> int:
        """When it would not be accepted any more, Unix milliseconds."""
        return self.turn.message.at + self.bot.max_message_age_minutes * MINUTE_MS


def give_up_at(turn: Turn, bot: Bot) -> int:
    """When a message that is still unanswered gets its failure text, Unix milliseconds."""
    return turn.received + int(bot.answer_within_minutes * MINUTE_MS)
