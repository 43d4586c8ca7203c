"""From a plan to a reply: ask the model, or say plainly why there is no answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from relay import texts
from relay.config.bots import Bot
from relay.errors import ModelBlocked, ModelOverflow, ModelRejected
from relay.keys import client_id
from relay.memory.rows import REPLY_MAX_CHARS, Entry
from relay.memory.window import Plan
from relay.ports import ChatModel, Clock, Completion
from relay.turn.delivery import parts_of
from relay.turn.overflow import characters_too_many, is_too_long, shortened, too_long
from relay.turn.prompt import build_prompt

log = logging.getLogger(__name__)

CUT_MARK = "…"
"""Behind a reply that ends before the model was done."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that is ready to be stored.

    Attributes:
        reply: the row.
        outcome: ``answered``, or why it is not an answer: ``blocked``, ``declined``, ``unfinished``, ``empty``,
            ``too_long``.
        window: how many earlier messages the model was given.
        exclude_batch: the messages it answers must not enter the window either.
        refused: rows of the window without which the model answered; they leave it.
    """

    reply: Entry
    outcome: str
    window: int
    exclude_batch: bool = False
    refused: tuple[Entry, ...] = ()


async def ask(
    model: ChatModel, clock: Clock, bot: Bot, partition: str, plan: Plan, *, group: bool, deadline: int
) -> Draft:
    """Ask the model about a batch; again with less of the window, or without it, if it refuses both together.

    What was said earlier must not block the chat for ever. A history that a filter refuses is left out, and is refused
    if the model then answers. Of one that is too long the oldest part is left out, this time: it is not refused.

    Args:
        model: the chat model.
        clock: wall clock.
        bot: whose prompt and limits.
        partition: the conversation.
        plan: batch and window.
        group: whether several people write in the conversation.
        deadline: when the answer must be there, Unix milliseconds.

    Raises:
        ModelUnavailable, ModelRejected: there is no answer now, or never.
    """
    window, refused = plan.window, ()
    while True:
        prompt = build_prompt(bot, window, plan.batch, group=group)
        try:
            completion = await model.complete(prompt, seconds=max(0.1, (deadline - clock.now()) / 1000))
        except ModelOverflow as overflow:
            excess = characters_too_many(prompt, overflow)
            if not window:
                if len(plan.batch) > 1 or not is_too_long(plan.batch[0].text, prompt, excess):
                    raise
                text = too_long(plan.batch[0].text, excess)
                return Draft(_plain(partition, plan, text), "too_long", window=0, exclude_batch=True)
            first = len(window) == len(plan.window)
            window = shortened(window, excess) if first else ()
            log.info("prompt too long conversation=%s window=%d/%d", partition, len(window), len(plan.window))
        except ModelBlocked:
            if not window:
                return _blocked(partition, plan)
            window, refused = (), window
        except ModelRejected:
            if not window:
                raise
            window = ()
        else:
            draft = _draft(bot, partition, plan, completion)
            return replace(draft, window=len(window), refused=refused)


def _draft(bot: Bot, partition: str, plan: Plan, completion: Completion) -> Draft:
    text = completion.text.strip()
    if completion.ended == "declined" and text:
        # The model's own words, shown once. Remembered, they would have it decline what is harmless, too.
        declined = _plain(partition, plan, text[:REPLY_MAX_CHARS])
        return Draft(_with_usage(declined, completion), "declined", window=0, exclude_batch=True)
    if not text:
        outcome, why = (
            ("unfinished", texts.UNFINISHED) if completion.ended == "cut" else ("empty", texts.EMPTY)
        )
        if outcome == "unfinished":
            log.warning(
                "the model used up its tokens without a word bot=%s; raise max_reply_tokens", bot.accid
            )
        plain = _plain(partition, plan, why[texts.language_of(plan.batch[-1].text)])
        return Draft(_with_usage(plain, completion), outcome, window=0)
    if completion.ended == "cut" or len(text) > REPLY_MAX_CHARS:
        text = text[: REPLY_MAX_CHARS - len(CUT_MARK)].rstrip() + CUT_MARK
    reply = Entry.reply_to(plan.batch, text, _reply_id(partition, plan), parts_of(text))
    return Draft(_with_usage(reply, completion), "answered", window=0)


def _blocked(partition: str, plan: Plan) -> Draft:
    text = texts.BLOCKED[texts.language_of(plan.batch[-1].text)]
    return Draft(_plain(partition, plan, text), "blocked", window=0, exclude_batch=True)


def failure_text(partition: str, entry: Entry, cause: str) -> Entry:
    """The reply for a message that is given up; its cause goes to the poison queue with it."""
    text = texts.FAILED[texts.language_of(entry.text)]
    reply = Entry.reply_to([entry], text, client_id(partition, entry.id, "failed"))
    return replace(reply, excluded=True, cause=cause)


def _plain(partition: str, plan: Plan, text: str) -> Entry:
    """A reply that the model will not see again."""
    return replace(
        Entry.reply_to(plan.batch, text, _reply_id(partition, plan), parts_of(text)), excluded=True
    )


def _reply_id(partition: str, plan: Plan) -> str:
    return client_id(partition, plan.batch[-1].id, "reply")


def _with_usage(reply: Entry, completion: Completion) -> Entry:
    return replace(
        reply,
        model=completion.model,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
    )
