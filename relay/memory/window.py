"""What a turn does with the rows it read: the batch to answer and the window that the model gets. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from relay.clock import MINUTE_MS
from relay.config.bots import Bot
from relay.memory.approval import newest_reply, question_for, word_of
from relay.memory.rows import Entry, in_time_order, is_earlier
from relay.messages import message_hash

BATCH_MAX_ROWS = 90
"""Messages that are answered together; with their reply they fit one transaction of 100 changes."""


GATHERING_SHARE = 0.25
"""Of the time of a turn, a message may wait so much for what belongs to it."""

BATCH_MAX_MEDIA = 8
"""Media that are answered together: each takes time and memory."""

UNUSABLE_MAX_ROWS = 200
"""The most rows that no model may see (refused, forgotten, commands) which one turn reads through: a user who floods a
conversation with such rows shortens its memory, and does not make its turns dear."""

_USABLE = {("text", "answered"), ("text", "heard"), ("reply", "sent"), ("reply", "stored")}
"""Kinds and states of rows that a model may see."""

FETCHED = ("picture", "audio", "video", "file")
"""Media that have bytes."""

Fate = Literal["batch", "sent", "left", "before_new", "not_usable"]
"""What becomes of a row that was read: it is answered now, the model gets it as history, or it does not.

``left``: beyond one of the bot's limits; which one follows from the row's time and place. ``before_new`` and
``not_usable`` (a command, an error text, something refused, forgotten, or not answered yet) are told, because only the
rows hold them, and rows change after they were read.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rows of a conversation call for.

    Attributes:
        unsent: replies that were stored but not marked sent, oldest first.
        closing: waiting and heard messages from before their sender's ``/forget`` (which came to be known first): they
            are closed, not answered.
        waiting: every message that waits, oldest first.
        handed_over: those of them that a person has taken over: they are kept, not answered.
        batch: the waiting messages to answer together, oldest first.
        window: earlier messages and replies for the model, oldest first.
        rounds: what the model has asked of tools for messages of the batch, oldest first.
        question: the reply that the batch answers with yes or no; None when it answers none.
        cutoff: nothing older than this (Unix ms) belongs to the window.
        reach: nothing older than this (Unix ms) needs to be read.
        rows: everything that was read, oldest first.
        complete: reading further back would change nothing.
    """

    unsent: tuple[Entry, ...]
    closing: tuple[Entry, ...]
    waiting: tuple[Entry, ...]
    batch: tuple[Entry, ...]
    window: tuple[Entry, ...]
    cutoff: int
    complete: bool
    rows: tuple[Entry, ...] = ()
    handed_over: tuple[Entry, ...] = ()
    reach: int = 0
    rounds: tuple[Entry, ...] = ()
    question: Entry | None = None


def plan(
    entries: Iterable[Entry],
    *,
    read_to: Entry | None,
    bot: Bot,
    group: bool,
    only: str | None = None,
    asker: str = "",
    now: int = 0,
) -> Plan:
    """Decide from the rows read so far.

    Args:
        entries: rows of one conversation in any order.
        read_to: the oldest row that reading, newest first, has come to.
        bot: whose conversation it is, without the override of any ``robotInfo.function``.
        group: whether several people write in the conversation.
        only: when given, the batch is one message: the waiting one with this key, or the oldest if it does not wait. A
            greeting is said by its own turn alone.
        asker: whose turn it is, and
        now: when, Unix ms. In a group, messages of others that wait for what belongs to them are passed over.
    """
    ordered = in_time_order(entries)
    marks = [entry for entry in ordered if entry.kind in ("new", "forget")]
    open_messages = [entry for entry in ordered if _is_open(entry, only)]
    unsettled = (entry for entry in ordered if entry.state == "heard" or _is_open(entry, only))
    closing = tuple(entry for entry in unsettled if _is_forgotten(entry, marks))
    waiting = tuple(entry for entry in open_messages if entry not in closing)
    ready = [e for e in waiting if not (group and e.sender != asker and _is_gathering(bot, e, now))]
    batch = _batch(ready, marks, group=group, only=only)
    question = _question(batch, ordered, marks, bot)
    if question is not None:
        batch = batch[:1]
    unsent = tuple(entry for entry in ordered if entry.kind == "reply" and entry.state == "stored")
    if not batch:
        return Plan(unsent, closing, waiting, (), (), cutoff=0, complete=True, rows=tuple(ordered))

    bot = bot.for_function(batch[0].function)
    cutoff = batch[-1].at - bot.rewind_minutes * MINUTE_MS
    usable = [
        entry
        for entry in ordered
        if _is_usable(entry)
        and _same_epoch(entry, batch[0], marks)
        and (entry.state != "heard" or is_earlier(entry, batch[-1]))
    ]
    unusable = len(ordered) - len(open_messages) - len(usable)
    rounds = _rounds(batch, ordered)
    recent = [entry for entry in usable if entry.at >= cutoff]
    window = _within_budget(
        recent[-bot.rewind_messages :] if bot.rewind_messages else [], bot.context_characters
    )
    taken_over_since = batch[0].at - bot.handover_minutes * MINUTE_MS
    # Whoever answered before has looked further back: a bot's reply tells that no person had taken over.
    is_known = not bot.handover_minutes or any(entry.kind == "reply" for entry in ordered)
    asked_since = _asked_since(batch[0], ordered, bot)
    complete = (
        read_to is not None
        and (asked_since == batch[0].at or read_to.at < asked_since)
        and (is_known or read_to.at < taken_over_since)
        and (
            read_to.at < cutoff
            or (
                read_to not in open_messages
                and (len(recent) >= bot.rewind_messages or unusable >= UNUSABLE_MAX_ROWS)
            )
            # Alone with the bot, a user sees nothing from before the own /new.
            or (not group and not _same_epoch(read_to, batch[0], marks))
        )
    )
    reach = cutoff if is_known else min(cutoff, taken_over_since)
    reach = min(reach, asked_since)
    handed_over = _handed_over(waiting, ordered, bot)
    return Plan(
        unsent,
        closing,
        waiting,
        batch,
        window,
        cutoff,
        complete,
        tuple(ordered),
        handed_over,
        reach,
        rounds,
        question,
    )


def _question(
    batch: Sequence[Entry], ordered: Sequence[Entry], marks: Sequence[Entry], bot: Bot
) -> Entry | None:
    """What the first message of the batch answers; it is then a batch of its own."""
    if not batch:
        return None
    question = question_for(batch[0], ordered, bot.for_function(batch[0].function).confirm_minutes)
    return question if question is not None and _same_epoch(question, batch[0], marks) else None


def _asked_since(first: Entry, ordered: Sequence[Entry], bot: Bot) -> int:
    """Since when (Unix ms) there may be a question that the message answers, and that was not read yet.

    A question stands at the time of the message for which it was asked, and lives from when it was sent.
    """
    if not bot.tools or not word_of(first) or newest_reply(first, ordered) is not None:
        return first.at
    return first.at - int((bot.confirm_minutes + bot.answer_within_minutes) * MINUTE_MS)


def _rounds(batch: Sequence[Entry], ordered: Sequence[Entry]) -> tuple[Entry, ...]:
    """The rounds that are for any message of the batch. Of one that is blanked nothing is known."""
    hashes = {message_hash(entry.id) for entry in batch}
    return tuple(
        entry
        for entry in ordered
        if entry.kind == "round" and not entry.forgotten and not hashes.isdisjoint(entry.covered)
    )


def fates(plan: Plan) -> Iterator[tuple[Entry, Fate]]:
    """What becomes of each row of a plan, newest first."""
    marks = [entry for entry in plan.rows if entry.kind in ("new", "forget")]
    batch, window = ({entry.key for entry in entries} for entries in (plan.batch, plan.window))
    for entry in reversed(plan.rows):
        if entry.key in batch:
            yield entry, "batch"
        elif entry.key in window:
            yield entry, "sent"
        elif not batch or not _is_usable(entry):
            yield entry, "not_usable"
        elif not _same_epoch(entry, plan.batch[0], marks):
            yield entry, "before_new"
        else:
            yield entry, "left"


def _handed_over(waiting: Iterable[Entry], rows: Iterable[Entry], bot: Bot) -> tuple[Entry, ...]:
    """Messages of before or soon after what a person wrote last from the bot's account."""
    last = max((entry.at for entry in rows if entry.staff), default=0)
    until = last + bot.handover_minutes * MINUTE_MS
    return tuple(entry for entry in waiting if entry.kind == "text" and last and entry.at < until)


