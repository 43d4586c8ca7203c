"""CPU time of a webhook request up to a handler that does nothing: signature, JSON, fields, whom it is for.

Ours goes further than a peer's handler: the turn is made as it goes on the queue, and its size checked. Each package is
driven in its leanest way, without threads, and none of them logs. All bodies have the same length.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import hmac
import json
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from relay.clock import SystemClock
from relay.config.bots import Bot, bots_in
from relay.config.settings import load_settings
from relay.inbound.webhook import Webhook
from relay.messages import Turn
from relay.signature import sign_inbound

BODY_BYTES = 1024
SECRET = "a-secret-of-32-characters-or-more"  # noqa: S105 - of nobody
WARM_UP = 200
"""Requests of each side before the first that counts: caches are filled, slow paths specialised."""

Request = tuple[dict[str, str], bytes]
"""Headers and body."""


def padded(body: dict[str, Any], text: Callable[[dict[str, Any], str], None]) -> bytes:
    """The body with a line of text that makes it ``BODY_BYTES`` long."""
    text(body, "")
    text(body, "a" * (BODY_BYTES - len(json.dumps(body).encode())))
    return json.dumps(body).encode()


class Relayed:
    """Ours: the webhook up to the queue."""

    def __init__(self) -> None:
        environ = {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "IM_APP_KEY": "bench",
            "IM_APP_SECRET": SECRET,
            "RELAY_MODEL_URL": "http://127.0.0.1:9/v1",
            "RELAY_MODEL_NAME": "none",
        }
        bots = bots_in({"bots": [{"accid": "helper", "name": "Helper", "system_prompt": "-"}]}, "bots.toml")
        self._queued = 0

        async def enqueue(turn: Turn, bot: Bot) -> None:
            self._queued += 1

        async def respond(turn: Turn, bot: Bot) -> str:
            raise AssertionError("no bot answers in the response")

        async def note(turn: Turn) -> None:
            raise AssertionError("nothing is taken back")

        self._webhook = Webhook(load_settings(environ), bots, SystemClock(), enqueue, respond, note)

    def request(self) -> Request:
        """A message copy, as the platform sends it."""
        now = SystemClock().now()
        copy = {
            "eventType": "1",
            "convType": "PERSON",
            "to": "helper",
            "fromAccount": "alice",
            "fromNick": "Alice",
            "fromClientType": "IOS",
            "fromDeviceId": uuid.uuid4().hex,
            "msgType": "TEXT",
            "msgTimestamp": str(now),
            "msgidClient": uuid.uuid4().hex,
            "msgidServer": str(uuid.uuid4().int % 10**15),
            "resendFlag": "0",
            "ip": "192.0.2.1",
            "port": "52413",
        }
        body = padded(copy, lambda copy, text: copy.update(body=text))
        return sign_inbound(SECRET, body, now), body

    async def handle(self, requests: list[Request]) -> None:
        """As the Function app does."""
        self._queued = 0
        for headers, body in requests:
            answer = await self._webhook.handle(headers, body)
            assert answer.status == 200, answer
        assert self._queued == len(requests)


class Slack:
    """slack-bolt: an event of a message to a listener, which runs before the response, as in a function."""

    TEAM = "T0000000001"

    def __init__(self) -> None:
        from slack_bolt import App
        from slack_bolt.authorization import AuthorizeResult

        self._handled = 0
        known = AuthorizeResult(enterprise_id=None, team_id=self.TEAM, bot_user_id="U0B", bot_token="")
        self._app = App(
            signing_secret=SECRET,
            authorize=lambda: known,
            process_before_response=True,
        )

        def message(event: dict[str, Any]) -> None:
            self._handled += 1

        self._app.event("message")(message)

    def request(self) -> Request:
        """An event callback of a direct message."""
        now = time.time()
        event = {
            "token": "verification-token",
            "team_id": self.TEAM,
            "api_app_id": "A0000000001",
            "type": "event_callback",
            "event_id": "Ev" + uuid.uuid4().hex[:10],
            "event_time": int(now),
            "authorizations": [
                {"enterprise_id": None, "team_id": self.TEAM, "user_id": "U0B", "is_bot": True}
            ],
            "is_ext_shared_channel": False,
            "event": {
                "type": "message",
                "channel": "D0000000001",
                "channel_type": "im",
                "user": "U0000000001",
                "client_msg_id": str(uuid.uuid4()),
                "ts": f"{now:.6f}",
                "team": self.TEAM,
            },
        }
        body = padded(event, lambda event, text: event["event"].update(text=text))
        stamp = str(int(now))
        signed = f"v0:{stamp}:".encode() + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": f"v0={digest}",
        }
        return headers, body

    async def handle(self, requests: list[Request]) -> None:
        """As its adapters do."""
        from slack_bolt import BoltRequest

        self._handled = 0
        for headers, body in requests:
            answer = self._app.dispatch(BoltRequest(body=body.decode(), headers=headers))
            assert answer.status == 200, answer.body
        assert self._handled == len(requests)


class Line:
    """line-bot-sdk: a message event to its handler."""

    def __init__(self) -> None:
        from linebot.v3.webhook import WebhookHandler
        from linebot.v3.webhooks import MessageEvent, TextMessageContent

        self._handled = 0
        self._handler = WebhookHandler(SECRET)

        def message(event: Any) -> None:
            self._handled += 1

        self._handler.add(MessageEvent, message=TextMessageContent)(message)

    def request(self) -> Request:
        """A webhook with the event of one message from a user."""
        events = {
            "destination": "U" + uuid.uuid4().hex,
            "events": [
                {
                    "type": "message",
                    "mode": "active",
                    "timestamp": int(time.time() * 1000),
                    "webhookEventId": uuid.uuid4().hex[:26],
                    "deliveryContext": {"isRedelivery": False},
                    "replyToken": uuid.uuid4().hex,
                    "source": {"type": "user", "userId": "U" + uuid.uuid4().hex},
                    "message": {
                        "id": str(uuid.uuid4().int % 10**18),
                        "type": "text",
                        "quoteToken": uuid.uuid4().hex,
                    },
                }
            ],
        }
        body = padded(events, lambda events, text: events["events"][0]["message"].update(text=text))
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
        return {"x-line-signature": base64.b64encode(digest).decode()}, body

    async def handle(self, requests: list[Request]) -> None:
        """As its examples do."""
        self._handled = 0
        for headers, body in requests:
            self._handler.handle(body.decode(), headers["x-line-signature"])
        assert self._handled == len(requests)


async def compare(requests: int, rounds: int) -> None:
    """Measure all in turn and print the middle of the rounds."""
    sides: dict[str, Relayed | Slack | Line] = {
        "relay": Relayed(),
        "slack-bolt": Slack(),
        "line-bot-sdk": Line(),
    }
    for side in sides.values():
        await side.handle([side.request() for _ in range(WARM_UP)])
    spent: dict[str, list[float]] = {name: [] for name in sides}
    gc.freeze()  # what the packages have loaded is not looked through again during a round
    for _ in range(rounds):
        for name, side in sides.items():
            sent = [side.request() for _ in range(requests)]
            gc.collect()
            began = time.process_time()
            await side.handle(sent)
            spent[name].append((time.process_time() - began) * 1e6 / requests)
    print(
        f"\nWebhook: verify and dispatch a body of {BODY_BYTES} bytes; the middle of {rounds} rounds of {requests}"
    )
    print(f"{'':>14}  {'CPU µs':>7}  {'lowest':>7}  {'to ours':>7}")
    for name, each in spent.items():
        ratio = statistics.median(theirs / ours for theirs, ours in zip(each, spent["relay"], strict=True))
        print(f"{name:>14}  {statistics.median(each):>7.1f}  {min(each):>7.1f}  {ratio:>7.2f}")


if __name__ == "__main__":
    asyncio.run(compare(500, 15))
