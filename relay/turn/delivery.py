"""Getting a stored reply to the user: its parts in order, under their stored ids, then the mark that it is sent."""

from __future__ import annotations

import logging
from dataclasses import replace

from relay import spans
from relay.clock import MINUTE_MS
from relay.config.bots import Bot
from relay.errors import ImBlocked, ImRejected, ImUnavailable, RowChanged
from relay.failures import FailureRecord
from relay.frozen import replaced
from relay.keys import client_id
from relay.memory.history import History
from relay.memory.rows import Entry, spread, to_json
from relay.messages import Message, Turn, message_hash
from relay.outbox import SEE, Outbox
from relay.outgoing import Medium
from relay.ports import Clock, Messenger, Outgoing, Sent, Value
from relay.signals import Original
from relay.turn.notes import Note
from relay.turn.presence import quoted
from relay.turn.streaming import Stream, Streams

log = logging.getLogger(__name__)


class Delivery:
    """Sends what is stored, and only that."""

    def __init__(
        self, history: History, outbox: Outbox, im: Messenger, clock: Clock, streams: Streams
    ) -> None:
        self.streams = streams
        self._history = history
        self._outbox = outbox
        self._im = im
        self._clock = clock

    async def deliver(
        self,
        turn: Turn,
        bot: Bot,
        partition: str,
        reply: Entry,
        until: int,
        stream: Stream | None = None,
    ) -> None:
        """Send a stored reply of the turn's conversation and mark it sent; repeating it shows nothing twice (v2).

        A reply with a cause is a failure text: its record is written before it is marked.

        Args:
            turn: any turn of the conversation; says where to send.
            bot: who sends.
            partition: the conversation's.
            reply: the stored reply.
            until: when sending must have ended, Unix milliseconds.
            stream: what has shown the beginning of it, if this very turn has; one of another turn is taken back.

        Raises:
            ImUnavailable: not sent, or not known to be; the reply stays stored.
            StorageUnavailable: sent, but not marked.
        """
        parts = max(1, len(reply.parts))
        attributes: dict[str, spans.Attribute] = {spans.REPLY: reply.client_id, spans.PARTS: parts}
        with spans.span(spans.DELIVER, attributes=attributes):
            try:
                reply, sent = await self._end_stream(turn.message, partition, reply, until, stream)
                for number in range(sent, parts):
                    reply = await self._send(turn.message, bot, partition, reply, number, until)
                if reply.cause:
                    await self._record(turn, partition, reply, reply.cause)
                await self._mark_sent(partition, reply)
            except ImBlocked as refusal:
                await self._withhold(turn, bot, partition, reply, until, refusal)
            except ImRejected as refusal:
                await self._give_up_on(turn, partition, reply, refusal.cause)
            except ImUnavailable as outage:
                if self._clock.now() < reply.at + bot.max_message_age_minutes * MINUTE_MS:
                    raise
                await self._give_up_on(turn, partition, reply, outage.cause)
            except RowChanged:
                log.info("a reply was forgotten or marked by someone else conversation=%s", partition)

    async def _end_stream(
        self, message: Message, partition: str, reply: Entry, until: int, stream: Stream | None
    ) -> tuple[Entry, int]:
        """End the stream that shows a reply with its last words, or take it back: then the reply goes as any other.

        Returns:
            The reply, and how many of its parts are sent.
        """
        note = Note.read(reply.stream)
        if not note.client_id:
            return reply, reply.parts_sent
        first = reply.parts[0] if reply.parts else reply.shown
        sent = await stream.finish(first) if stream is not None else None
        if sent is None:
            if stream is None:
                # Whoever has begun it may only stand still: from here on it cannot mark the reply as sent any more.
                note = note.taken_over
                reply = await self._history.note(partition, reply, stream=note.to_json())
            await self.streams.take_back(message, note, until)
            return await self._history.note(partition, reply, stream=note.closed.to_json()), 0
        reply = replaced(reply, delivered=((sent.server_id, sent.at),))
        if len(reply.parts) < 2:
            return reply, 1  # marked with the rest
        noted: dict[str, Value] = {"parts_sent": 1, "stream": note.closed.to_json(), **_delivered(reply)}
        return await self._history.note(partition, reply, **noted), 1

    async def send_text(self, turn: Turn, bot: Bot, text: str, reply_id: str, until: int) -> None:
        """Send the confirmation of a command; its id makes a repetition a duplicate.

        Raises:
            ImUnavailable, ImRejected, ImBlocked
        """
        await self._send_one(turn.message, bot, text, reply_id, turn.message.sender, until)

    async def recall(self, message: Message, reply: Entry, until: int) -> None:
        """Take a sent reply back from where it was sent. What the platform refuses to take back stays there.

        Raises:
            ImUnavailable: not all of it is known to be taken back.
        """
        for server_id, at in reply.delivered:
            if not server_id:  # it was a duplicate, whose id the platform does not tell
                continue
            outgoing = Outgoing(
                bot=message.bot,
                to=message.team or message.sender,
                text="",
                client_id=reply.client_id,
                team_kind=message.team_kind if message.team else None,
            )
            seconds = max(0.1, (until - self._clock.now()) / 1000)
            try:
                await self._im.recall(outgoing, Sent(server_id, at), seconds=seconds)
            except (ImRejected, ImBlocked) as refusal:
                log.warning("a reply is not recalled reply=%s cause=%s", reply.client_id, refusal.cause)

    async def _send(
        self, message: Message, bot: Bot, partition: str, reply: Entry, number: int, until: int
    ) -> Entry:
        """Send one part, and note it unless it is the last, so that a long reply always gets on."""
        sent = await self._send_part(message, bot, reply, number, until)
        reply = replaced(reply, delivered=(*reply.delivered, (sent.server_id, sent.at)))
        if number >= len(reply.parts) - 1:
            return reply
        noted: dict[str, Value] = {"parts_sent": number + 1, **_delivered(reply)}
        return await self._history.note(partition, reply, **noted)

    async def _send_part(self, message: Message, bot: Bot, reply: Entry, number: int, until: int) -> Sent:
        """Send one part. A medium that is refused is replaced by a line of text and costs no part behind it.

        The line has an id of its own: the server may know the medium's by now.
        """
        text = reply.parts[number] if reply.parts else reply.shown
        medium = reply.media[number] if number < len(reply.media) else None
        part_id = reply.client_id if number == 0 else client_id(reply.client_id, str(number))
        quote = quoted(message, reply) if bot.quote and number == 0 else None
        if medium is None:
            return await self._send_one(message, bot, text, part_id, reply.sender, until, quote=quote)
        try:
            return await self._send_one(message, bot, "", part_id, reply.sender, until, medium, quote)
        except (ImRejected, ImBlocked) as refusal:
            log.warning(
                "the IM server refuses a %s, a line of text goes in its place bot=%s message=%s cause=%s",
                medium.kind,
                bot.accid,
                part_id,
                refusal.cause,
            )
            if isinstance(refusal, ImBlocked):  # what moderation withholds is not linked to either
                text = bot.texts.part_withheld.say(reply.text)
        line_id = client_id(reply.client_id, str(number), "line")
        return await self._send_one(message, bot, text, line_id, reply.sender, until, quote=quote)

    async def _mark_sent(self, partition: str, reply: Entry) -> None:
        sent: dict[str, Value] = {"state": "sent", "sent_at": str(self._clock.now()), **_delivered(reply)}
        sent |= {"stream": Note.read(reply.stream).closed.to_json()} if reply.stream else {}
        await self._history.note(partition, reply, **sent)

    async def _send_one(
        self,
        message: Message,
        bot: Bot,
        text: str,
        part_id: str,
        asker: str,
        until: int,
        medium: Medium | None = None,
        quote: Original | None = None,
    ) -> Sent:
        """Send one message. What is refused with its quote goes without, under the same id: nobody has seen it."""
        outgoing = Outgoing(
            bot=message.bot,
            to=message.team or message.sender,
            text=text,
            client_id=part_id,
            team_kind=message.team_kind if message.team else None,
            mention=asker if message.team and asker != message.bot else None,
            moderate=bot.moderate_replies,
            medium=medium,
            quote=quote,
        )
        try:
            return await self._im.send(outgoing, seconds=max(0.1, (until - self._clock.now()) / 1000))
        except ImRejected as refusal:
            if quote is None:
                raise
            log.warning(
                "a message is refused with its quote and goes without bot=%s message=%s cause=%s",
                bot.accid,
                part_id,
                refusal.cause,
            )
        outgoing = replace(outgoing, quote=None)
        return await self._im.send(outgoing, seconds=max(0.1, (until - self._clock.now()) / 1000))

    async def _withhold(
        self, turn: Turn, bot: Bot, partition: str, reply: Entry, until: int, refusal: ImBlocked
    ) -> None:
        """Tell the user that moderation refused the reply, under an id of its own."""
        if reply.withheld:  # not even the plain text passes
            await self._give_up_on(turn, partition, reply, refusal.cause)
            return
        log.warning("reply withheld by moderation bot=%s conversation=%s", bot.accid, partition)
        withheld_id = client_id(partition, reply.client_id, "withheld")
        try:
            withheld: dict[str, Value] = {
                **reply.blanked(),
                **{"text": bot.texts.withheld.say(reply.text), "client_id": withheld_id},
                **{"withheld": True, "excluded": True, "parts_sent": 0},
            }
            reply = await self._history.change(partition, reply, **withheld)
        except RowChanged:
            # /forget closed it; or it was we, in a call whose answer was lost.
            current = await self._history.get(partition, reply)
            if current is None or current.client_id != withheld_id:
                return
            reply = current
        if reply.state == "stored":
            await self.deliver(turn, bot, partition, reply, until)

    async def _give_up_on(self, turn: Turn, partition: str, reply: Entry, cause: str) -> None:
        log.error(
            "reply undeliverable bot=%s conversation=%s message=%s cause=%s; %s",
            turn.message.bot,
            partition,
            message_hash(reply.id),
            cause,
            SEE,
        )
        await self._record(turn, partition, reply, f"the IM server refused the reply: {cause}")
        try:
            await self._history.note(partition, reply, state="undelivered")
        except RowChanged:
            log.info("an undeliverable reply was marked by someone else conversation=%s", partition)

    async def _record(self, turn: Turn, partition: str, reply: Entry, cause: str) -> None:
        answered = replace(turn.message, id=reply.id, sender=reply.sender, at=reply.at)
        await self._outbox.record(FailureRecord.of(replace(turn, message=answered), cause, partition))


def _delivered(reply: Entry) -> dict[str, Value]:
    return spread("delivered", to_json(reply.delivered))