def _batch(
    waiting: Sequence[Entry], marks: Sequence[Entry], *, group: bool, only: str | None
) -> tuple[Entry, ...]:
    """The oldest waiting message and the messages that may be answered with it, in order and without a gap."""
    if not waiting:
        return ()
    if only is not None:
        return (next((entry for entry in waiting if entry.key == only), waiting[0]),)
    first = waiting[0]
    batch: list[Entry] = []
    media = 0
    for entry in waiting:
        if group and entry.sender != first.sender:
            continue
        together = (
            entry.function == first.function
            and entry.day == first.day
            and bool(entry.limited) == bool(first.limited)
            and _same_epoch(entry, first, marks)
        )
        if not together or len(batch) == BATCH_MAX_ROWS:
            break
        media += entry.medium in FETCHED
        if media > BATCH_MAX_MEDIA:
            break
        batch.append(entry)
    return tuple(batch)


def gathering_seconds(bot: Bot, entry: Entry) -> float:
    """How long a message waits for what belongs to it; 0 for one that says what it wants.

    Args:
        bot: with the override of the message's function.
        entry: a message. A recording that the bot can hear is words, as is a caption.
    """
    if bot.reply == "response":
        return 0
    is_words = bool(entry.text.strip()) or (entry.medium == "audio" and bot.transcribe is not None)
    seconds = bot.gather_seconds.text if is_words else bot.gather_seconds.medium
    return min(seconds, bot.turn_seconds * GATHERING_SHARE)


