"""Copies about a message that was sent before: its sender has recalled or edited it, or moderation has refused it.

All three are among the other copies of vendor page TcxNzU4NzU. They name no kind of message and, in a group, no bot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from relay.config.bots import Bots
from relay.errors import RequestRefused
from relay.inbound.addressing import find_mention
from relay.inbound.routing import Reason, identities
from relay.inbound.strict_json import json_object
from relay.inbound.wire import Content, Flag, Lower, Milliseconds, Sender, Text, Upper, find, validated
from relay.keys import SERVER_ID_DIGITS
from relay.messages import Change, ChangeKind, Message, TeamKind

_CHANGES: Mapping[str, tuple[ChangeKind, TeamKind | None]] = {
    "7": ("recall", None),
    "8": ("recall", "team"),
    "25": ("recall", "super_team"),
    "89": ("edit", None),
    "90": ("edit", "team"),
    "91": ("edit", "super_team"),
}
"""``eventType`` → what has become of the message, and in which kind of group."""

_VERDICTS = "20"
"""``eventType`` of verdicts that come after their message, several in one copy."""

_VERDICT_CHATS: Mapping[str, TeamKind | None] = {
    "P2P": None,
    "TEAM": "team",
    "SUPERTEAM": "super_team",
    "SUPER_TEAM": "super_team",
}
"""What the ``type`` of a verdict begins with (``P2P_MSG_AUDIO``, …)."""

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "sender": ("from",),
    "to": ("to",),
    "client_id": ("clientId", "clientMsgId"),
    "server_id": ("msgId", "serverMsgId"),
    "sent": ("sendTime",),
    "editor": ("modifyAccountId",),
    "edited": ("modifyTime",),
    "text": ("text",),
    "attach": ("attachment",),
    "type": ("type",),
    "hit": ("antispam",),
}
_REQUIRED: Mapping[ChangeKind, tuple[str, ...]] = {
    "recall": ("sender", "to"),
    "edit": ("sender", "to", "editor", "edited"),
    "verdict": ("sender", "to", "type"),
}


class _Told(BaseModel):
    """What a copy says of one message; what it did not say is empty.

    Attributes:
        sender: accid of who sent the message, lower case.
        to: accid of the receiver in a private chat, id of the group otherwise; as it came.
        client_id, server_id: of the message.
        sent: its time, Unix milliseconds.
        editor: who has edited it, and
        edited: when.
        text, attach: what it says now.
        type: of a verdict, the kind of chat and message.
        hit: of a verdict, that the message is refused; only such are sent.
    """

    model_config = ConfigDict(frozen=True)

    sender: Sender
    to: Text
    client_id: Text = ""
    server_id: Text = ""
    sent: Milliseconds | None = None
    editor: Lower = ""
    edited: Milliseconds = 0
    text: Text = ""
    attach: Content = ""
    type: Upper = ""
    hit: Flag = True


def changes_in(body: Mapping[str, Any], bots: Bots) -> list[tuple[Message, Change]] | Reason:
    """The messages of bots that a copy is about, and what has become of them; or why it is about none.

    A message of a group names no bot: it may be any one's. A list without any is about a bot, but changes nothing.

    Raises:
        RequestRefused: 400, naming the field that is missing or has the wrong type.
    """
    event = body.get("eventType")
    if event == _VERDICTS:
        told = [
            (_VERDICT_CHATS[chat], each)
            for each in map(lambda found: _read(found, "verdict"), _verdicts(body.get("objects")))
            if each.hit and (chat := each.type.partition("_MSG_")[0]) in _VERDICT_CHATS
        ]
        kind: ChangeKind = "verdict"
    elif isinstance(event, str) and event in _CHANGES:
        kind, team_kind = _CHANGES[event]
        told = [(team_kind, _read(body, kind))]
    else:
        return "event"
    reason: Reason = "event"
    changes: list[tuple[Message, Change]] = []
    is_ours = False
    for team_kind, each in told:
        if bots.get(each.sender) is not None:
            reason = "own_message"
        elif team_kind is None and bots.get(each.to) is None:
            reason = "unknown_bot"
        else:
            is_ours = True
            if kind != "edit" or each.editor == each.sender:
                changes.append(_change(kind, team_kind, each, bots))
    return changes if is_ours else reason


def _read(body: Mapping[str, Any], kind: ChangeKind) -> _Told:
    told = validated(_Told, find(body, _FIELDS), _FIELDS, _REQUIRED[kind])
    if not identities(told.sender, told.client_id, told.server_id):
        raise _bad("clientId: is missing, as is msgId")
    return told


def _verdicts(objects: object) -> Iterator[dict[str, Any]]:
    """The list of a copy, which the vendor puts into a string."""
    if isinstance(objects, str):
        try:
            objects = json.loads(objects)
        except (ValueError, RecursionError):
            objects = None
    if not isinstance(objects, list):
        raise _bad("objects: must be a list of objects, or such a list in a string")
    for each in objects:
        verdict = json_object(each)
        if verdict is None:
            raise _bad("objects: must hold objects")
        yield verdict


def _change(kind: ChangeKind, team_kind: TeamKind | None, told: _Told, bots: Bots) -> tuple[Message, Change]:
    bot = None if team_kind else bots.get(told.to)
    text = told.text if kind == "edit" else ""
    mention = find_mention(text, bots) if team_kind else None
    ids = identities(told.sender, told.client_id, told.server_id)
    message = Message(
        bot=bot.accid if bot else "",
        sender=told.sender,
        id=ids[0],
        at=told.sent or 0,
        dated=told.sent is not None,
        text=mention[1] if mention else text,
        team=told.to if team_kind else None,
        team_kind=team_kind or "team",
        server_id=told.server_id[: SERVER_ID_DIGITS + 1],
    )
    return message, Change(kind, ids, at=told.edited, attach=told.attach if kind == "edit" else "")


def _bad(detail: str) -> RequestRefused:
    return RequestRefused(400, "bad_request", detail)
