"""What works with a message once it is queued, put together: the turns, their memory, the model, the IM server.

:mod:`relay.app` imports this when it is first needed: an acknowledgement does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property

from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bots import Bot, Bots
from relay.config.settings import Settings
from relay.errors import StorageError, StorageUnavailable
from relay.im.client import ImClient
from relay.media.download import Downloader
from relay.media.fetched import FetchedMedia
from relay.media.hosts import Hosts
from relay.memory.claim import Claims
from relay.memory.days import Days
from relay.memory.history import History
from relay.memory.lease import Leases
from relay.messages import Turn
from relay.model.chat import OpenAIChat
from relay.model.pictures import OpenAIPictures
from relay.model.speech import OpenAISpeech
from relay.outbox import Outbox
from relay.ports import ChatModel, Clock, Media, Messenger, Queues, Speech, Tables
from relay.storage.credential import AppCredential
from relay.sweep import bring_back_abandoned, drop_expired_days
from relay.tools import Toolbox
from relay.turn.delivery import Delivery
from relay.turn.limits import Limiter
from relay.turn.presence import Presence
from relay.turn.respond import Responses
from relay.turn.streaming import Streams
from relay.turn.task import Parts
from relay.turn.timing import Timing
from relay.turn.turn import Turns


class Answering:
    """The part of a relay that answers. The ports default to the real ones, which connect at their first use.

    Attributes:
        model, im, media, speech, toolbox: the ports that only it uses.
        days, history, claims, leases: what is stored of the conversations.
        limiter: counts messages against the limits of their bot.
    """

    def __init__(
        self,
        settings: Settings,
        bots: Bots,
        *,
        clock: Clock,
        timing: Timing,
        credential: AppCredential,
        tables: Tables,
        queues: Queues,
        outbox: Outbox,
        model: ChatModel | None,
        im: Messenger | None,
        media: Media | None,
        speech: Speech | None,
        toolbox: Callable[[], Awaitable[Toolbox]] | None,
    ) -> None:
        self._settings, self._bots, self._clock, self._timing = settings, bots, clock, timing
        self._credential, self._tables, self._queues, self._outbox = credential, tables, queues, outbox
        self._tools: Toolbox | None = None
        self._loading = asyncio.Lock()
        hosts = Hosts(settings.media_hosts)
        openai_speech = OpenAISpeech(settings, credential)
        self.model = model or OpenAIChat(settings, credential=credential)
        self.im = im or ImClient(
            app_key=settings.im_app_key,
            app_secret=settings.im_app_secret.get_secret_value(),
            region=settings.im_region,
            api_version=settings.im_api_version,
            api_url=settings.im_api_url,
            clock=clock,
            calls_per_minute=settings.im_calls_per_minute,
        )
        self.media = media or FetchedMedia(Downloader(hosts), hosts, openai_speech)
        self.speech = speech or openai_speech
        self.toolbox = toolbox or self._load_tools
        keep_ms = bots.longest_limit_minutes * MINUTE_MS + DAY_MS
        self.days = Days(tables, clock, keep_ms)
        self.history = History(self.days)
        self.claims = Claims(self.days)
        self.leases = Leases(tables, clock)
        self.limiter = Limiter(tables, clock)

    @cached_property
    def parts(self) -> Parts:
        """All that every turn uses."""
        streams = Streams(self.im, self._clock, by_v1=self._settings.im_api_version == "v1")
        return Parts(
            bots=self._bots,
            claims=self.claims,
            history=self.history,
            leases=self.leases,
            limiter=self.limiter,
            outbox=self._outbox,
            model=self.model,
            media=self.media,
            speech=self.speech,
            im=self.im,
            delivery=Delivery(self.history, self._outbox, self.im, self._clock, streams),
            presence=Presence(self.im, self._clock),
            toolbox=self.toolbox,
            clock=self._clock,
            timing=self._timing,
        )

    @cached_property
    def turns(self) -> Turns:
        """One step with one queue message."""
        return Turns(self.parts)

    @cached_property
    def responses(self) -> Responses:
        """One request of a ``response`` bot."""
        return Responses(self.parts)

    async def respond(self, turn: Turn, bot: Bot) -> str:
        """The reply of a ``response`` bot to one request.

        Raises:
            StorageUnavailable: the platform sends the request again.
        """
        try:
            return await self.responses.respond(turn, self._bots.get(bot.accid) or bot)
        except StorageError as error:
            raise StorageUnavailable(str(error)) from error

    async def sweep(self) -> None:
        """Drop expired history, bring back what the host abandoned.

        Raises:
            StorageUnavailable: the next run will do it.
        """
        await bring_back_abandoned(self._queues)
        await drop_expired_days(self._tables, self.days, self._clock)

    async def _load_tools(self) -> Toolbox:
        """The users' tools, imported once, in a thread: their code may take its time, and other turns go on."""
        async with self._loading:
            if self._tools is None:
                pictures = OpenAIPictures(self._settings, self._credential)
                self._tools = await asyncio.to_thread(Toolbox.load, self._settings.tools_file, pictures)
            return self._tools
