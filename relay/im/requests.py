"""One text message in the two dialects of the server API.

v2: ``POST /im/v2/conversations/{conversation_id}/messages``, JSON (doc TEzMDQwODc). v1: ``POST
/nimserver/msg/sendMsg.action``, a form (docs DQ2NTg4ODE, TYzMDE4NzI).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from relay.im.hosts import ApiVersion
from relay.messages import TeamKind
from relay.ports import Outgoing

_TEXT = 0
"""Message type: text."""

_V2_CONVERSATION_KINDS: dict[TeamKind | None, int] = {None: 1, "team": 2, "super_team": 3}


@dataclass(frozen=True, slots=True)
class Request:
    """A POST to the server API, not yet signed.

    Attributes:
        path: to be appended to the host.
        headers: content type and request id.
        body: the encoded message.
    """

    path: str
    headers: dict[str, str]
    body: bytes


Dialect = Callable[[Outgoing, str], Request]
"""Writes a message as a request. The second argument is the id of the request."""


def v2_request(outgoing: Outgoing, request_id: str) -> Request:
    """The v2 request. The server knows the message by its client id; ``request_id`` only traces."""
    kind = _V2_CONVERSATION_KINDS[outgoing.team_kind]
    conversation = quote(f"{outgoing.bot}|{kind}|{outgoing.to}", safe="")
    fields: dict[str, Any] = {
        "message": {"message_type": _TEXT, "text": outgoing.text, "message_client_id": outgoing.client_id}
    }
    if outgoing.team_kind and outgoing.mention:
        # "Force push" is how this platform mentions: the asker is notified even in a muted group.
        fields["push_config"] = {
            "push_forcepush_enable": True,
            "push_forcepush_all": False,
            "push_forcepush_ids": [outgoing.mention],
        }
    if not outgoing.moderate:
        fields["antispam_config"] = {"antispam_enabled": False}
        fields["route_config"] = {"route_enabled": False}
    return Request(
        path=f"/im/v2/conversations/{conversation}/messages",
        headers={"Content-Type": "application/json", "X-custom-traceid": request_id},
        body=_json(fields).encode("utf-8", "replace"),
    )


def v1_request(outgoing: Outgoing, request_id: str) -> Request:
    """The v1 request. The message has no id: the server knows a repetition by ``request_id`` alone."""
    form = {
        "from": outgoing.bot,
        # v1 knows private chats and groups; nothing tells it that a group is a super team.
        "ope": "1" if outgoing.team_kind else "0",
        "to": outgoing.to,
        "type": str(_TEXT),
        "body": _json({"msg": outgoing.text}),
    }
    if outgoing.team_kind and outgoing.mention:
        form["forcepushlist"] = _json([outgoing.mention])
        form["forcepushall"] = "false"
    if not outgoing.moderate:
        form["useYidun"] = "0"
        form["option"] = _json({"route": False})
    return Request(
        path="/nimserver/msg/sendMsg.action",
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "RequestId": request_id},
        body=urlencode(form, encoding="utf-8", errors="replace").encode("ascii"),
    )


DIALECTS: dict[ApiVersion, Dialect] = {"v2": v2_request, "v1": v1_request}


def _json(value: object) -> str:
    # Not ASCII-only: v1 limits the length of this text, and "\u4f60" is six times as long as the character.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
