"""What has become of a message after it was sent: its sender took it back or edited it, or moderation refused it.

No model call, no reply, and no lease: a row changes as it was last read. A turn that is about to answer the message
finds it changed when it stores, and looks again. Whatever is repeated here changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto

from relay.attachments import Attachment, MediumKind
from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bots import Bot
from relay.errors import ImUnavailable, RowChanged, StorageError
from relay.failures import FailureRecord
from relay.memory.days import CLOCK_SKEW_MS
from relay.memory.rows import Entry
from relay.messages import Change, Message, Turn, message_hash
from relay.outbox import SEE
from relay.ports import Value
from relay.turn.task import Parts

log = logging.getLogger(__name__)

LOOK_MS = 2 * MINUTE_MS
"""How long a message that is not there yet is looked for, if its change does not say when it was sent."""

ABANDON_MS = DAY_MS
"""How long a change is tried that cannot be carried out."""

RECALL_SECONDS = 20
"""Time for taking a reply back from where it was sent."""

_EDITABLE: tuple[MediumKind, ...] = ("location", "tip", "custom")
"""Media whose attachment can be edited."""

Changed = dict[Entry, Mapping[str, Value]]


class _Found(Enum):
    """What became of a change for one bot."""

    DONE = auto()
    NOWHERE = auto()
    """The bot has no such message, or not yet."""
    UNSENT = auto()
    """The reply is on its way to others, and its words have to stay until it is there."""


class Changes:
    """Carries out what people and moderation have done to earlier messages.

    :meth:`take` returns ``changed``; ``awaited``, put back since the message or its reply is not there yet;
    ``unknown``, since it did not come; ``retried``; ``abandoned``, with a record; or ``no_such_bot``.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, turn: Turn, change: Change, deliveries: int) -> str:
        """Carry out a change, for each bot that it may be about.

        Raises:
            StorageUnavailable: it could not even be put back; the host then does so.
        """
        if turn.give_up or (turn.last_try and deliveries > 1):
            return await self._abandon(turn, change, "the host gave up: its process died repeatedly")
        bot = self._parts.bots.get(turn.message.bot)
        bots = [*self._parts.bots] if turn.message.team else [bot] if bot else []
        is_over = self._parts.clock.now() >= turn.received + ABANDON_MS
        try:
            found = {await self._carry_out(each, turn, change) for each in bots}
        except (ImUnavailable, StorageError) as failure:
            reason = f"{type(failure).__name__}: {failure}"
            if is_over:
                return await self._abandon(turn, change, reason)
            log.warning("%s failed failure=%s; it is tried again", change.kind, reason)
            await self._parts.outbox.retry(turn, reason, seconds_left=0)
            return "retried"
        if _Found.UNSENT in found:
            if is_over:
                return await self._abandon(turn, change, "the reply is still not sent")
            await self._parts.outbox.look_again(turn)
            return "awaited"
        if found == {_Found.NOWHERE}:
            if self._parts.clock.now() >= turn.received + LOOK_MS:
                log.info("%s of an unknown message=%s", change.kind, message_hash(turn.message.id))
                return "unknown"
            await self._parts.outbox.look_again(turn)
            return "awaited"
        return "changed" if found else "no_such_bot"

    async def _abandon(self, turn: Turn, change: Change, cause: str) -> str:
        log.error(
            "%s abandoned message=%s cause=%s; %s", change.kind, message_hash(turn.message.id), cause, SEE
        )
        record = FailureRecord.of(turn, f"the {change.kind} could not be carried out: {cause}")
        await self._parts.outbox.record(record)
        return "abandoned"

    async def _carry_out(self, bot: Bot, turn: Turn, change: Change) -> _Found:
        message = replace(turn.message, bot=bot.accid)
        known = await self._parts.claims.find(message, change.ids, again=turn.waits > 0)
        if known is None:
            if change.kind != "recall" or not message.dated:
                return _Found.NOWHERE
            if not self._may_come(bot, message):
                return _Found.DONE
            known = await self._parts.claims.claim_recalled(message)
        partition, entry = known
        if entry.fresh or entry.kind != "text" or entry.sender != message.sender:
            return _Found.DONE
        while True:
            reply = await self._parts.history.reply_of(partition, entry) if entry.reply else None
            is_its_own = change.kind == "recall" and await self._is_its_own(partition, entry, reply)
            changes = _changes(entry, reply, message, change, is_its_own=is_its_own)
            if change.kind == "recall" and bot.for_function(entry.function).acts:
                rounds = await self._parts.history.rounds_for(partition, entry)
                changes |= {round: round.gone("recalled") for round in rounds if not round.forgotten}
            try:
                await self._parts.history.change_together(partition, changes)
                break
            except RowChanged:
                current = await self._parts.history.get(partition, entry)
                if current is None:
                    return _Found.DONE  # its day is over
                entry = current
        log.info("%s bot=%s conversation=%s rows=%d", change.kind, bot.accid, partition, len(changes))
        if change.kind != "recall" or reply is None:
            return _Found.DONE
        if is_its_own:
            await self._recall_reply(bot, message, entry, reply)
        return _Found.UNSENT if reply.state == "stored" and not is_its_own else _Found.DONE

    def _may_come(self, bot: Bot, message: Message) -> bool:
        """Whether the message would still be taken if it came now."""
        minutes = max(each.max_message_age_minutes for each in (bot, *bot.functions.values()))
        return -CLOCK_SKEW_MS <= self._parts.clock.now() - message.at <= minutes * MINUTE_MS

    async def _is_its_own(self, partition: str, entry: Entry, reply: Entry | None) -> bool:
        """Whether the reply answers nothing else that is still there."""
        if reply is None or reply.covers == 1:
            return True
        covered = await self._parts.history.covered(partition, reply)
        others = [each for each in covered if each.key != entry.key]
        return len(covered) == reply.covers and all(each.forgotten for each in others)

    async def _recall_reply(self, bot: Bot, message: Message, entry: Entry, reply: Entry) -> None:
        if bot.for_function(entry.function).recall_reply and reply.state == "sent":
            until = self._parts.clock.now() + RECALL_SECONDS * 1000
            await self._parts.delivery.recall(message, reply, until)


