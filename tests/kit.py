"""The handler tests' relay: the app's own triggers over in-memory doubles, driven as the IM platform and the queue do.

::

    def test_greets(relay):
        response = relay.post("hello", to="helper", sender="alice")
        assert response.status_code == 200
        assert relay.replies == ["Hi alice"]
"""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

import function_app
from relay.app import Relay
from relay.config.bots import Bots, load_bots
from relay.config.settings import Settings
from relay.failures import FailureRecord
from relay.messages import Turn
from relay.outbox import FAILED, TURNS
from relay.signature import sign_inbound
from tests.doubles import ManualClock, MemoryQueues, MemoryTables, RecordingMessenger, ScriptedModel

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

    Args:
        settings: as the app reads them.
        folder: where a bots file may be written.

    Attributes:
        model, im, tables, queues, clock: the doubles; see :mod:`tests.doubles`.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.clock = ManualClock()
        self.tables = MemoryTables()
        self.queues = MemoryQueues(self.clock)
        self.model = ScriptedModel(default=lambda prompt: f"Hi {self._sender}")
        self.im = RecordingMessenger(now=self.clock.now)
        self._folder = folder
        self._sender = ""
        self.configure(BOTS_TOML)

    def configure(self, bots_toml: str, **settings: Any) -> None:
        """Start the app anew with another bots file or other settings; what is stored stays."""
        path = self._folder / "bots.toml"
        path.write_text(bots_toml, encoding="utf-8")
        self.restart(load_bots(path), self.settings.model_copy(update=settings))

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
        )
        function_app.relay = self.app

    @property
    def replies(self) -> list[str]:
        """The texts that users have seen, in order."""
        return [shown.text for shown in self.im.shown]

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
        body = {
            "robotAccid": to,
            "fromAccount": sender,
            "convType": "PERSON",
            "to": to,
            "msgType": "TEXT",
            "body": text,
            "msgTimestamp": str(self.clock.now()),
            "msgidClient": uuid.uuid4().hex,
            "robotInfo": robot,
        }
        return self.post_body(body, run=run)

    def post_body(self, body: dict[str, Any], *, run: bool = True) -> func.HttpResponse:
        """Sign any body and post it."""
        self._sender = str(body.get("fromAccount", ""))
        raw = json.dumps(body, ensure_ascii=False).encode()
        secret = self.settings.im_app_secret.get_secret_value()
        return self.post_raw(raw, sign_inbound(secret, raw, self.clock.now()), run=run)

    def post_raw(self, raw: bytes, headers: dict[str, str], *, run: bool = True) -> func.HttpResponse:
        """Post bytes with headers of your own."""
        request = func.HttpRequest(
            method="POST", url="/api/webhook", headers=headers, params={"code": "key"}, body=raw
        )
        response: func.HttpResponse = asyncio.run(function_app.webhook(request))
        if run:
            self.run()
        return response

    def run(self) -> None:
        """Feed every visible queue message to ``answer``, until none is left."""
        while taken := asyncio.run(self.queues.receive(TURNS, hide_seconds=600)):
            for message in taken:
                trigger = QueueMessage(  # type: ignore[no-untyped-call]
                    id=message.receipt.id, body=message.text, dequeue_count=message.deliveries
                )
                asyncio.run(function_app.answer(trigger))
                asyncio.run(self.queues.delete(TURNS, message.receipt))

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
        asyncio.run(function_app.sweep(TimerRequest()))
