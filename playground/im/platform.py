"""The IM platform as the emulator knows it: users talk, it posts to the webhook, and it keeps the chats."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal

from playground.im.api import ApiCall, ServerApi
from playground.im.chats import (
    RECALLED,
    Chats,
    Delivered,
    Team,
    TeamKind,
    private_key,
    team_key,
    wall_clock_ms,
)
from playground.im.contents import ATTACH_MAX_CHARS
from playground.im.copies import (
    CHATBOT_TIMEOUT_SECONDS,
    COPY_TIMEOUT_SECONDS,
    NO_HEADERS,
    Input,
    Post,
    Poster,
    RobotInfo,
    as_bytes,
    chatbot_request,
    edit_copy,
    message_copy,
    recall_copy,
)
from playground.im.faults import ApiFault, Delivery
from playground.im.notices import Operation, notice
from playground.im.said import Said
from playground.im.signals import Shown
from playground.im.storage import Storage
from playground.record import Record

HOLD_SECONDS = 10.0
"""How long a message that is held back waits for a later one to overtake it."""


class Platform:
    """The emulated platform: its chats, and what it posts. :class:`playground.im_server.ImServer` serves it.

    Args:
        app_key, secret: the IM app's credentials; the secret signs both ways.
        webhook: URL that gets copies and chatbot requests; may be set later.
        now: clock in Unix milliseconds.
        copy_seconds, chatbot_seconds: how long the platform waits for the webhook.
        resend_seconds: delays of the resends of the high-guarantee copy; by default nothing is sent again.
        hold_seconds: how long a message that is held back waits for a later one.
        record: of what happens; None begins one.
    """

    def __init__(
        self,
        *,
        app_key: str,
        secret: str,
        webhook: str | None = None,
        now: Callable[[], int] = wall_clock_ms,
        copy_seconds: float = COPY_TIMEOUT_SECONDS,
        chatbot_seconds: float = CHATBOT_TIMEOUT_SECONDS,
        resend_seconds: Sequence[float] = (),
        hold_seconds: float = HOLD_SECONDS,
        record: Record | None = None,
    ) -> None:
        self.webhook, self.delivery = webhook, Delivery()
        self.posts: list[Post] = []
        self._app_key, self._secret = app_key, secret
        self._resend_seconds, self._hold_seconds = tuple(resend_seconds), hold_seconds
        self._timeouts: dict[Input, float] = {"copy": copy_seconds, "chatbot": chatbot_seconds}
        self.record = record or Record()
        self._said: dict[str, Said] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.chats = Chats(self.record, now)
        self.storage = Storage(self.record)
        self._api = ServerApi(app_key, secret, self.chats, self._copy_reply, self.storage.put)
        self._poster: Poster

    async def say(
        self,
        sender: str,
        text: str,
        *,
        to: str = "helper",
        team: str | None = None,
        topic: str = "",
        function: str = "",
        custom: str = "",
        account: str = "",
        msg_type: str = "TEXT",
        attach: Mapping[str, Any] | None = None,
        ext: str = "",
        nick: str = "",
        at: int | None = None,
        client_id: str | None = None,
        input: Literal["copy", "chatbot", "both"] = "copy",
        fields: Mapping[str, Any] | None = None,
        post: bool = True,
        delivery: Delivery | None = None,
    ) -> Said:
        """A user's app sends a message; the platform delivers it, and posts it to the webhook.

        Args:
            sender: accid of the user.
            to: accid of the receiver; unused in a group.
            team: id of the group.
            topic, function, custom, account: ``robotInfo``. A message copy has no room for it, so there it
                travels in ``ext``, as a client app would send it. ``account`` names the bot in a group.
            msg_type, attach: of another kind than text, see :mod:`playground.im.attach`; ``text`` is then its
                caption. The platform keeps ``attach`` as JSON in a string.
            at: time of the message in Unix milliseconds; None is now.
            input: what the webhook gets.
            fields: more fields of the request's body, or others in place of those it has.
            post: False keeps the request back, for :meth:`deliver` to post later or in another order.
            delivery: how the request is posted; None is ``self.delivery``.

        Returns:
            The record, with the webhook's answers.
        """
        group = None
        if team is not None:
            group = self.chats.teams[team]
            if sender.lower() not in group.members:
                raise ValueError("the sender is not in the group")
        robot = RobotInfo(function=function, topic=topic, customContent=custom, account=account)
        if robot.fields() and input != "chatbot":
            if ext:
                raise ValueError("a message copy carries robotInfo in ext: give one of them")
            ext = json.dumps({"robotInfo": robot.fields()}, ensure_ascii=False)
        kept = json.dumps(attach, ensure_ascii=False) if attach else ""
        if len(kept) > ATTACH_MAX_CHARS:
            raise ValueError(f"attach has more than {ATTACH_MAX_CHARS} characters")
        message = Delivered(
            sender=sender.lower(),
            to=team if team is not None else to.lower(),
            team_kind=group.kind if group else None,
            text=text,
            client_id=client_id if client_id is not None else str(uuid.uuid4()),
            server_id=self.chats.next_id(),
            at=self.chats.now() if at is None else at,
            msg_type=msg_type,
            attach=kept,
        )
        self.storage.sent(str((attach or {}).get("url", "")))
        bot = account if group else to
        requests: list[tuple[Input, dict[str, Any]]] = []
        if input != "chatbot":
            requests.append(("copy", message_copy(message, nick=nick, ext=ext, team=group)))
        if input != "copy":
            requests.append(("chatbot", chatbot_request(message, robot, bot=bot, nick=nick, ext=ext)))
        as_typed = {"fromAccount": sender, "to": message.to if group else to}
        said = Said(
            message, [(kind, {**body, **as_typed, **(fields or {})}) for kind, body in requests], bot.lower()
        )
        self._said[message.server_id] = said
        await self.chats.deliver(message)
        if post:
            await self.deliver(said, delivery)
        return said

    async def deliver(self, message: Said | str, delivery: Delivery | None = None) -> Said:
        """Post a user's message to the webhook (once more), given its record or its server id.

        Raises:
            KeyError: there is no such message.
            RuntimeError: no webhook is set.
        """
        said = self._said[message] if isinstance(message, str) else message
        delivery = delivery or self.delivery
        if delivery.hold:
            await self._let_overtake(said)
        for kind, body in said.requests:
            posts = await self._post(body, delivery, kind, said)
            for delay in self._resend_seconds:
                if all(post.delivered for post in posts):
                    break
                await asyncio.sleep(delay)
                posts = await self._post({**body, "resendFlag": "1"}, Delivery(), kind, said)
        return said

    async def recall(self, message: str, delivery: Delivery | None = None) -> Post:
        """Its sender recalls a message, given its server id; the webhook gets the copy of that.

        Raises:
            KeyError: there is no such message.
        """
        said = self._said[message].message
        await self.chats.change(message, RECALLED)
        return await self.post(as_bytes(recall_copy(said, self.chats.now())), delivery)

    async def edit(self, message: str, text: str, delivery: Delivery | None = None) -> Post:
        """Its sender changes what a message says; otherwise as :meth:`recall`."""
        said = await self.chats.change(message, text)
        return await self.post(as_bytes(edit_copy(said, text, self.chats.now())), delivery)

    async def post(
        self, body: bytes, delivery: Delivery | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> Post:
        """Post any body, signed, such as a third-party callback or another event; return the last outcome.

        ``headers`` are more headers, or others in place of those it has; an empty one is left out.
        """
        posts = await self._poster.post(self._webhook(), body, delivery or self.delivery, headers=headers)
        await self.record.announce()
        return posts[-1]

    async def check_address(self) -> bool:
        """Do what saving the address in the console does: post ``{}`` and expect 200 (doc jQ4ODE0NTY)."""
        return (await self.post(b"{}", Delivery())).status == 200

    async def wait_for(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until ``condition()`` holds; it is looked at whenever a message, call or request is done.

        Raises:
            TimeoutError: it did not hold within ``seconds``.
        """
        await self.record.wait_for(condition, seconds)

    def chat(self, one: str, other: str) -> list[Delivered]:
        """The messages of a private chat, in order of delivery."""
        return self.chats.of(private_key(one, other))

    def team_chat(self, tid: str) -> list[Delivered]:
        """The messages of a group, in order of delivery."""
        return self.chats.of(team_key(tid))

    def create_team(self, tid: str, members: Sequence[str], kind: TeamKind = "team") -> Team:
        """Create a group with these accids, the bots among them, or change its members; nobody is told."""
        return self.chats.create_team(tid, members, kind)

    def add_to_team(self, tid: str, members: Sequence[str], kind: TeamKind = "team") -> Team:
        """Do the same, and report to the webhook whom the first member has thereby added."""
        before = self.chats.teams.get(tid)
        team = self.create_team(tid, members, kind)
        here = before.members if before else team.members[:1]
        newcomers = [member for member in team.members if member not in here]
        if newcomers:
            self._notify(team, "joined", newcomers)
        return team

    def dismiss(self, tid: str) -> None:
        """Its first member ends a group; the webhook hears of it.

        Raises:
            KeyError: there is no such group.
        """
        self._notify(self.chats.dismiss(tid), "dismissed")

    def _notify(self, team: Team, operation: Operation, members: Sequence[str] = ()) -> None:
        if self.webhook is None:
            return
        own, now = self.chats.next_id(), self.chats.now()
        body = notice(team, operation, team.members[0], members=members, server_id=own, at=now)
        self._start(self.post(as_bytes(body)))

    @property
    def calls(self) -> list[ApiCall]:
        """Every call of the server API so far."""
        return self._api.calls

    @property
    def signals(self) -> list[Shown]:
        """What bots have shown beside messages so far: that they type, what they have read."""
        return self._api.signals.shown

    def fail(self, fault: ApiFault) -> None:
        """Let the server API misbehave at the next calls."""
        self._api.faults.add(fault, self.chats.now())

    def behave(self) -> None:
        """Drop all faults, and let the calls that hang break off."""
        self.storage.behave()
        self._api.faults.clear()
        self.delivery = Delivery()
        self._api.released.set()
        self._api.released = asyncio.Event()

    def _webhook(self) -> str:
        if self.webhook is None:
            raise RuntimeError("no webhook URL is set")
        return self.webhook

    async def _post(self, body: dict[str, Any], delivery: Delivery, kind: Input, said: Said) -> list[Post]:
        own = said.message.server_id
        posts = await self._poster.post(self._webhook(), as_bytes(body), delivery, input=kind, server_id=own)
        said.posts.extend(posts)
        if kind == "chatbot":
            await self._deliver_response(said, posts)
        await self.record.announce()
        return posts

    async def _let_overtake(self, said: Said) -> None:
        """Wait until the webhook has answered to a message that a user wrote later."""

        def overtaken() -> bool:
            later = [self._said[one.server_id].message for one in self.posts if one.server_id in self._said]
            return any(int(message.server_id) > int(said.message.server_id) for message in later)

        with contextlib.suppress(TimeoutError):  # nobody wrote anything more
            await self.wait_for(overtaken, self._hold_seconds)

    async def _deliver_response(self, said: Said, posts: list[Post]) -> None:
        """Deliver a reply that came in a response, once: another request about the message may bring it again."""
        texts = [text for text in (post.reply() for post in posts) if text is not None]
        if said.answered or not texts:
            return
        said.answered = True
        asked = said.message
        await self.chats.deliver(
            Delivered(
                sender=said.bot,
                to=asked.to if asked.team_kind else asked.sender,
                team_kind=asked.team_kind,
                text=texts[0],
                client_id=str(uuid.uuid4()),
                server_id=self.chats.next_id(),
                at=self.chats.now(),
                origin="response",
            )
        )

    def _copy_reply(self, message: Delivered) -> None:
        """The platform copies a bot's message to the app server, unless its sender switched that off."""
        if self.webhook is None:
            return
        team = self.chats.teams.get(message.to) if message.team_kind else None
        copy = Said(message, [("copy", message_copy(message, team=team))], bot="")
        self._start(self.deliver(copy))

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
