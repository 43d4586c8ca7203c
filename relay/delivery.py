"""Getting a stored reply to the user: its parts in order, under their stored ids, then the mark that it is sent."""

from __future__ import annotations

import logging
from dataclasses import replace

from relay import texts
from relay.bots import Bot
from relay.clock import MINUTE_MS
from relay.errors import ImBlocked, ImRejected, ImUnavailable, RowChanged
from relay.history import History
from relay.im.split import split
from relay.keys import client_id
from relay.messages import Message, Turn
from relay.outbox import Outbox
from relay.ports import Clock, Messenger, Outgoing
from relay.rows import Entry

log = logging.getLogger(__name__)


class Delivery:
    """Sends what is stored, and only that."""

    def __init__(self, history: History, outbox: Outbox, im: Messenger, clock: Clock) -> None:
        self._history = history
        self._outbox = outbox
        self._im = im
        self._clock = clock

    async def deliver(self, turn: Turn, bot: Bot, partition: str, reply: Entry, until: int) -> None:
        """Send a stored reply of the turn's conversation and mark it sent; repeating it shows nothing twice (v2).

        A reply with a cause is a failure text: its poison message is written before it is marked.

        Args:
            turn: any turn of the conversation; says where to send.
            bot: who sends.
            partition: the conversation's.
            reply: the stored reply.
            until: when sending must have ended, Unix milliseconds.

        Raises:
            ImUnavailable: not sent, or not known to be; the reply stays stored.
            StorageUnavailable: sent, but not marked.
        """
        try:
            await self._send(turn.message, bot, reply, until)
        except ImBlocked as refusal:
            if reply.excluded:
                await self._give_up_on(turn, partition, reply, refusal.cause)
                return
            plain = texts.WITHHELD[texts.language_of(reply.text)]
            try:
                reply = await self._history.withhold(
                    partition, reply, plain, client_id(partition, reply.client_id, "withheld")
                )
            except RowChanged:
                return  # /forget closed it
            log.warning("reply withheld by moderation bot=%s conversation=%s", bot.accid, partition)
            await self.deliver(turn, bot, partition, reply, until)
            return
        except ImRejected as refusal:
            await self._give_up_on(turn, partition, reply, refusal.cause)
            return
        except ImUnavailable as outage:
            if self._clock.now() < turn.received + bot.max_message_age_minutes * MINUTE_MS:
                raise
            await self._give_up_on(turn, partition, reply, outage.cause)
            return
        if reply.cause:
            await self._poison(turn, reply, reply.cause)
        await self._mark(partition, reply, "sent")

    async def send_text(self, turn: Turn, bot: Bot, text: str, reply_id: str, until: int) -> None:
        """Send the confirmation of a command; its id makes a repetition a duplicate.

        Raises:
            ImUnavailable, ImRejected, ImBlocked
        """
        await self._send_parts(turn.message, bot, (text,), reply_id, turn.message.sender, until)

    async def _send(self, message: Message, bot: Bot, reply: Entry, until: int) -> None:
        parts = reply.parts or (reply.text,)
        await self._send_parts(message, bot, parts, reply.client_id, reply.sender, until)

    async def _send_parts(
        self, message: Message, bot: Bot, parts: tuple[str, ...], first_id: str, asker: str, until: int
    ) -> None:
        for number, part in enumerate(parts):
            outgoing = Outgoing(
                bot=message.bot,
                to=message.team or message.sender,
                text=part,
                client_id=first_id if number == 0 else client_id(first_id, str(number)),
                team_kind=message.team_kind if message.team else None,
                mention=asker if message.team else None,
                moderate=bot.moderate_replies,
            )
            await self._im.send(outgoing, seconds=max(0.1, (until - self._clock.now()) / 1000))

    async def _give_up_on(self, turn: Turn, partition: str, reply: Entry, cause: str) -> None:
        log.error(
            "reply undeliverable bot=%s conversation=%s cause=%s; the message is in the poison queue",
            turn.message.bot,
            partition,
            cause,
        )
        await self._poison(turn, reply, f"the IM server refused the reply: {cause}")
        await self._mark(partition, reply, "undelivered")

    async def _poison(self, turn: Turn, reply: Entry, cause: str) -> None:
        answered = replace(turn.message, id=reply.id, sender=reply.sender, at=reply.at)
        await self._outbox.poison(replace(turn, message=answered), cause)

    async def _mark(self, partition: str, reply: Entry, state: str) -> None:
        try:
            await self._history.change(partition, reply, state=state)
        except RowChanged:
            log.info("a reply was marked or forgotten by someone else conversation=%s", partition)


def parts_of(text: str) -> tuple[str, ...]:
    """The messages that a reply is sent as; empty when it is one, and that its text."""
    parts = tuple(split(text))
    return () if parts == (text,) else parts