def _changes(
    entry: Entry, reply: Entry | None, message: Message, change: Change, *, is_its_own: bool
) -> Changed:
    """What a change does to a message and to the reply that covers it."""
    match change.kind:
        case "recall":
            return _recalled(entry, reply, is_its_own=is_its_own)
        case "edit":
            return _edited(entry, reply, message, change)
        case "verdict":
            return _refused(entry, reply)


def _recalled(entry: Entry, reply: Entry | None, *, is_its_own: bool) -> Changed:
    """Nothing of either is left; a reply that others still wait for is sent first, and not remembered."""
    changes: dict[Entry, Mapping[str, Value]] = {}
    if not entry.forgotten:
        changes[entry] = entry.gone("recalled")
    if reply is not None and not reply.forgotten:
        if reply.state != "stored" or is_its_own:
            changes[reply] = reply.gone("recalled")
        elif not reply.excluded:
            changes[reply] = {"excluded": True}
    return changes


def _edited(entry: Entry, reply: Entry | None, message: Message, change: Change) -> Changed:
    """It says what it says now, and what was answered to other words is not remembered."""
    if (
        entry.forgotten
        or entry.state not in ("waiting", "answered", "heard")
        or int(entry.edited or 0) >= change.at
    ):
        return {}
    text, attached = message.text or entry.text, _attached(entry, change)
    changes: dict[Entry, Mapping[str, Value]] = {entry: entry.reworded(text, change.at, attached)}
    if reply is not None and not reply.excluded and (text, attached) != (entry.text, entry.attached):
        changes[reply] = {"excluded": True}
    return changes


def _refused(entry: Entry, reply: Entry | None) -> Changed:
    """It is not answered if it still waits; else neither it nor its reply is remembered."""
    if entry.state == "waiting":
        return {entry: entry.gone("refused")}
    answered = [each for each in (entry, reply) if each is not None]
    return {each: {"excluded": True} for each in answered if not (each.forgotten or each.excluded)}


def _attached(entry: Entry, change: Change) -> str:
    """What comes with it now."""
    kind = next((each for each in _EDITABLE if each == entry.medium), None)
    if kind is None or not change.attach:
        return entry.attached
    try:
        fields = json.loads(change.attach)
    except (ValueError, RecursionError):
        return entry.attached
    return Attachment.read(kind, fields).to_json() if isinstance(fields, dict) else entry.attached
