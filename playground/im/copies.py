"""The requests that the platform posts to a webhook: message copies and chatbot requests."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal

import aiohttp
from yarl import URL

from playground.im.chats import Delivered, Team
from playground.im.faults import Delivery
from playground.im.signing import sign_request
from playground.record import Record

Input = Literal["copy", "chatbot"]

COPY_TIMEOUT_SECONDS = 5.0
"""The platform's patience with a message copy (doc jQ4ODE0NTY)."""

CHATBOT_TIMEOUT_SECONDS = 30.0
"""Patience with a chatbot request. Not public: long enough for an answer that comes in the response."""

DELIVERED_STATUSES = (200, 500)
"""Statuses that count as delivered (doc jQ4ODE0NTY)."""

MEMBERS_NAMED_UP_TO = 200
"""Larger groups are copied without their members."""

NO_HEADERS: Mapping[str, str] = {}

_CONV_TYPE = {None: "PERSON", "team": "TEAM", "super_team": "SUPER_TEAM"}


@dataclass(frozen=True, slots=True)
class RobotInfo:
    """What the client app's ``robotInfo`` says; empty fields are left out."""

    function: str = ""
    topic: str = ""
    customContent: str = ""  # noqa: N815 (the wire's name)
    account: str = ""

    def fields(self) -> dict[str, str]:
        """The fields that are set."""
        values = {
            "function": self.function,
            "topic": self.topic,
            "customContent": self.customContent,
            "account": self.account,
        }
        return {name: value for name, value in values.items() if value}


def message_copy(
    message: Delivered, *, nick: str = "", ext: str = "", team: Team | None = None
) -> dict[str, Any]:
    """Body of a session copy (doc DI3OTg5Mjg): strings throughout, ``attach`` too; neither robotInfo nor mentions."""
    body = {
        "eventType": "1",
        **_common(message, nick),
        "resendFlag": "0",
        "attach": message.attach,
        "ext": ext,
    }
    if team is not None and len(team.members) <= MEMBERS_NAMED_UP_TO:
        body["tMembers"] = f"[{', '.join(team.members)}]"
    return body


def recall_copy(message: Delivered, now: int) -> dict[str, str]:
    """Body of the copy of a recall (doc TcxNzU4NzU): no convType, no bot."""
    event = {None: "7", "team": "8", "super_team": "25"}[message.team_kind]
    times = {"sendTime": str(message.at), "deleteTime": str(now)}
    return {"eventType": event, **_about(message), **times, "fromClientType": "WEB", "selfMsg": "false"}


def edit_copy(message: Delivered, text: str, now: int) -> dict[str, Any]:
    """Body of the copy of an edit, which does not say when the message was sent."""
    event = {None: "89", "team": "90", "super_team": "91"}[message.team_kind]
    edited = {"modifyAccountId": message.sender, "modifyTime": now, "text": text}
    return {"eventType": event, **_about(message), **edited, "fromClientType": "WEB"}


def _about(message: Delivered) -> dict[str, str]:
    return {
        "from": message.sender,
        "to": message.to,
        "msgId": message.server_id,
        "clientId": message.client_id,
    }


def chatbot_request(
    message: Delivered, robot: RobotInfo, *, bot: str, nick: str = "", ext: str = ""
) -> dict[str, Any]:
    """Body of a request to a custom chatbot webhook. The vendor's schema is not public; this is our reading."""
    body = {"robotAccid": bot, **_common(message, nick), "ext": ext, "robotInfo": robot.fields()}
    return body | {"attach": message.attach} if message.attach else body


def _common(message: Delivered, nick: str) -> dict[str, str]:
    return {
        "convType": _CONV_TYPE[message.team_kind],
        "to": message.to,
        "fromAccount": message.sender,
        "fromClientType": "WEB" if message.origin == "user" else "REST",
        "fromNick": nick or message.sender,
        "msgTimestamp": str(message.at),
        "msgType": message.msg_type,
        "msgidClient": message.client_id,
        "msgidServer": message.server_id,
        "body": message.text,
    }


