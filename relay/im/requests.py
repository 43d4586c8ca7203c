"""One message in the two dialects of the server API, its recall, and an upload.

v2: ``POST /im/v2/conversations/{conversation_id}/messages``, JSON (doc TEzMDQwODc). v1: ``POST
/nimserver/msg/sendMsg.action``, a form (docs DQ2NTg4ODE, TYzMDE4NzI). What is no text has one JSON in both:
v1's ``body``, v2's ``attachment``, with ``w``, ``h``, ``dur``, ``lat`` and ``lng`` as the vendor's own SDK puts them on
the wire (the V10 names are those of its objects alone). ``python -m tests.im`` prints all of it.

Edit: ``POST /im/v2/messages/actions/modifyMsg`` (vendor's Java SDK, IMessageV2Service; the vendor's list of calls
prints ``…/actions/modify``). v1 has none.

Recall: ``DELETE …/messages/{message_server_id}`` and ``POST /nimserver/msg/recall.action`` (vendor's Java SDK,
IMessageV2Service; doc DQ2NTg4ODE).

Upload: ``POST /nimserver/msg/upload.action`` (doc zQyNDM0NzE), a form; v2 has none.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from relay.attachments import MediumKind
from relay.im.hosts import ApiVersion
from relay.messages import TeamKind
from relay.outgoing import Custom, Medium, Place, Tip
from relay.ports import Chunk, Outgoing, Sent
from relay.signals import Original

_TEXT = 0
"""Message type: text."""

MESSAGE_TYPES: Mapping[MediumKind, int] = {
    "picture": 1,
    "audio": 2,
    "video": 3,
    "location": 4,
    "file": 6,
    "tip": 10,
    "custom": 100,
}
"""The others, by either version (v1: doc DQ2NTg4ODE; v2: doc TEzMDQwODc)."""

UPLOAD_MAX_BYTES = 11_000_000
"""The platform takes 15 million characters of base64, of which four hold three bytes."""

_WIRE_NAMES = {"width": "w", "height": "h", "milliseconds": "dur", "latitude": "lat", "longitude": "lng"}

_UNMODERATED: dict[str, Any] = {
    "antispam_config": {"antispam_enabled": False},
    "route_config": {"route_enabled": False},
}

_V2_CONVERSATION_KINDS: dict[TeamKind | None, int] = {None: 1, "team": 2, "super_team": 3}


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the server API, not yet signed.

    Attributes:
        path: to be appended to the host.
        headers: content type and request id.
        body: the encoded message.
        method: of HTTP.
    """

    path: str
    headers: dict[str, str]
    body: bytes
    method: Literal["POST", "DELETE"] = "POST"


Dialect = Callable[[Outgoing, str], Request]
"""Writes a message as a request. The second argument is the id of the request."""


def v2_request(outgoing: Outgoing, request_id: str) -> Request:
    """The v2 request. The server knows the message by its client id; ``request_id`` only traces."""
    fields: dict[str, Any] = {"message": {**_v2_content(outgoing), "message_client_id": outgoing.client_id}}
    if outgoing.team_kind and outgoing.mention:
        # "Force push" is how this platform mentions: the asker is notified even in a muted group.
        fields["push_config"] = {
            "push_forcepush_enable": True,
            "push_forcepush_all": False,
            "push_forcepush_ids": [outgoing.mention],
        }
    if not outgoing.moderate:
        fields |= _UNMODERATED
    return json_request(_v2_messages(outgoing), fields | _thread(outgoing.quote), request_id)


def v1_request(outgoing: Outgoing, request_id: str) -> Request:
    """The v1 request. The message has no id: the server knows a repetition by ``request_id`` alone."""
    form = {
        "from": outgoing.bot,
        # v1 knows private chats and groups; nothing tells it that a group is a super team.
        "ope": "1" if outgoing.team_kind else "0",
        "to": outgoing.to,
        **_v1_content(outgoing),
    }
    if outgoing.team_kind and outgoing.mention:
        form["forcepushlist"] = _json([outgoing.mention])
        form["forcepushall"] = "false"
    if not outgoing.moderate:
        form["useYidun"] = "0"
        form["option"] = _json({"route": False})
    return form_request("msg/sendMsg", form, request_id)


SpeechForm = Literal["wav", "opus", "mp3", "aac"]
SPEECH_HERTZ = 16_000
"""What the vendor's clients say of their recordings."""

DIALECTS: dict[ApiVersion, Dialect] = {"v2": v2_request, "v1": v1_request}


def stream_request(outgoing: Outgoing, chunk: Chunk, request_id: str) -> Request:
    """A piece of a stream message: ``…/messages/actions/stream_message`` (doc TgyMTY2NzE); v2 alone has these."""
    message: dict[str, Any] = {
        "message_type": _TEXT,
        "message_client_id": outgoing.client_id,
        **({"message_server_id": chunk.server_id} if chunk.server_id else {}),
        "attachment": {"text": chunk.text, "index": chunk.index, "finish": int(chunk.is_last)},
    }
    fields: dict[str, Any] = {"message": message}
    if (
        not chunk.server_id
    ):  # what the message is, the first piece says for all (StreamMessageRequestV2 of the SDK)
        if not outgoing.moderate:
            fields["route_config"] = {"route_enabled": False}
        fields |= _thread(outgoing.quote)
    return json_request(f"{_v2_messages(outgoing)}/actions/stream_message", fields, request_id)


