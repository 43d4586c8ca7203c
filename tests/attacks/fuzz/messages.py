"""Messages to the attacked bots, in the two forms in which they come in.

The names of the fields are the relay's own tables (:data:`relay.inbound.wire.COPY_FIELDS` and
:data:`relay.inbound.chatbot.FIELDS`), so
that a name which is added there is attacked from then on. Everything that a person or an app wrote holds
:data:`PLANTED`, which no log line may show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from relay.clock import MINUTE_MS
from relay.inbound import chatbot
from relay.inbound.wire import COPY_FIELDS

PLANTED = "pl4nted-words"
"""In every text of a request."""

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "Help."
[bots.functions.brief]
system_prompt = "Be brief."

[[bots]]
accid = "little"
name = "小助手"
system_prompt = "帮忙。"

[[bots]]
accid = "private"
name = "Private"
allow = ["alice", "zhangsan"]
max_message_age_minutes = 10
system_prompt = "Whisper."

[[bots]]
accid = "asleep"
name = "Asleep"
enabled = false
system_prompt = "Never."

[[bots]]
accid = "direct"
name = "Direct"
reply = "response"
system_prompt = "Answer at once."

[[bots]]
accid = "ears"
name = "Ears"
allow = ["ear.friend"]
listen = true
system_prompt = "Listen."

[[bots]]
accid = "desk"
name = "Desk"
handover_minutes = 30
system_prompt = "Help."
"""
SENDING_BOTS = ("helper", "HELPER", "little", "Helper")
EVERY_BOT = ("helper", "little", "private", "direct", "DIRECT")
USERS = ("alice", "zhangsan", "111", 222, "Bob", "o'brien", "a.b-c_d@e", "用户", "x" * 32)

Fields = dict[str, Any]
"""Of a request's body; or of a message, by the names of :class:`relay.inbound.wire.Inbound`."""

_TEXTS = (
    "hello",
    "你好",
    "/help",
    "/new",
    "/forget",
    "what?\nyes",
    "👋🏽",
    "a & b < c",
    '{"msg":"hi"}',
    "@all hi",
)
_CLIENTS = ("AOS", "IOS", "PC", "WEB", "MAC", "HARMONY", "1", 2, "4", 16, "64", "65")


def message(rng: Random, now: int, **changes: Any) -> Fields:
    """A private text of a user, fresh enough for every bot, by the names of ``Inbound``."""
    message = {
        "sender": rng.choice(USERS),
        "nick": f"{PLANTED} 小明",
        "client": rng.choice(_CLIENTS),
        "conversation": "PERSON",
        "to": rng.choice(SENDING_BOTS),
        "kind": "TEXT",
        "text": f"{rng.choice(_TEXTS)} {PLANTED}" if rng.random() < 0.9 else rng.choice(_TEXTS),
        "client_id": f"{rng.getrandbits(128):032x}",
        "server_id": rng.choice(("0", str(rng.getrandbits(62)), rng.getrandbits(40))),
        "time": now - rng.choice((0, 1, -1, 5000, -5 * MINUTE_MS, 10 * MINUTE_MS)),
    }
    if rng.random() < 0.5:
        message |= {"antispam": rng.choice(("false", False, "0")), "blacklist": rng.choice(("false", False))}
    for name in rng.sample(("nick", "client", "server_id"), rng.randrange(3)):
        del message[name]
    return message | changes


def copied(rng: Random, message: Fields) -> Fields:
    """The message as a message copy (vendor page DI3OTg5Mjg): all values strings; the robot's fields in ``ext``."""
    body: Fields = {
        "eventType": "1",
        "attach": rng.choice(("", {}, "{}", '{"myKey1":1}', PLANTED)),
        "fromDeviceId": PLANTED,
        "resendFlag": rng.choice("01"),
        "ip": "115.211.51.1",
        "port": "56800",
        "yidunRes": '{"yidunBusType":0,"action":0,"labels":[]}',
    }
    for name in rng.sample(tuple(body)[1:], rng.randrange(6)):
        del body[name]
    robot = {field: value for field, value in message.items() if field in chatbot.ROBOT_FIELDS}
    for field, value in message.items():
        if field not in robot:
            body[COPY_FIELDS[field][0]] = str(value) if rng.random() < 0.9 else value
    if robot:
        ext = _nested(rng, {field: rng.choice(chatbot.ROBOT_FIELDS[field]) for field in robot}, robot)
        body["ext"] = json.dumps(ext) if rng.random() < 0.7 else ext
    elif rng.random() < 0.5:
        body["ext"] = rng.choice(
            ("", PLANTED, '{"mine":1}', {"mine": PLANTED}, "{", "[1]", '{"robotInfo":7}')
        )
    return body


def posted_by_console(rng: Random, message: Fields) -> Fields:
    """The message as a chatbot webhook may post it, each field under one of the names that are accepted for it."""
    named = {field: rng.choice(chatbot.FIELDS[field]) for field in message}
    if rng.random() < 0.3:
        named |= {field: names[0] for field, names in COPY_FIELDS.items() if field in message}
    if "to" in named and message["conversation"] != "PERSON":
        named["to"] = rng.choice(("to", *chatbot.FIELDS["team"]))
    body = _nested(rng, named, {field: _coded(rng, named[field], value) for field, value in message.items()})
    if rng.random() < 0.3:
        body.setdefault("robotInfo", rng.choice(({}, "{}", {"function": "", "topic": None})))
        body["eventType"] = "1"
    elif rng.random() < 0.5:
        body["eventType"] = rng.choice((None, ""))
    for name in ("robotInfo", "robotConfig"):
        if name in body and rng.random() < 0.3:
            body[name] = json.dumps(body[name]) if isinstance(body[name], dict) else body[name]
    return body


def _nested(rng: Random, named: Mapping[str, str], values: Fields) -> Fields:
    """Values under their names; ``a.b`` is the key ``b`` of the object ``a``."""
    body: Fields = {}
    for field, name in named.items():
        outer, _, inner = name.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = values[field]
        else:
            body[name] = values[field]
    return body


def _coded(rng: Random, name: str, value: Any) -> Any:
    """The number that stands for a value under this name, or the value itself."""
    codes = [code for code, word in chatbot.VALUES.get(name, {}).items() if word == value]
    if not codes or rng.random() < 0.3:
        return value
    return rng.choice((codes[0], int(codes[0])))


def by_either_input(rng: Random, message: Fields) -> Fields:
    """The message in one form or the other."""
    return copied(rng, message) if rng.random() < 0.6 else posted_by_console(rng, message)