def as_bytes(body: Mapping[str, Any]) -> bytes:
    """A body as it is posted."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Post:
    """One request to the webhook.

    Attributes:
        number: counts the requests.
        at: when it was posted, Unix milliseconds.
        url, headers, request: what was posted, to the last header and byte.
        server_id: id of the message that it is about; empty for other requests.
        input: message copy, which any other event counts as, or chatbot request.
        status: HTTP status, None if no answer came in time.
        body: the answer, as text.
        milliseconds: until the answer or the failure.
        failure: why there is no answer; empty if there is one.
        ended: False while the answer is awaited.
    """

    number: int
    at: int
    url: str
    headers: dict[str, str]
    request: str
    server_id: str
    input: Input
    status: int | None = None
    body: str = ""
    milliseconds: float = 0
    failure: str = ""
    ended: bool = False

    @property
    def delivered(self) -> bool:
        """True if the platform would not send it again."""
        return self.status in DELIVERED_STATUSES

    def reply(self) -> str | None:
        """The text that a chatbot's answer carries: ``{"errCode":0,"reply":{"type":0,"text":…}}``, or None."""
        try:
            text = json.loads(self.body)["reply"]["text"]
        except (ValueError, KeyError, TypeError):
            return None
        return text if self.status == 200 and isinstance(text, str) and text else None


@dataclass(frozen=True)
class Poster:
    """Signs and posts requests to the webhook; ``posts`` collects every one of them once it has ended."""

    app_key: str
    secret: str
    session: aiohttp.ClientSession
    now: Callable[[], int]
    timeout_seconds: Mapping[Input, float]
    posts: list[Post]
    record: Record
    numbers: Iterator[int] = field(default_factory=count)

    async def post(
        self,
        url: str,
        body: bytes,
        delivery: Delivery,
        *,
        input: Input = "copy",
        server_id: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> list[Post]:
        """Post a body as often as ``delivery`` says, and return the outcomes.

        ``headers`` are more headers, or others in place of those it has; an empty one is left out.
        """
        if delivery.delay_seconds:
            await asyncio.sleep(delivery.delay_seconds)
        once = (
            self._post_once(url, body, delivery, input, server_id, headers) for _ in range(delivery.copies)
        )
        outcomes = await asyncio.gather(*once)
        self.posts.extend(outcomes)
        return outcomes

    async def _post_once(
        self,
        url: str,
        body: bytes,
        delivery: Delivery,
        input: Input,
        server_id: str,
        others: Mapping[str, str],
    ) -> Post:
        post = self.signed(url, body, delivery, input, server_id, others)
        await self.record.add("post", post)
        began = time.perf_counter()
        status, answer, failure = await self._exchange(post, body)
        milliseconds = (time.perf_counter() - began) * 1000
        post = replace(
            post, status=status, body=answer, milliseconds=milliseconds, failure=failure, ended=True
        )
        await self.record.add("post", post)
        return post

    def signed(
        self,
        url: str,
        body: bytes,
        delivery: Delivery,
        input: Input,
        server_id: str = "",
        others: Mapping[str, str] = NO_HEADERS,
    ) -> Post:
        """A request as it will be posted; arguments as for :meth:`post`."""
        signed = sign_request(self.secret, body, self.now() + int(delivery.clock_offset_seconds * 1000))
        if delivery.signature == "bad":
            signed["CheckSum"] = "0" * 40
        elif delivery.signature == "missing":
            del signed["CheckSum"]
        headers = {
            "AppKey": self.app_key,
            "Content-Type": "application/json;charset=utf-8",
            **signed,
            "traceparent": _new_trace(),
        }
        headers = _with_others(headers, others)
        text = body.decode(errors="replace")
        return Post(next(self.numbers), self.now(), url, headers, text, server_id, input)

    async def _exchange(self, post: Post, body: bytes) -> tuple[int | None, str, str]:
        """Status and body of the answer, or why there is none."""
        # The address is used as the console has it: a function key must not be re-encoded.
        url, timeout = (
            URL(post.url, encoded=True),
            aiohttp.ClientTimeout(total=self.timeout_seconds[post.input]),
        )
        try:
            async with self.session.post(url, data=body, headers=post.headers, timeout=timeout) as response:
                return response.status, await response.text(errors="replace"), ""
        except TimeoutError:
            return None, "", "no answer in time"
        except aiohttp.ClientError as error:
            return None, "", type(error).__name__


def _with_others(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """The headers with others in place of those of the same name, in any case; without those that are empty."""
    replaced = {name.lower() for name in others}
    kept = {name: value for name, value in headers.items() if name.lower() not in replaced}
    return kept | {name: value for name, value in others.items() if value}


def _new_trace() -> str:
    """A W3C ``traceparent``, so that a message can be found again in the relay's spans; the platform sends none."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