def edit_request(outgoing: Outgoing, sent: Sent, request_id: str) -> Request:
    """A text says something else from now on (``ModifyMessageRequestV2`` of the SDK). Nobody is notified again."""
    fields: dict[str, Any] = {
        "operator": outgoing.bot,
        "type": _V2_CONVERSATION_KINDS[outgoing.team_kind],
        "message": {
            "message_server_id": int(sent.server_id) if sent.server_id.isdecimal() else 0,
            "sender_id": outgoing.bot,
            "receiver_id": outgoing.to,
            "time": sent.at,
            "message_type": _TEXT,
            "text": outgoing.text,
        },
        "push_config": {"push_enabled": False},
    }
    if not outgoing.moderate:
        fields |= _UNMODERATED
    return json_request("/im/v2/messages/actions/modifyMsg", fields, request_id)


def speech_request(bot: str, url: str, form: SpeechForm, milliseconds: int, request_id: str) -> Request:
    """What was said in a recording, by the platform's own recognition (``AsrRequestV2`` of the vendor's SDK)."""
    fields = {
        "operator_account_id": bot,
        "url": url,
        "format": form,
        "sample_rate": SPEECH_HERTZ,
        **({"duration": milliseconds} if milliseconds else {}),
    }
    return json_request("/im/v2/tools/asr", fields, request_id)


def json_request(path: str, fields: Mapping[str, Any], request_id: str) -> Request:
    """A call of v2; the id only traces."""
    return Request(
        path=path,
        headers={"Content-Type": "application/json", "X-custom-traceid": request_id},
        body=_json(fields).encode("utf-8", "replace"),
    )


def form_request(action: str, form: Mapping[str, str], request_id: str) -> Request:
    """A call of v1, which knows a repetition by the id."""
    return Request(
        path=f"/nimserver/{action}.action",
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "RequestId": request_id},
        body=urlencode(form, encoding="utf-8", errors="replace").encode("ascii"),
    )


def upload_request(content: bytes, content_type: str, request_id: str) -> Request:
    """An upload, asked for an https URL: the platform's default is http."""
    # Base64 has three characters that a form escapes; a general escape of 15 million takes seconds.
    encoded = base64.b64encode(content).replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")
    form = urlencode({"type": content_type, "ishttps": "true"}).encode("ascii")
    return Request(
        path="/nimserver/msg/upload.action",
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "RequestId": request_id},
        body=form + b"&content=" + encoded,
    )


def v2_recall(outgoing: Outgoing, sent: Sent, request_id: str, silently: bool = False) -> Request:
    """A recall that both sides see (type 2), however long ago it was sent; or a deletion that nobody sees (type 3)."""
    query = {"type": "3" if silently else "2", "message_time": str(sent.at), "ignore_revoke_time": "true"}
    return Request(
        path=f"{_v2_messages(outgoing)}/{quote(sent.server_id, safe='')}?{urlencode(query)}",
        headers={"X-custom-traceid": request_id},
        body=b"",
        method="DELETE",
    )


def v1_recall(outgoing: Outgoing, sent: Sent, request_id: str, silently: bool = False) -> Request:
    """The same. Of groups it knows one kind, and nothing that goes silently."""
    form = {
        "deleteMsgid": sent.server_id,
        "timetag": str(sent.at),
        "type": "8" if outgoing.team_kind else "7",
        "from": outgoing.bot,
        "to": outgoing.to,
        "ignoreTime": "1",
    }
    return form_request("msg/recall", form, request_id)


RECALLS: dict[ApiVersion, Callable[[Outgoing, Sent, str, bool], Request]] = {"v2": v2_recall, "v1": v1_recall}


def attachment(medium: Medium) -> dict[str, Any]:
    """The JSON of a medium, the same for both versions; what is not known is left out."""
    match medium:
        case Custom():
            return dict(medium.data)
        case Tip():
            return {"msg": medium.text}
        case Place():
            return {"lat": medium.latitude, "lng": medium.longitude, "title": medium.title}
    names = [field.name for field in dataclasses.fields(medium)]
    return {_WIRE_NAMES.get(name, name): value for name in names if (value := getattr(medium, name))}


def _v2_messages(outgoing: Outgoing) -> str:
    kind = _V2_CONVERSATION_KINDS[outgoing.team_kind]
    conversation = quote(f"{outgoing.bot}|{kind}|{outgoing.to}", safe="")
    return f"/im/v2/conversations/{conversation}/messages"


def _thread(original: Original | None) -> dict[str, Any]:
    """A quoted message (``ThreadMessage`` of the vendor's server SDK). It is taken for the first of its thread, too: a
    message copy does not say which one that is."""
    if original is None:
        return {}
    named = {
        "sender_id": original.sender,
        "receiver_id": original.to,
        "create_time": original.at,
        "message_server_id": int(original.server_id),
        "message_client_id": original.client_id,
    }
    return {"thread_config": {"thread_root": named, "thread_reply": named}}


def _v2_content(outgoing: Outgoing) -> dict[str, Any]:
    match outgoing.medium:
        case None:
            return {"message_type": _TEXT, "text": outgoing.text}
        case Tip() as tip:
            return {"message_type": MESSAGE_TYPES[tip.kind], "text": tip.text}
        case medium:
            return {"message_type": MESSAGE_TYPES[medium.kind], "attachment": attachment(medium)}


def _v1_content(outgoing: Outgoing) -> dict[str, str]:
    if outgoing.medium is None:
        return {"type": str(_TEXT), "body": _json({"msg": outgoing.text})}
    return {
        "type": str(MESSAGE_TYPES[outgoing.medium.kind]),
        "body": _json(attachment(outgoing.medium)),
    }


def _json(value: object) -> str:
    # Not ASCII-only: v1 limits the length of this text, and "\u4f60" is six times as long as the character.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
