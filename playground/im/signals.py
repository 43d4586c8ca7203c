"""What a bot shows beside messages: custom notifications, such as that it is typing, and read receipts.

Sources, in the vendor's server SDK: ``SendCustomNotificationRequestV2``, ``SendP2PReadReceiptRequestV2``,
``SendTeamReadReceiptRequestV2``; ``SendAttachMsgRequestV1``, ``MarkReadMessageRequestV1``,
``MarkReadTeamMessageRequestV1``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from playground.im.bodies import Answer, Exact, PushConfig, RouteConfig, form_fields, json_object
from playground.im.calls import Accid, Refused
from playground.im.chats import Chats, Delivered, TeamKind, private_key, team_key
from playground.im.dialects import V1, V2, Dialect

Act = Callable[[web.Request, Dialect, dict[str, Any], Callable[[], Answer]], Awaitable[web.StreamResponse]]
"""Serves a call: its dialect, its form or JSON, and what checks it, carries it out and answers."""

RECEIPTS_MAX = 50
"""Messages of a group in one receipt."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What users were shown.

    Attributes:
        kind: a custom notification, or that a message was read.
        sender: accid of the bot.
        to: accid of the user, or the id of the group.
        team_kind: None in a private chat.
        content: of a notification, what it says: JSON.
        server_ids: of a receipt, the messages.
        kept, counted, pushed, routed: of a notification, whether it waits for who is offline, counts as unread, is
            pushed, and is copied to the app server.
        at: Unix milliseconds.
    """

    kind: Literal["notification", "read"]
    sender: str
    to: str
    at: int
    team_kind: TeamKind | None = None
    content: str = ""
    server_ids: tuple[str, ...] = ()
    kept: bool = False
    counted: bool = False
    pushed: bool = False
    routed: bool = False


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("is not JSON") from None


def _json_text(text: Any) -> Any:
    _json(text)
    return text


Content = Annotated[str, StringConstraints(min_length=1, max_length=4096), BeforeValidator(_json_text)]
ServerId = Annotated[int, Field(gt=0, strict=True)]


class _NotificationConfig(Exact):
    offline_enabled: bool = True
    unread_enabled: bool = True


class V2Notification(Exact):
    """Body of ``/im/v2/custom_notification``."""

    sender_id: Accid
    type: Literal[1, 2, 3]
    receiver_id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    content: Content
    sound: Annotated[str, StringConstraints(max_length=30)] = ""
    notification_config: _NotificationConfig = _NotificationConfig()
    push_config: PushConfig = PushConfig()
    route_config: RouteConfig = RouteConfig()

    def shown(self, now: int) -> Shown:
        """What a user is shown of it."""
        kinds: dict[int, TeamKind | None] = {1: None, 2: "team", 3: "super_team"}
        return Shown(
            kind="notification",
            sender=self.sender_id,
            to=self.receiver_id.lower() if self.type == 1 else self.receiver_id,
            at=now,
            team_kind=kinds[self.type],
            content=self.content,
            kept=self.notification_config.offline_enabled,
            counted=self.notification_config.unread_enabled,
            pushed=self.push_config.push_enabled,
            routed=self.route_config.route_enabled,
        )


class _AttachOption(BaseModel):
    model_config = ConfigDict(extra="forbid")

    badge: bool = True
    needPushNick: bool = True  # noqa: N815 (the wire's name)
    route: bool = True


class V1Notification(BaseModel):
    """Form of ``msg/sendAttachMsg.action``. It pushes only what it is given a text to push."""

    model_config = ConfigDict(extra="forbid")

    sender: Accid = Field(alias="from")
    msgtype: Literal["0", "1"]
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    attach: Content
    save: Literal["1", "2"] = "2"
    option: Annotated[_AttachOption, BeforeValidator(_json)] = _AttachOption()
    pushcontent: Annotated[str, StringConstraints(max_length=500)] = ""

    def shown(self, now: int) -> Shown:
        """What a user is shown of it."""
        return Shown(
            kind="notification",
            sender=self.sender,
            to=self.to if self.msgtype == "1" else self.to.lower(),
            at=now,
            team_kind="team" if self.msgtype == "1" else None,
            content=self.attach,
            kept=self.save == "2",
            counted=self.option.badge,
            pushed=bool(self.pushcontent),
            routed=self.option.route,
        )


class V2Receipt(Exact):
    """Body of ``…/actions/p2p_read_receipt``."""

    from_account_id: Accid
    to_account_id: Accid
    message_server_id: ServerId


class V2TeamReceipt(Exact):
    """Body of ``…/actions/team_read_receipt``."""

    from_account_id: Accid
    team_id: ServerId
    message_server_ids: Annotated[list[ServerId], Field(min_length=1, max_length=RECEIPTS_MAX)]


class V1Receipt(BaseModel):
    """Form of ``msg/markReadMsg.action``."""

    model_config = ConfigDict(extra="forbid")

    reader: Accid = Field(alias="from")
    to: Accid
    msgidClient: Annotated[str, StringConstraints(min_length=1)]  # noqa: N815 (the wire's name)


class V1TeamReceipt(BaseModel):
    """Form of ``msg/markReadTeamMsg.action``."""

    model_config = ConfigDict(extra="forbid")

    accid: Accid
    tid: Annotated[str, StringConstraints(pattern=r"^\d{1,32}$")]
    msgids: Annotated[list[ServerId], Field(min_length=1, max_length=RECEIPTS_MAX), BeforeValidator(_json)]


@dataclass
class Signals:
    """What was shown beside messages, in order."""

    chats: Chats
    shown: list[Shown] = field(default_factory=list)

    def notify(self, dialect: Dialect, shown: Shown) -> Answer:
        """Show a custom notification.

        Raises:
            Refused: there is no such sender, receiver or group.
        """
        if not self.chats.knows(shown.sender):
            raise Refused(dialect.account, "no such sender")
        if shown.team_kind is None and not self.chats.knows(shown.to):
            raise Refused(dialect.account, "no such receiver")
        if shown.team_kind is not None:
            self._check_member(dialect, shown.to, shown.sender)
        self.shown.append(shown)
        return {"code": 200}

    def read(
        self, dialect: Dialect, reader: str, to: str, server_id: str = "", client_id: str = ""
    ) -> Answer:
        """Tell a user that a message was read in their private chat, named by one of its ids.

        Raises:
            Refused: the one has not written it to the other.
        """
        found = [
            message
            for message in self.chats.of(private_key(to, reader))
            if message.sender == to
            and (message.server_id == server_id if server_id else message.client_id == client_id)
        ]
        if not found:
            raise Refused(dialect.message, "no such message")
        self._has_read(reader, to, found)
        return {"code": 200}

    def read_in_team(self, dialect: Dialect, reader: str, tid: str, server_ids: Sequence[int]) -> Answer:
        """Tell a group which of its messages were read.

        Raises:
            Refused: there is no such group, the reader is not in it, or it has none of these messages.
        """
        self._check_member(dialect, tid, reader)
        asked = [str(server_id) for server_id in server_ids]
        found = [message for message in self.chats.of(team_key(tid)) if message.server_id in asked]
        if not found:
            raise Refused(dialect.message, "no such message")
        self._has_read(reader, tid, found, "team")
        success = [int(message.server_id) for message in found]
        failed = [server_id for server_id in server_ids if server_id not in success]
        return {"code": 200, "data": {"success_list": success, "failed_list": failed}}

    def _has_read(
        self, reader: str, to: str, messages: Sequence[Delivered], team_kind: TeamKind | None = None
    ) -> None:
        server_ids = tuple(message.server_id for message in messages)
        shown = Shown("read", reader, to, self.chats.now(), team_kind, server_ids=server_ids)
        self.shown.append(shown)

    def _check_member(self, dialect: Dialect, tid: str, accid: str) -> None:
        team = self.chats.teams.get(tid)
        if team is None:
            raise Refused(dialect.team, "no such group")
        if accid not in team.members:
            raise Refused(dialect.member, "the account is not in the group")


def signal_routes(signals: Signals, act: Act) -> list[web.RouteDef]:
    """The calls, at the paths of the real hosts."""

    async def notify_v2(request: web.Request) -> web.StreamResponse:
        body = await json_object(request)
        return await act(
            request, V2, body, lambda: signals.notify(V2, V2Notification.model_validate(body).shown(now()))
        )

    async def notify_v1(request: web.Request) -> web.StreamResponse:
        form = await form_fields(request)
        return await act(
            request, V1, form, lambda: signals.notify(V1, V1Notification.model_validate(form).shown(now()))
        )

    async def read_v2(request: web.Request) -> web.StreamResponse:
        body = await json_object(request)

        def read() -> Answer:
            receipt = V2Receipt.model_validate(body)
            server_id = str(receipt.message_server_id)
            return signals.read(V2, receipt.from_account_id, receipt.to_account_id, server_id=server_id)

        return await act(request, V2, body, read)

    async def read_v1(request: web.Request) -> web.StreamResponse:
        form = await form_fields(request)

        def read() -> Answer:
            receipt = V1Receipt.model_validate(form)
            return signals.read(V1, receipt.reader, receipt.to, client_id=receipt.msgidClient)

        return await act(request, V1, form, read)

    async def read_in_team_v2(request: web.Request) -> web.StreamResponse:
        body = await json_object(request)

        def read() -> Answer:
            receipt = V2TeamReceipt.model_validate(body)
            tid = str(receipt.team_id)
            return signals.read_in_team(V2, receipt.from_account_id, tid, receipt.message_server_ids)

        return await act(request, V2, body, read)

    async def read_in_team_v1(request: web.Request) -> web.StreamResponse:
        form = await form_fields(request)

        def read() -> Answer:
            receipt = V1TeamReceipt.model_validate(form)
            return signals.read_in_team(V1, receipt.accid, receipt.tid, receipt.msgids)

        return await act(request, V1, form, read)

    now = signals.chats.now
    return [
        web.post("/im/v2/custom_notification", notify_v2),
        web.post("/im/v2/messages/actions/p2p_read_receipt", read_v2),
        web.post("/im/v2/messages/actions/team_read_receipt", read_in_team_v2),
        web.post("/nimserver/msg/sendAttachMsg.action", notify_v1),
        web.post("/nimserver/msg/markReadMsg.action", read_v1),
        web.post("/nimserver/msg/markReadTeamMsg.action", read_in_team_v1),
    ]
