"""Every kind of message in both directions as it is on the wire: written and read by the relay's own code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from relay.attachments import Attachment
from relay.config.bots import Bots, bots_in
from relay.im.requests import v1_request, v2_request
from relay.inbound.routing import Accepted, route
from relay.inbound.wire import read
from relay.outgoing import Custom, File, Medium, Picture, Place, Tip, Video, Voice
from relay.ports import Outgoing

MD5 = "d0323f8d447abf3df7256bd66f9d5b62"
URL = "https://cdn.example.com/"
NOW = 1_700_000_000_000

OUT: dict[str, str | Medium] = {
    "text": "hello",
    "picture": Picture(f"{URL}a.jpg", name="a.jpg", ext="jpg", md5=MD5, size=388245, width=6814, height=2332),
    "audio": Voice(f"{URL}b.mp3", 4551, ext="mp3", md5=MD5, size=16420),
    "video": Video(f"{URL}c.mp4", 8003, name="c.mp4", ext="mp4", md5=MD5, size=16420, width=360, height=480),
    "file": File(f"{URL}d.pdf", "d.pdf", ext="pdf", md5=MD5, size=91680),
    "location": Place(30.18, 120.19, "杭州市"),
    "tip": Tip("Alice joined"),
    "custom": Custom({"type": "order", "id": 7}),
}

COPY = "https://nim-nosdn.netease.im/a"
IN: dict[str, tuple[str, int, dict[str, Any] | None]] = {
    "text": ("TEXT", 0, None),
    "picture": (
        "PICTURE",
        1,
        {"name": "a.jpg", "md5": MD5, "url": COPY, "ext": "jpg", "w": 500, "h": 500, "size": 9093},
    ),
    "audio": ("AUDIO", 2, {"dur": 3900, "md5": MD5, "url": COPY, "ext": "aac", "size": 14181}),
    "video": (
        "VIDEO",
        3,
        {"dur": 1456, "md5": MD5, "url": COPY, "w": 360, "h": 480, "ext": "mp4", "size": 114347},
    ),
    "file": ("FILE", 6, {"name": "Report.pdf", "md5": MD5, "url": COPY, "ext": "pdf", "size": "91680"}),
    "location": ("LOCATION", 4, {"title": "杭州市", "lng": 120.19, "lat": 30.18}),
    "tip": ("TIPS", 10, {"msg": "Alice joined"}),
    "custom": ("CUSTOM", 100, {"myKey1": "myValue1", "myKey2": 2}),
}
"""The vendor's own samples (page DI3OTg5Mjg), with the numbers of the kinds that the server API has."""


def sent(kind: str) -> Iterator[tuple[str, str]]:
    """How a kind is sent: by which version, and the fields that say what it is."""
    what = OUT[kind]
    text, medium = (what, None) if isinstance(what, str) else ("", what)
    outgoing = Outgoing("helper", "alice", text, "id-1", medium=medium, moderate=True)
    message = json.loads(v2_request(outgoing, "r").body)["message"]
    del message["message_client_id"]
    yield "v2", f'"message": {_json(message)}'
    form = dict(parse_qsl(v1_request(outgoing, "r").body.decode()))
    yield "v1", f"type={form['type']} body={form['body']}"


def taken(kind: str) -> Iterator[tuple[str, str, str]]:
    """How a kind comes: by which input, the fields that say what it is, and what the bot is told of it."""
    word, number, content = IN[kind]
    text = "hello" if content is None else ""
    attach = {} if content is None else {"attach": json.dumps(content, ensure_ascii=False)}
    yield _read("message copy", {"msgType": word, "body": text, **attach}, eventType="1", convType="PERSON")
    attachment = {} if content is None else {"attachment": content}
    said = {"text": text} if text else {}
    yield _read("chatbot, as v2", {"message_type": number, **said, **attachment}, robotAccid="helper")
    body = {"body": text} if text else {}
    yield _read("chatbot, as v1", {"type": number, **body, **attach}, robotAccid="helper")


def table() -> str:
    """Both directions as Markdown."""
    lines = ["| Kind | By | On the wire |", "|---|---|---|"]
    lines += [f"| {kind} | {by} | `{wire}` |" for kind in OUT for by, wire in sent(kind)]
    lines += [
        "",
        "What it takes:",
        "",
        "| Kind | By | On the wire | The model is told |",
        "|---|---|---|---|",
    ]
    lines += [f"| {kind} | {by} | `{wire}` | {told} |" for kind in IN for by, wire, told in taken(kind)]
    return "\n".join(lines) + "\n"


def _read(by: str, fields: dict[str, Any], **envelope: str) -> tuple[str, str, str]:
    ids = {"fromAccount": "alice", "to": "helper", "msgidClient": "1", "msgTimestamp": str(NOW)}
    accepted = route(read({**ids, **envelope, **fields}), _bots(), now=NOW, clock=None)
    assert isinstance(accepted, Accepted), accepted
    message = accepted.message
    attachment = Attachment.from_json(message.attached)
    return by, _json(fields), attachment.described() if attachment else message.text


def _bots() -> Bots:
    bot = {"accid": "helper", "name": "Helper", "system_prompt": "Help.", "kinds": list(IN)}
    return bots_in({"bots": [bot]}, "bots.toml")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
