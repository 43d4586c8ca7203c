"""The handler tests' relay: the app's own triggers over in-memory doubles, driven as the IM platform and the queue do.

::

    def test_greets(relay):
        response = relay.post("hello", to="helper", sender="alice")
        assert response.status_code == 200
        assert relay.replies == ["Hi alice"]
"""

from __future__ import annotations

import asyncio
import atexit
import json
import tomllib
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, NoReturn, TypeVar

import azure.functions as func
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

import function_app
from relay.app import Relay
from relay.config.bots import Bots, bots_in
from relay.config.settings import Settings
from relay.failures import FailureRecord
from relay.keys import LEASE_TABLE, conversation_key
from relay.memory.lease import Leases
from relay.messages import Message, Turn
from relay.outbox import FAILED, TURNS
from relay.outgoing import Medium
from relay.signature import sign_inbound
from tests.doubles import (
    HostKilled,
    ManualClock,
    MemoryMedia,
    MemoryPictures,
    MemoryQueues,
    MemorySpeech,
    MemoryTables,
    RecordingMessenger,
    RecordingTools,
    ScriptedModel,
)

T = TypeVar("T")

HIDE_SECONDS = 600
"""How long the function host hides a message that it has taken; no setting changes it."""

BOTS_TOML = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."

[[bots]]
accid = "echo"
name = "Echo"
system_prompt = "Repeat."
reply = "response"
"""


class RelayKit:
    """A relay in memory.

    A handler of a double may use the kit, too: what it posts comes while the call it handles is under way.

    Args:
        settings: as the app reads them.

    Attributes:
        model, im, media, speech, pictures, tools, tables, queues, clock: the doubles; see :mod:`tests.doubles`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = ManualClock()
        self.tables = MemoryTables(now=self.clock.now)
        self.queues = MemoryQueues(self.clock)
        self.model = ScriptedModel(default=lambda prompt: f"Hi {self._sender}")
        self.im = RecordingMessenger(now=self.clock.now)
        self.media = MemoryMedia()
        self.speech = MemorySpeech()
        self.pictures = MemoryPictures()
        self.tools = RecordingTools(settings.tools_file, self.pictures)
        self._sender = ""
        self.configure(BOTS_TOML)

    def configure(self, bots_toml: str, **settings: Any) -> None:
        """Start the app anew with another bots file or other settings; what is stored stays."""
        self._bots_file = tomllib.loads(bots_toml)
        self.restart(bots_in(self._bots_file, "bots.toml"), self.settings.model_copy(update=settings))

    def configure_bot(self, accid: str = "helper", /, **keys: Any) -> None:
        """Start the app anew with some keys of one bot changed, or with one bot more."""
        bots = self._bots_file["bots"]
        bot = next((bot for bot in bots if bot["accid"] == accid), None)
        if bot is None:
            bots.append(bot := {"accid": accid})
        bot.update(keys)
        self.restart(bots_in(self._bots_file, "bots.toml"), self.settings)

    def restart(self, bots: Bots, settings: Settings) -> None:
        """A fresh process on the same storage."""
        self.settings = settings
        self.app = Relay(
            settings,
            bots,
            clock=self.clock,
            tables=self.tables,
            queues=self.queues,
            model=self.model,
            im=self.im,
            media=self.media,
            speech=self.speech,
            toolbox=self._toolbox,
            random=lambda: 1.0,  # delays are not left to chance: each is its longest
        )
        function_app.relay = self.app

    async def _toolbox(self) -> RecordingTools:
        return self.tools

    @property
    def replies(self) -> list[str]:
        """The texts that users have seen, in order."""
        return [shown.text for shown in self.im.shown if shown.medium is None]

    @property
    def sent(self) -> list[Medium]:
        """The pictures, files and so on that users have seen, in order: ``[Picture("https://…")]``."""
        return [shown.medium for shown in self.im.shown if shown.medium is not None]

    @property
    def failed(self) -> list[FailureRecord]:
        """The records of messages that ended without an answer."""
        return [FailureRecord.from_json(text) for text in self.queues.texts(FAILED)]

    @property
    def waiting(self) -> list[Turn]:
        """The turns on the queue, invisible ones too."""
        return [Turn.from_json(text) for text in self.queues.texts(TURNS)]

    def copy(self, text: str, to: str = "helper", sender: str = "alice", **fields: Any) -> dict[str, Any]:
        """The body of a message copy; ``team`` makes it a group message, other fields are set as they are."""
        team = fields.pop("team", None)
        return {
            "eventType": "1",
            "convType": "TEAM" if team else "PERSON",
            "to": team or to,
            "fromAccount": sender,
            "fromClientType": "IOS",
            "msgType": "TEXT",
            "body": text,
            "msgTimestamp": str(fields.pop("at", self.clock.now())),
            "msgidClient": fields.pop("client_id", uuid.uuid4().hex),
            "msgidServer": str(uuid.uuid4().int % 10**15),
            **fields,
        }

    def chatbot(self, text: str, to: str = "helper", sender: str = "alice", **fields: Any) -> dict[str, Any]:
        """The body of a request of the console's custom chatbot webhook; other fields are set as they are."""
        return {
            "robotAccid": to,
            "fromAccount": sender,
            "convType": "PERSON",
            "to": to,
            "msgType": "TEXT",
            "body": text,
            "msgTimestamp": str(fields.pop("at", self.clock.now())),
            "msgidClient": fields.pop("client_id", uuid.uuid4().hex),
            "robotInfo": {},
            **fields,
        }

    def post(
        self, text: str, to: str = "helper", sender: str = "alice", *, run: bool = True, **fields: Any
    ) -> func.HttpResponse:
        """Send a user's message to the webhook as a signed message copy, and let the queue run.

        Args:
            text: what the user writes.
            to: accid of the bot.
            sender: accid of the user.
            run: feed what is queued to ``answer`` at once.
            fields: of :meth:`copy`.
        """
        return self.post_body(self.copy(text, to, sender, **fields), run=run)

    def post_chatbot(
        self, text: str, to: str = "helper", sender: str = "alice", *, run: bool = True, **robot: str
    ) -> func.HttpResponse:
        """Send a user's message as the console's custom chatbot webhook; ``robot`` holds robotInfo fields."""
        return self.post_body(self.chatbot(text, to, sender, robotInfo=robot), run=run)

    def add_to_group(
        self, *bots: str, team: str = "42", sender: str = "alice", run: bool = True, **fields: Any
    ) -> func.HttpResponse:
        """A user adds bots to a group: what the platform reports of it, in which nobody says anything.

        Args:
            bots: accids of the bots, or of anybody else.
            team: id of the group.
            sender: accid of the user who adds them.
            run: feed what is queued to ``answer`` at once.
            fields: of :meth:`copy`.
        """
        attach = json.dumps({"id": 0, "data": {"ids": bots}})
        notification = {"msgType": "NOTIFICATION", "attach": attach, **fields}
        return self.post_body(self.copy("", sender=sender, team=team, **notification), run=run)

    def post_body(self, body: dict[str, Any], *, run: bool = True) -> func.HttpResponse:
        """Sign any body and post it."""
        self._sender = str(body.get("fromAccount", self._sender))
        raw = json.dumps(body, ensure_ascii=False).encode()
        secret = self.settings.im_app_secret.get_secret_value()
        return self.post_raw(raw, sign_inbound(secret, raw, self.clock.now()), run=run)

    def recall(self, said: dict[str, Any], *, run: bool = True, **fields: Any) -> func.HttpResponse:
        """Its sender recalls a message; the platform tells the webhook.

        Args:
            said: the body of the message's copy, as :meth:`copy` makes it.
            run: feed what is queued to ``answer`` at once.
            fields: of the recall's copy, set as they are.
        """
        told = self._about(said, {"PERSON": "7", "TEAM": "8", "SUPER_TEAM": "25"})
        times = {"sendTime": said["msgTimestamp"], "deleteTime": str(self.clock.now())}
        return self.post_body(told | times | fields, run=run)

    def edit(self, said: dict[str, Any], text: str, *, run: bool = True, **fields: Any) -> func.HttpResponse:
        """Its sender changes the words of a message; arguments as for :meth:`recall`."""
        told = self._about(said, {"PERSON": "89", "TEAM": "90", "SUPER_TEAM": "91"})
        edited = {"modifyAccountId": said["fromAccount"], "modifyTime": self.clock.now(), "text": text}
        return self.post_body(told | edited | fields, run=run)

    def refuse(self, *said: dict[str, Any], run: bool = True) -> func.HttpResponse:
        """Moderation refuses messages that were sent before; arguments as for :meth:`recall`."""
        objects = [
            {
                "type": f"{'P2P' if each['convType'] == 'PERSON' else each['convType']}_MSG_PICTURE",
                "from": each["fromAccount"],
                "to": each["to"],
                "clientMsgId": each["msgidClient"],
                "serverMsgId": each["msgidServer"],
                "antispam": "true",
            }
            for each in said
        ]
        return self.post_body({"eventType": "20", "objects": json.dumps(objects)}, run=run)

    def _about(self, said: dict[str, Any], events: dict[str, str]) -> dict[str, Any]:
        return {
            "eventType": events[said["convType"]],
            "from": said["fromAccount"],
            "to": said["to"],
            "fromClientType": "IOS",
            "clientId": said["msgidClient"],
            "msgId": said["msgidServer"],
        }

    def post_raw(self, raw: bytes, headers: dict[str, str], *, run: bool = True) -> func.HttpResponse:
        """Post bytes with headers of your own."""
        request = func.HttpRequest(
            method="POST", url="/api/webhook", headers=headers, params={"code": "key"}, body=raw
        )
        response: func.HttpResponse = func.HttpResponse(
            status_code=502
        )  # what the platform reads when the process dies
        with self._process():
            response = _finish(function_app.webhook(request))
        if run:
            self.run()
        return response

    def run(self) -> None:
        """Feed every visible queue message to ``answer``, until none is left."""
        while taken := _finish(self.queues.receive(TURNS, hide_seconds=HIDE_SECONDS)):
            with self._process():
                for message in taken:
                    trigger = QueueMessage(  # type: ignore[no-untyped-call]
                        id=message.receipt.id, body=message.text, dequeue_count=message.deliveries
                    )
                    _finish(function_app.answer(trigger))
                    _finish(self.queues.delete(TURNS, message.receipt))

    def wait(self, seconds: float = 0) -> None:
        """Let time pass, running the queue at each moment when a message becomes visible."""
        end = self.clock.now() + int(seconds * 1000)
        self.run()
        while (at := self.queues.next_visible_at(TURNS)) is not None and at <= end:
            self.clock.set(max(at, self.clock.now()))
            self.run()
        self.clock.set(max(end, self.clock.now()))

    def settle(self) -> None:
        """Let time pass until the queue is empty."""
        for _ in range(1000):
            at = self.queues.next_visible_at(TURNS)
            if at is None:
                return
            self.clock.set(max(at, self.clock.now()))
            self.run()
        raise AssertionError("the queue does not become empty")

    def sweep(self) -> None:
        """Fire the timer."""
        with self._process():
            _finish(function_app.sweep(TimerRequest()))

    def hold_lease(
        self,
        to: str = "helper",
        sender: str = "alice",
        *,
        team: str | None = None,
        seconds: float | None = None,
        crashes: int = 0,
    ) -> Callable[[], None]:
        """Another worker holds a conversation's lease, as for a turn of its own.

        Args:
            to: accid of the bot.
            sender: accid of the user.
            team: the group, else the private chat.
            seconds: until the lease ends, the time of a turn when None. One that has ended: its holder has died.
            crashes: how many holders before this one have died over the conversation.

        Returns:
            What gives it back.
        """
        bot = self.app.bots.get(to)
        assert bot is not None, f"no bot {to}"
        lasting = self.app.timing.lease_seconds(bot) if seconds is None else seconds
        leases = Leases(self.tables, self.clock)
        lease = _finish(leases.take(conversation_key(Message(to, sender, "", 0, "", team=team)), lasting))
        assert lease is not None, f"somebody holds a lease of {LEASE_TABLE} already"
        if crashes:
            lease = _finish(leases.note(lease, crashes=crashes, suspect=""))
        return lambda: _finish(leases.release(lease))

    def kill_host(self) -> NoReturn:
        """The process dies here and now; for a handler of a double.

        It does nothing more, not even in a ``finally``: its leases stay until they end, and the queue messages that
        it has taken stay hidden as long as the host hides them. A new process takes over.
        """
        self.tables.killed = self.queues.killed = True
        raise HostKilled

    @contextmanager
    def _process(self) -> Iterator[None]:
        """What runs here dies with its process; then a new one begins."""
        try:
            yield
        except HostKilled:
            self.tables.killed = self.queues.killed = False
            self.restart(self.app.bots, self.settings)


_LOOP = asyncio.Runner(loop_factory=asyncio.new_event_loop)
"""One event loop for all calls, one after the other, as a host has: a new one for each takes as long as a turn."""

atexit.register(_LOOP.close)


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, in a handler of a double as well: there a loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _LOOP.run(_alone(work), context=copy_context())
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


async def _alone(work: Coroutine[Any, Any, T]) -> T:
    """Nothing that it has begun outlives it."""
    try:
        result = await work
        await asyncio.sleep(0)  # what it has begun last comes to its first call
        return result
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
