"""How the two protocols of the server API word the same outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.im.chats import CONVERSATION_TYPE, Delivered


@dataclass(frozen=True, slots=True)
class Dialect:
    """Result codes and answer bodies of a protocol (docs Tk5ODIzNjk, TYzMDE4NzI; v2: the SDK's enumeration).

    Attributes:
        reason: key of the sentence that goes with a refusal.
        app_key, account, blocked, team, member, message: codes of refusals.
        remembers_request_ids: True if a RequestId is taken only once a minute.
        success: the answer to a delivered message.
    """

    reason: str
    app_key: int
    account: int
    blocked: int
    team: int
    member: int
    message: int
    remembers_request_ids: bool
    success: Callable[[Delivered], dict[str, Any]]


def _v1_success(message: Delivered) -> dict[str, Any]:
    return {"code": 200, "data": {"msgid": int(message.server_id), "timetag": message.at, "antispam": False}}


def _v2_success(message: Delivered) -> dict[str, Any]:
    data: dict[str, Any] = {
        "message_server_id": int(message.server_id),  # a number of 19 digits, as the real one
        "message_client_id": message.client_id,
        "sender_id": message.sender,
        "conversation_type": CONVERSATION_TYPE[message.team_kind],
        "receiver_id": message.to,
        "create_time": message.at,
        "message_type": MESSAGE_TYPE[message.msg_type],
        "text": message.text,
    }
    if message.attach:
        data["attachment"] = json.loads(message.attach)
    return {"code": 200, "msg": "success", "data": data}


MESSAGE_TYPE = {
    "TEXT": 0,
    "PICTURE": 1,
    "AUDIO": 2,
    "VIDEO": 3,
    "LOCATION": 4,
    "FILE": 6,
    "TIPS": 10,
    "CUSTOM": 100,
}
"""The copy's word for a kind of message → the number that both versions have for it."""

V1 = Dialect(
    reason="desc",
    app_key=414,
    account=404,
    blocked=7101,
    team=803,
    member=804,
    message=404,
    remembers_request_ids=True,
    success=_v1_success,
)
V2 = Dialect(
    reason="msg",
    app_key=101303,
    account=102404,
    blocked=106403,
    team=108404,
    member=109404,
    message=107404,
    remembers_request_ids=False,
    success=_v2_success,
)
