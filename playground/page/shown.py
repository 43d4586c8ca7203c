"""The messages as the page shows them: who answers what, and how things stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playground.im.attach import caption_of
from playground.im.chats import Delivered
from playground.page.answers import answers_in
from playground.page.deeds import Deeds
from playground.page.journal import Journal
from playground.page.markdown import to_html
from playground.page.media import for_the_page
from playground.page.robot import bot_for, robot_of
from playground.page.standing import standing_of
from playground.page.watches import again_at
from relay.config.bot import Bot
from relay.inbound.routing import identities
from relay.messages import message_hash


class Shown:
    """Messages by id, in order of delivery, in the form of the page.

    Args:
        journal: what is known; it also learns here which message answers which.
        bots: the configured bots.
        deeds: how each message was sent.
    """

    def __init__(self, journal: Journal, bots: Iterable[Bot], deeds: Deeds) -> None:
        self._journal = journal
        self._bots = bots
        self._deeds = deeds
        self.messages: dict[str, dict[str, Any]] = {}
        self._cleared: set[str] = set()

    def settle(self, chat: str) -> list[dict[str, Any]]:
        """Bring the messages of a chat up to date after something became known; returns those that have changed."""
        known = [message for message in self._journal.messages.values() if message.chat == chat]
        messages = [message for message in known if message.changed != "deleted"]
        self._journal.answers.update(answers_in(messages, self._journal, self._bot_of))
        changed = []
        for message in (one for one in messages if one.server_id not in self._cleared):
            shown = self._user_message(message) if message.origin == "user" else self._bot_message(message)
            if shown != self.messages.get(message.server_id):
                self.messages[message.server_id] = shown
                changed.append(shown)
        return changed

    def take_away(self, chat: str) -> list[str]:
        """Take away what was deleted in a chat without a trace; returns the ids of what was shown until now."""
        deleted = [own for own in self.messages if self._journal.messages[own].changed == "deleted"]
        gone = [own for own in deleted if self.messages[own]["chat"] == chat]
        for own in gone:
            del self.messages[own]
            self._journal.answers.pop(own, None)
        return gone

    def clear(self, chat: str) -> list[str]:
        """Show what a chat holds by now no longer, though it stays everywhere else; returns the ids of that."""
        gone = [own for own, message in self.messages.items() if message["chat"] == chat]
        for own in gone:
            self.hide(own)
        return gone

    def hide(self, message: str) -> None:
        """Never show a message again, given its id."""
        self._cleared.add(message)
        self.messages.pop(message, None)

    def waiting(self) -> list[str]:
        """Ids of the messages that wait for their reply."""
        return [own for own, shown in self.messages.items() if shown["status"] == "waiting"]

    def _user_message(self, message: Delivered) -> dict[str, Any]:
        own = message.server_id
        standing = standing_of(self._journal, own, self._journal.replies_to(own))
        return {
            **_common(message),
            "html": None,
            "origin": "user",
            "bot": self._bot_of(message),
            "robot": robot_of(self._journal.posts_of(own)),
            "reply_to": None,
            "status": standing.status,
            "reason": standing.reason,
            "again_at": again_at(self._journal, own) if standing.status == "waiting" else None,
            "faults": self._deeds.faults_of(message.client_id),
        }

    def _bot_message(self, message: Delivered) -> dict[str, Any]:
        answered = self._journal.answers.get(message.server_id)
        return {
            **_common(message),
            "html": to_html(caption_of(message)),
            "origin": "bot",
            "bot": message.sender,
            "robot": None,
            "reply_to": answered[0] if answered else None,
            "status": "delivered",
            "reason": "",
            "again_at": None,
            "faults": [],
        }

    def _bot_of(self, message: Delivered) -> str | None:
        return bot_for(message, robot_of(self._journal.posts_of(message.server_id)), self._bots)


def log_id_of(message: Delivered) -> str:
    """What the relay's log lines know a message by: of a user's the hash of its ids, of a bot's its client id."""
    if message.origin != "user":
        return message.client_id
    return message_hash(identities(message.sender, message.client_id, message.server_id)[0])


def _common(message: Delivered) -> dict[str, Any]:
    return {
        "id": message.server_id,
        "log_id": log_id_of(message),
        "chat": message.chat,
        "sender": message.sender,
        "to": message.to,
        "team": message.to if message.team_kind else None,
        "text": caption_of(message),
        "medium": for_the_page(message),
        "at": message.at,
        "changed": message.changed,
        "growing": not message.finished and not message.changed,
    }
