"""From a plan to a reply: ask the model, or say plainly why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay import texts
from relay.bots import Bot
from relay.delivery import parts_of
from relay.errors import ModelBlocked, ModelRejected
from relay.history import reply_to
from relay.keys import client_id
from relay.ports import ChatModel, Clock, Completion
from relay.prompt import build_prompt
from relay.rows import REPLY_MAX_CHARS, Entry
from relay.window import Plan


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that is ready to be stored.

    Attributes:
        reply: the row.
        outcome: ``answered``, ``blocked`` or ``empty``.
        window: how many earlier messages the model was given.
        exclude_batch: the messages it answers must not enter the window either.
        guilty: rows of the window without which the model answered; they leave it.
    """

    reply: Entry
    outcome: str
    window: int
    exclude_batch: bool = False
    guilty: tuple[Entry, ...] = ()


async def ask(
    model: ChatModel, clock: Clock, bot: Bot, partition: str, plan: Plan, *, group: bool, deadline: int
) -> Draft:
    """Ask the model about a batch; once more without the window if it refuses both together.

    What was said earlier must not block the chat for ever: neither a history that a filter refuses nor one that is
    too long for the model.

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
    refusal: ModelBlocked | ModelRejected | None = None
    for window in (plan.window, ())[: 2 if plan.window else 1]:
        prompt = build_prompt(bot, window, plan.batch, group=group)
        try:
            completion = await model.complete(prompt, seconds=max(0.1, (deadline - clock.now()) / 1000))
        except (ModelBlocked, ModelRejected) as error:
            refusal = error
            continue
        guilty = plan.window if isinstance(refusal, ModelBlocked) else ()
        return replace(_draft(partition, plan, completion), window=len(window), guilty=guilty)
    if isinstance(refusal, ModelRejected):
        raise refusal
    text = texts.BLOCKED[texts.language_of(plan.batch[-1].text)]
    reply = reply_to(plan.batch, text, client_id(partition, plan.batch[-1].id, "reply"))
    return Draft(replace(reply, excluded=True), "blocked", window=0, exclude_batch=True)


def _draft(partition: str, plan: Plan, completion: Completion) -> Draft:
    newest = plan.batch[-1]
    reply_id = client_id(partition, newest.id, "reply")
    text = completion.text.strip()[:REPLY_MAX_CHARS]
    if text:
        reply = reply_to(plan.batch, text, reply_id, parts_of(text))
        return Draft(_with_usage(reply, completion), "answered", window=0)
    reply = reply_to(plan.batch, texts.EMPTY[texts.language_of(newest.text)], reply_id)
    return Draft(replace(_with_usage(reply, completion), excluded=True), "empty", window=0)


def failure_text(partition: str, entry: Entry, cause: str) -> Entry:
    """The reply for a message that is given up; its cause goes to the poison queue with it."""
    text = texts.FAILED[texts.language_of(entry.text)]
    reply = reply_to([entry], text, client_id(partition, entry.id, "failed"))
    return replace(reply, excluded=True, cause=cause)


def _with_usage(reply: Entry, completion: Completion) -> Entry:
    return replace(
        reply,
        model=completion.model,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
    )
