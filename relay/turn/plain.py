"""Replies for which the model is not asked: a greeting, over a limit, switched off, nothing but voice; and a limit's
warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relay.config.bots import Bot
from relay.frozen import replaced
from relay.keys import client_id
from relay.memory.rows import Entry
from relay.texts import Texts
from relay.turn.asking import Draft


def needs_no_model(bot: Bot, batch: Sequence[Entry]) -> bool:
    """Whether the model is not asked about a batch. One that is over a limit is so as a whole."""
    return not bot.enabled or bool(batch[0].limited) or _is_greeting(batch) or _is_unheard(bot, batch)


def _is_greeting(batch: Sequence[Entry]) -> bool:
    return batch[0].kind == "greeting"


def _is_unheard(bot: Bot, batch: Sequence[Entry]) -> bool:
    """Whether there is nothing but voice in it that nobody has understood, or will."""
    return all(
        entry.medium == "audio"
        and not entry.words
        and not entry.text.strip()
        and (bot.transcribe is None or bool(entry.unread))
        for entry in batch
    )


def plain_reply(bot: Bot, partition: str, batch: Sequence[Entry], now: int) -> Draft | None:
    """The one plain text for such a batch, None for another. It is not remembered; of the batch, voice alone is."""
    if not needs_no_model(bot, batch):
        return None
    newest = batch[-1]
    if _is_greeting(batch):
        text = bot.greeting or ""
        if bot.listen:
            text += "\n\n" + bot.texts.listens.say(text, name=bot.name)
        reply = Entry.reply_to(batch, text, client_id(partition, newest.id, "reply"))
        return Draft(replaced(reply, excluded=True), "greeted", window=0)
    texts, said = bot.texts, newest.text
    if bot.enabled and not newest.limited:
        plain = texts.not_understood if newest.unread else texts.cannot_listen
        reply = Entry.reply_to(batch, plain.say(said), client_id(partition, newest.id, "reply"))
        return Draft(replaced(reply, excluded=True), "unheard", window=0)
    if bot.enabled:
        when = texts.when(int(newest.limited), now, said)
        outcome, text = "limited", texts.limited.say(said, when=when)
    else:
        outcome, text = "disabled", texts.disabled.say(said)
    reply = Entry.reply_to(batch, text, client_id(partition, newest.id, "reply"))
    return Draft(replaced(reply, excluded=True), outcome, window=0, exclude_batch=True)


def with_warning(texts: Texts, draft: Draft, batch: Sequence[Entry], now: int) -> Draft:
    """A reply that says so if it answers the last message within a limit: in what is sent, not in what is remembered.

    Plain texts of ours (a content filter refused, there is no answer) stay as they are.
    """
    until = max(entry.warned for entry in batch)
    if draft.reply.excluded or not until or int(until) <= now:
        return draft
    said = batch[-1].text
    last = texts.last.say(said, when=texts.when(int(until), now, said))
    note = "\n\n".join(filter(None, (draft.reply.note, last)))
    return replace(draft, reply=replaced(draft.reply, note=note))
