"""The console's custom chatbot webhook: what its requests look like, and what is answered to them.

THE ONE MODULE TO CHANGE. The vendor gives the exact schema only to customers of the chatbot service ("webhook
API specification" of doc.commsease.com, page DM5Mjg5MTg), so the names below are an educated union of the
vendor's own names elsewhere (message copy, server API v1 and v2, client SDKs), and the two answers at the end
are to be confirmed with that page. ``python3 dev.py capture --port N`` prints what your console really sends.

The message copy, which every customer has, is public and lives in :mod:`relay.inbound.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROBOT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "account": (
        "robotInfo.account",
        "robotInfo.accountId",
        "robotConfig.accountId",
        "robotConfig.account",
    ),
    "function": ("robotInfo.function", "robotConfig.function"),
    "topic": ("robotInfo.topic", "robotConfig.topic"),
    "custom": ("robotInfo.customContent", "robotConfig.customContent"),
}
"""Where the robot's fields stand in a message, or in its ``ext``: ``robotInfo`` is the name of the web SDK up
to 9.x and of Android, ``robotConfig`` (with ``accountId``) the one of the V10 SDKs."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "sender": ("fromAccount", "from", "fromAccid"),
    "nick": ("fromNick",),
    "client": ("fromClientType",),
    "conversation": ("convType", "ope", "conversation_type", "conversationType"),
    "to": ("to",),
    "team": ("tid", "teamId"),
    "bot": ("robotAccid",),
    "kind": ("msgType", "type", "message_type", "messageType"),
    "text": ("body", "text", "msg", "content"),
    "attach": ("attach", "attachment"),
    "client_id": ("msgidClient", "message_client_id", "messageClientId"),
    "server_id": ("msgidServer", "msgId", "message_server_id", "messageServerId"),
    "time": ("msgTimestamp", "timestamp"),
    "antispam": ("antispam",),
    "blacklist": ("blacklist",),
    "account": (*ROBOT_FIELDS["account"], "robotAccount"),
    "function": (*ROBOT_FIELDS["function"], "robotFunction"),
    "topic": (*ROBOT_FIELDS["topic"], "robotTopic"),
    "custom": (*ROBOT_FIELDS["custom"], "robotCustomContent"),
}
"""Field of :class:`relay.inbound.wire.Inbound` → names accepted for it; the first one that has a value wins.
``a.b`` is the key ``b`` of the object ``a``."""

_KINDS = {
    "0": "TEXT",
    "1": "PICTURE",
    "2": "AUDIO",
    "3": "VIDEO",
    "4": "LOCATION",
    "6": "FILE",
    "10": "TIPS",
    "100": "CUSTOM",
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "ope": {"0": "PERSON", "1": "TEAM"},
    "conversation_type": {"1": "PERSON", "2": "TEAM", "3": "SUPER_TEAM"},
    "conversationType": {"1": "PERSON", "2": "TEAM", "3": "SUPER_TEAM"},
    "msgType": _KINDS,
    "type": _KINDS,
    "message_type": _KINDS,
    "messageType": _KINDS,
}
"""Numeric values of some of these names (server API v1 ``ope`` and ``type``, v2 ``conversation_type`` and
``message_type``) → the copy's."""

_ROBOT_KEYS = (
    "robotInfo",
    "robotConfig",
    "robotAccid",
    "robotAccount",
    "robotFunction",
    "robotTopic",
    "robotCustomContent",
)


def recognises(body: Mapping[str, Any]) -> bool:
    """Whether a request comes from the chatbot webhook: a message copy always has an ``eventType`` ("1" for a
    message) and never a robot field of its own."""
    event = body.get("eventType")
    if event == "1":
        return any(body.get(key) not in (None, "") for key in _ROBOT_KEYS)
    return event in (None, "")


def acknowledgement() -> dict[str, Any]:
    """The answer's body when the reply comes later, through the IM server API (``reply = "send"``)."""
    return {}


def reply(text: str) -> dict[str, Any]:
    """The answer's body that carries the reply (``reply = "response"``).

    What the reply shows beside its text stands in ``text`` as well, a line each: a link to a picture, the name of a
    place. The chatbot service is said to take pictures and files (same page), but not in what form: if yours tells
    you, make them of these lines here.

    TO BE CONFIRMED with the vendor's page: ``errCode`` is what the vendor's callbacks use, type 0 is a text
    message in its server API.
    """
    return {"errCode": 0, "reply": {"type": 0, "text": text}}
