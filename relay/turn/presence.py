"""That the bot is there: it is seen to type while the model works, and to have read what it was sent; and what a reply
quotes.

None of it is stored, delays a turn, or fails one. What could not be shown is not shown later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.clock import MINUTE_MS
from relay.config.bots import Bot
from relay.errors import ImError
from relay.keys import is_server_id, server_id_of, time_of
from relay.memory.rows import Entry
from relay.messages import Message, client_id_of
from relay.ports import Clock, Messenger
from relay.signals import Original, Read, Signal, Typing

log = logging.getLogger(__name__)

TYPING_SECONDS = 2.5
"""Between two notifications: the vendor's UI kit for Android shows one for 3 seconds."""

RECEIPT_SECONDS = 5.0
"""How long a receipt may take. It goes beside the turn, which does not wait for it."""


class Presence:
    """Shows what a bot does with a message before it answers."""

    def __init__(self, im: Messenger, clock: Clock) -> None:
        self._im = im
        self._clock = clock
        self._receipts: set[asyncio.Task[None]] = set()
        self._complained_at: int | None = None

    @asynccontextmanager
    async def typing(self, message: Message, *, on: bool) -> AsyncIterator[None]:
        """The bot is seen to type until this ends, if it is ``on``; in private chats, as the apps show nothing else."""
        if not on or message.team:
            yield
            return
        task = asyncio.create_task(self._keep_typing(Typing(message.bot, message.sender)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def read(self, bot: Bot, message: Message) -> None:
        """Begin to tell the sender that the bot has read a message that is safe now."""
        if bot.read_receipts and not message.joined:
            task = asyncio.create_task(self._show(Read(message.bot, _original(message)), RECEIPT_SECONDS))
            self._receipts.add(task)  # the loop keeps no reference of its own
            task.add_done_callback(self._receipts.discard)

    async def _keep_typing(self, typing: Typing) -> None:
        while True:
            again_at = self._clock.now() + int(TYPING_SECONDS * 1000)
            await self._show(typing, TYPING_SECONDS)
            await self._clock.sleep(max(0, again_at - self._clock.now()) / 1000)

    async def _show(self, signal: Signal, seconds: float) -> None:
        try:
            await self._im.signal(signal, seconds=seconds)
        except ImError as error:
            now, before = self._clock.now(), self._complained_at
            if before is None or not before <= now < before + MINUTE_MS:
                self._complained_at = now
                log.warning(
                    "the IM server does not show typing or receipts bot=%s cause=%s; answers are not affected",
                    signal.bot,
                    error.cause,
                )


def quoted(message: Message, reply: Entry) -> Original | None:
    """The newest message that a reply answers, by what its row says; None when that is not enough to quote it.

    Args:
        message: any of the reply's conversation; says where that is.
        reply: the reply.
    """
    server_id, client_id = server_id_of(reply.key), client_id_of(reply.id, reply.sender)
    if not server_id or not client_id or reply.sender == message.bot:
        return None
    team_kind = message.team_kind if message.team else None
    return Original(
        reply.sender, message.team or message.bot, time_of(reply.key), server_id, client_id, team_kind
    )


def _original(message: Message) -> Original:
    return Original(
        message.sender,
        message.team or message.bot,
        message.at,
        message.server_id if is_server_id(message.server_id) else "",
        client_id_of(message.id, message.sender),
        message.team_kind if message.team else None,
    )
