"""From a plan to a reply: ask the model, or say plainly why there is no answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay import texts
from relay.bots import Bot
from relay.delivery import parts_of
from relay.errors import ModelBlocked
from relay.history import reply_to
from relay.keys import client_id
from relay.ports import ChatModel, Completion
from relay.prompt import build_prompt
from relay.rows import REPLY_MAX_CHARS, Entry
from relay.window import Plan


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that is ready to be stored.

    Attributes:
        reply: the row.
        exclude_batch: the messages it answers must not enter the window either.
        outcome: ``answered``, ``blocked`` or ``empty``.
    """

    reply: Entry
    exclude_batch: bool
    outcome: str


async def ask(
    model: ChatModel, bot: Bot, partition: str, plan: Plan, *, group: bool, seconds: float
) -> Draft:
    """Ask the model about a batch.

    Raises:
        ModelUnavailable, ModelRejected: there is no answer now, or never.
    """
    prompt = build_prompt(bot, plan.window, plan.batch, group=group)
    language = texts.language_of(plan.batch[-1].text)
    reply_id = client_id(partition, plan.batch[-1].id, "reply")
    try:
        completion = await model.complete(prompt, seconds=seconds)
    except ModelBlocked:
        reply = reply_to(plan.batch, texts.BLOCKED[language], reply_id)
        return Draft(replace(reply, excluded=True), exclude_batch=True, outcome="blocked")
    text = completion.text.strip()[:REPLY_MAX_CHARS]
    if not text:
        reply = reply_to(plan.batch, texts.EMPTY[language], reply_id)
        return Draft(
            replace(_with_usage(reply, completion), excluded=True), exclude_batch=False, outcome="empty"
        )
    reply = reply_to(plan.batch, text, reply_id, parts_of(text))
    return Draft(_with_usage(reply, completion), exclude_batch=False, outcome="answered")


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
