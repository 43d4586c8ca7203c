"""What the page shows of one message: its timeline, and what is stored of its conversation."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from playground.im.chats import Delivered
from playground.page.guard import ApiError
from playground.page.journal import Journal
from playground.page.robot import bot_for, robot_of
from playground.page.round_rows import may_call, read_rounds
from playground.page.rows import no_rows, stored_rows
from playground.page.shown import log_id_of
from playground.page.timeline import timeline_of
from playground.page.words import say
from relay import spans
from relay.config.bot import Bot
from relay.errors import StorageUnavailable
from relay.keys import conversation_key, parts_of_key
from relay.messages import Message
from relay.ports import Tables

NOT_OURS = "The storage is somebody else's: its rows cannot be read from here."
NO_BOT = "This message is for no bot: nothing of it is stored."


class Inspector:
    """Looks into single messages; every method raises ApiError when there is no such message.

    Args:
        journal: what is known.
        bots: the configured bots.

    Attributes:
        keep_ms: how long after the end of its day a table of history is kept.
    """

    def __init__(self, journal: Journal, bots: Iterable[Bot], keep_ms: int) -> None:
        self._journal = journal
        self._bots = bots
        self.keep_ms = keep_ms

    async def timeline(self, message: str, tables: Tables | None) -> dict[str, Any]:
        """The timeline of a user's message, or of the one that a bot's message answers; ``tables`` as for the rows."""
        asked = self._asked(message)
        partition = self._partition(asked)
        if tables is not None and partition is not None and may_call(self._journal, asked):
            with suppress(StorageUnavailable):  # what the spans tell is shown all the same
                await read_rounds(self._journal, asked, partition, tables)
        found = timeline_of(self._journal, asked).as_json()
        own = log_id_of(self._journal.messages[asked])
        return found | {"log_ids": [own, *([partition] if partition else [])]}

    async def rows(self, message: str, tables: Tables | None) -> dict[str, Any]:
        """What is stored of the conversation of a message; ``tables`` is None when they cannot be read."""
        partition = self._partition(self._asked(message))
        if tables is None:
            return no_rows(say(NOT_OURS))
        if partition is None:
            return no_rows(say(NO_BOT))
        try:
            return await stored_rows(tables, partition, self.keep_ms, self._about)
        except StorageUnavailable as error:
            return no_rows(str(error))

    def _asked(self, message: str) -> str:
        if message not in self._journal.messages:
            raise ApiError(404, "not_found", say("no such message"))
        if self._journal.messages[message].origin == "user":
            return message
        answered = self._journal.answers.get(message)
        if not answered:
            raise ApiError(404, "not_found", say("it is not known which message this one answers"))
        return answered[0]

    def _partition(self, message: str) -> str | None:
        for trace in self._journal.traces_of(message):
            for span in self._journal.spans_of(trace):
                if spans.CONVERSATION in span.attributes:
                    return str(span.attributes[spans.CONVERSATION])
        return self._partition_by_its_name(self._journal.messages[message])

    def _partition_by_its_name(self, message: Delivered) -> str | None:
        """Without spans: the partition that the relay's naming gives."""
        robot = robot_of(self._journal.posts_of(message.server_id))
        bot = bot_for(message, robot, self._bots)
        if bot is None:
            return None
        place = Message(bot, message.sender, id="", at=0, text="", topic=(robot or {}).get("topic", ""))
        if message.team_kind:
            place = replace(place, team=message.to, team_kind=message.team_kind)
        return conversation_key(place)

    def _about(self, key: str) -> list[str]:
        message_hash, kind = parts_of_key(key)
        message = self._journal.message_of(message_hash)
        if message is None:
            return []
        return self._journal.replies_to(message) if kind == "0" else [message]