def _is_gathering(bot: Bot, entry: Entry, now: int) -> bool:
    seconds = gathering_seconds(bot.for_function(entry.function), entry)
    return 0 <= now - entry.at < seconds * 1000


def _is_open(entry: Entry, only: str | None) -> bool:
    """Whether it waits: a message, or the greeting that the turn is about."""
    return entry.state == "waiting" and (
        entry.kind == "text" or (entry.kind == "greeting" and entry.key == only)
    )


def _same_epoch(entry: Entry, other: Entry, marks: Iterable[Entry]) -> bool:
    """Whether no ``/new`` or ``/forget`` of the entry's sender stands between the two."""
    newest, oldest = (entry, other) if entry.key < other.key else (other, entry)
    return not any(mark.sender == entry.sender and newest.key < mark.key < oldest.key for mark in marks)


def _is_forgotten(entry: Entry, marks: Iterable[Entry]) -> bool:
    return any(
        mark.kind == "forget" and mark.sender == entry.sender and is_earlier(entry, mark) for mark in marks
    )


def _is_usable(entry: Entry) -> bool:
    return (entry.kind, entry.state) in _USABLE and not entry.excluded and not entry.forgotten


def _within_budget(window: Sequence[Entry], characters: int) -> tuple[Entry, ...]:
    """The newest entries whose texts fit the budget together."""
    kept: list[Entry] = []
    for entry in reversed(window):
        characters -= entry.length
        if characters < 0:
            break
        kept.append(entry)
    return tuple(reversed(kept))
