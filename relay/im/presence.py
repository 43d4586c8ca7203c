"""What is shown beside messages in the two dialects, and how many calls there are for it.

v2: ``POST /im/v2/custom_notification``, ``…/messages/actions/p2p_read_receipt`` and ``…/team_read_receipt``. v1:
``msg/sendAttachMsg.action``, ``msg/markReadMsg.action``, ``msg/markReadTeamMsg.action``. As in the vendor's server SDK.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from relay.im.hosts import ApiVersion
from relay.im.requests import Request, form_request, json_request
from relay.signals import Read, Signal, Typing

TYPING = json.dumps({"typing": 1}, separators=(",", ":"))
"""What the vendor's UI kit for Android takes for "is typing", in a private chat, and sends itself."""


def signal_request(version: ApiVersion, signal: Signal, request_id: str) -> Request | None:
    """The request that shows a signal; None when the platform has no way to say it of this message.

    By v2 a message is named by its server id, by v1 in a private chat by its client id. Super teams have no receipts.
    """
    match signal:
        case Typing():
            return _typing(version, signal, request_id)
        case Read(message=message) if message.team_kind == "super_team":
            return None
        case Read(message=message) if message.team_kind:
            return _team_receipt(version, signal, request_id) if message.server_id else None
    return _receipt(version, signal, request_id)


def _typing(version: ApiVersion, typing: Typing, request_id: str) -> Request:
    """Neither kept for later, nor counted as unread, nor pushed, nor copied to the app server."""
    if version == "v1":
        option = json.dumps({"badge": False, "needPushNick": False, "route": False}, separators=(",", ":"))
        form = {"from": typing.bot, "msgtype": "0", "to": typing.to, "attach": TYPING, "save": "1"}
        return form_request("msg/sendAttachMsg", {**form, "option": option}, request_id)
    fields: dict[str, Any] = {
        "sender_id": typing.bot,
        "type": 1,
        "receiver_id": typing.to,
        "content": TYPING,
        "notification_config": {"offline_enabled": False, "unread_enabled": False},
        "push_config": {"push_enabled": False},
        "route_config": {"route_enabled": False},
    }
    return json_request("/im/v2/custom_notification", fields, request_id)


def _receipt(version: ApiVersion, read: Read, request_id: str) -> Request | None:
    message = read.message
    if version == "v1":
        form = {"from": read.bot, "to": message.sender, "msgidClient": message.client_id}
        return form_request("msg/markReadMsg", form, request_id) if message.client_id else None
    fields = {
        "from_account_id": read.bot,
        "to_account_id": message.sender,
        "message_server_id": int(message.server_id or 0),
    }
    path = "/im/v2/messages/actions/p2p_read_receipt"
    return json_request(path, fields, request_id) if message.server_id else None


def _team_receipt(version: ApiVersion, read: Read, request_id: str) -> Request | None:
    message = read.message
    if not message.to.isdigit():  # both versions name the group by a number
        return None
    if version == "v1":
        form = {"accid": read.bot, "tid": message.to, "msgids": f"[{message.server_id}]"}
        return form_request("msg/markReadTeamMsg", form, request_id)
    fields = {
        "from_account_id": read.bot,
        "team_id": int(message.to),
        "message_server_ids": [int(message.server_id)],
    }
    return json_request("/im/v2/messages/actions/team_read_receipt", fields, request_id)


class Budget:
    """How many calls this process has to spare. Every call counts, and messages are sent in any case.

    Args:
        per_minute: this process's share of the calls that the app may make.
        now: Unix milliseconds.
    """

    def __init__(self, per_minute: int, now: Callable[[], int]) -> None:
        self._per_ms = per_minute / 60_000
        self._most = max(1.0, per_minute / 60)
        self._left = self._most
        self._now, self._at = now, now()

    def spend(self) -> None:
        """Count a call. Many at once do not silence the bot for longer than two seconds."""
        self._left = max(-self._most, self._spare() - 1)

    def has_spare(self) -> bool:
        """Whether one more call is within the share."""
        return self._spare() >= 1

    def _spare(self) -> float:
        now = self._now()
        self._left = min(self._most, self._left + max(0, now - self._at) * self._per_ms)
        self._at = now
        return self._left
