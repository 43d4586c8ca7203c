"""Which message of a user each message of a bot answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice

from playground.im.chats import Delivered
from playground.page.journal import Journal
from relay import spans
from relay.texts import RELAYS_OWN

NOT_YET = frozenset((RELAYS_OWN.thinking.en, RELAYS_OWN.thinking.zh))
"""What a ``response`` bot says when its time is up."""

Answers = dict[str, list[str]]
"""Id of a bot's message → ids of the users' messages that it answers, the message that asked first before the rest."""


def answers_in(
    chat: Iterable[Delivered], journal: Journal, bot_of: Callable[[Delivered], str | None]
) -> Answers:
    """Read a chat from its beginning.

    The relay's spans tell it exactly. Until they are there, which takes a moment, a reply answers the oldest message
    that waits for this bot; where no spans come at all, all that wait for it.

    Args:
        chat: the messages of one chat, in order of delivery.
        journal: what is known.
        bot_of: accid of the bot that a user's message is for, None when it is for none.
    """
    found: Answers = {}
    waiting: dict[str, list[str]] = {}
    for message in chat:
        if message.origin == "user":
            if (bot := bot_of(message)) and not _refused(journal, message.server_id):
                waiting.setdefault(bot, []).append(message.server_id)
            continue
        queue = waiting.setdefault(message.sender, [])
        known = _told_by_spans(journal, message) or _told_by_response(journal, message, queue)
        if not known:
            known = queue[:1] if journal.sees_into(message.server_id) else list(queue)
        if message.text in NOT_YET:
            continue  # the answer follows
        found[message.server_id] = known
        waiting[message.sender] = [asked for asked in queue if asked not in known]
    return found


def _told_by_spans(journal: Journal, reply: Delivered) -> list[str]:
    for send in journal.sends_of(reply.client_id):
        for span in journal.ancestors(send):
            store = journal.store_of(str(span.attributes.get(spans.REPLY, "")))
            if store is not None and (covered := journal.covered_by(store)):
                return covered
        if owner := journal.owner_of(send.trace):  # a command's confirmation: nothing is stored
            return [owner]
    return []


def _told_by_response(journal: Journal, reply: Delivered, waiting: Iterable[str]) -> list[str]:
    """A reply in the webhook's own response, which the platform reads from chatbot requests only."""
    if reply.origin != "response":
        return []
    answered = (
        asked
        for asked in waiting
        if any(post.input == "chatbot" and post.reply() == reply.text for post in journal.posts_of(asked))
    )
    return list(islice(answered, 1))


def _refused(journal: Journal, message: str) -> bool:
    """True when every request about a message has ended and none was taken."""
    posts = journal.posts_of(message)
    return bool(posts) and all(post.ended and not _taken(post.status, post.body) for post in posts)


def _taken(status: int | None, body: str) -> bool:
    if status != 200:
        return False
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return not (isinstance(answer, dict) and answer.get("status") == "ignored")
