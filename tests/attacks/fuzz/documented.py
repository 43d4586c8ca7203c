"""Requests as the platform documents them, each built for one row of the answer table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from relay.clock import MINUTE_MS
from tests.attacks.fuzz import answers
from tests.attacks.fuzz.messages import (
    EVERY_BOT,
    PLANTED,
    SENDING_BOTS,
    USERS,
    Fields,
    by_either_input,
    copied,
    message,
    posted_by_console,
)

_ATTACHED = {
    "PICTURE": f'{{"md5":"d0323f8d","h":500,"ext":"jpg","size":9093,"w":500,"name":"{PLANTED}","url":"http:\\/\\/b"}}',
    "AUDIO": '{"size":14181,"ext":"aac","dur":3900,"url":"http://b","md5":"4c5cc81d"}',
    "VIDEO": '{"url":"http://b","md5":"c2f2e15a","ext":"mp4","h":480,"size":114347,"w":360,"name":"v","dur":1456}',
    "LOCATION": f'{{"lat":30.18704515647036,"lng":120.1908686708565,"title":"{PLANTED}"}}',
    "FILE": f'{{"ext":"ttf","md5":"79d62a35","name":"{PLANTED}","size":"91680","url":"http://b"}}',
    "TIPS": f'{{"msg":"{PLANTED}"}}',
    "CUSTOM": f'{{"myKey1":"{PLANTED}","myKey2":2}}',
    "NOTIFICATION": f'{{"data":{{"uinfos":[],"tinfo":{{"1":"2348319786","3":"{PLANTED}"}},"ids":["helper"]}},"id":0}}',
    "NRTC_NETCALL": "{}",
    "NETCALL_AUDIO": "{}",
    "NETCALL_VEDIO": "{}",
    "DATATUNNEL_NEW": "{}",
}
"""Kind → ``attach`` (vendor page DI3OTg5Mjg), a string; the vendor's samples sometimes print an object."""

_NEVER_TAKEN = (
    "TIPS",
    "CUSTOM",
    "NOTIFICATION",
    "NRTC_NETCALL",
    "NETCALL_AUDIO",
    "NETCALL_VEDIO",
    "DATATUNNEL_NEW",
)
"""Kinds that no bot here takes."""

_NOTICES = {
    "CUSTOM_PERSON": ("FRIEND_ADD", "FRIEND_DELETE", "CUSTOM_P2P_MSG"),
    "CUSTOM_TEAM": (
        *(
            "TEAM_APPLY",
            "TEAM_APPLY_REJECT",
            "TEAM_INVITE",
            "TEAM_INVITE_REJECT",
            "CUSTOM_TEAM_MSG",
            "TLIST_UPDATE",
        ),
        *("SUPERTEAM_APPLY", "SUPERTEAM_APPLY_REJECT", "SUPERTEAM_INVITE", "SUPERTEAM_INVITE_REJECT"),
        "CUSTOM_SUPERTEAM_MSG",
    ),
}
_EVENTS = ("2", "3", "4", "5", "6", *map(str, range(9, 15)), "30", "36", "0", "01", "1 ", "session")
_CALLBACKS = (1, 2, 6, 22, 3, 35, 36, 0, -1, 1.0)


def _robot(rng: Random) -> Fields:
    fields = {"function": rng.choice(("brief", "none")), "topic": f"{PLANTED} topic", "custom": PLANTED}
    return {name: fields[name] for name in rng.sample(tuple(fields), rng.randrange(4))}


def _in_team(rng: Random, **changes: Any) -> Fields:
    return {"conversation": rng.choice(("TEAM", "SUPER_TEAM")), "to": str(rng.getrandbits(31) + 1), **changes}


def _to_bot(rng: Random, now: int) -> Fields:
    changes = _robot(rng)
    if rng.random() < 0.3:
        mention = rng.choice(("@helper {}", "{} ＠小助手", "@小助手{}", "{} @HELPER, ok"))
        changes |= _in_team(rng, text=mention.format(PLANTED))
    elif rng.random() < 0.2:
        changes |= _in_team(rng, account=rng.choice(SENDING_BOTS))
    return message(rng, now, **changes)


def _queued(rng: Random, now: int) -> Fields:
    if rng.random() < 0.05:  # a person writes from the account of a bot
        return copied(rng, message(rng, now, sender="desk", client="WEB", to=str(rng.choice(USERS))))
    return copied(rng, _to_bot(rng, now))


def _acknowledged(rng: Random, now: int) -> Fields:
    message = _to_bot(rng, now)
    if message["conversation"] == "PERSON" and rng.random() < 0.3:
        message["bot"] = message.pop("to")
    return posted_by_console(rng, message)


def _reply(rng: Random, now: int) -> Fields:
    return by_either_input(rng, message(rng, now, to="direct", **_robot(rng)))


def _noted(rng: Random, now: int) -> Fields:
    team = rng.random() < 0.4
    about: Fields = {
        "from": rng.choice(USERS),
        "to": str(rng.getrandbits(31) + 1) if team else rng.choice((*EVERY_BOT, "asleep")),
        "clientId": f"{rng.getrandbits(128):032x}",
        "msgId": rng.choice(("0", str(rng.getrandbits(62)), rng.getrandbits(40))),
    }
    match rng.choice(("recall", "edit", "verdict")):
        case "recall":
            times = {"sendTime": str(now - rng.choice((0, 1, 5000, 10**9))), "deleteTime": str(now)}
            return about | times | {"eventType": rng.choice(("8", "25")) if team else "7", "attach": PLANTED}
        case "edit":
            said = {
                "text": PLANTED,
                "extension": PLANTED,
                "attachment": rng.choice(("", f'{{"title":"{PLANTED}"}}')),
            }
            edited = {"modifyAccountId": about["from"], "modifyTime": now, **said}
            return about | edited | {"eventType": rng.choice(("90", "91")) if team else "89"}
    verdict = {
        "type": rng.choice(("TEAM_MSG_AUDIO", "TEAM_MSG_PICTURE")) if team else "P2P_MSG_VIDEO",
        "audioUrl": PLANTED,
        "antispam": rng.choice(("true", True)),
        "from": about["from"],
        "to": about["to"],
        "clientMsgId": about["clientId"],
        "serverMsgId": about["msgId"],
    }
    objects = [verdict] * rng.choice((1, 1, 2))
    return {"eventType": "20", "objects": json.dumps(objects) if rng.random() < 0.7 else objects}


def _event(rng: Random, now: int) -> Fields:
    return copied(rng, message(rng, now)) | {"eventType": rng.choice(_EVENTS)}


def _own_message(rng: Random, now: int) -> Fields:
    own = (
        {"sender": rng.choice(EVERY_BOT)}
        if rng.random() < 0.5
        else {"client": rng.choice(("REST", "32", 32))}
    )
    return by_either_input(rng, message(rng, now, **own))


def _kind(rng: Random, now: int) -> Fields:
    if rng.random() < 0.3:
        conversation = rng.choice(tuple(_NOTICES))
        changes = {"conversation": conversation, "kind": rng.choice(_NOTICES[conversation])}
        return copied(rng, message(rng, now, **changes))
    if rng.random() < 0.1:
        return by_either_input(rng, message(rng, now, text=rng.choice((" ", "\n\u3000", "\u2003"))))
    kind = rng.choice(_NEVER_TAKEN)
    body = copied(rng, message(rng, now, kind=kind))
    return body | {"attach": _ATTACHED[kind] if rng.random() < 0.7 else json.loads(_ATTACHED[kind])}


def _blocked(rng: Random, now: int) -> Fields:
    verdict = {rng.choice(("antispam", "blacklist")): rng.choice(("true", True, "1", 1))}
    return by_either_input(rng, message(rng, now, **verdict))


def _not_addressed(rng: Random, now: int) -> Fields:
    text = rng.choice(("hello all", "mail me@helper", "@helpers hi", "@nobody", "＠", "@helper.two"))
    return by_either_input(rng, message(rng, now, **_in_team(rng, text=f"{text} {PLANTED}")))


def _heard(rng: Random, now: int) -> Fields:
    text = rng.choice(("hello all", "mail me@helper", "@nobody", "/forget"))
    members = rng.choice(({}, {"tMembers": "[alice, EARS]"}, {"tMembers": ["ears"]}, {"tMembers": "many"}))
    said = message(rng, now, sender="Ear.Friend", **_in_team(rng, text=f"{text} {PLANTED}"))
    return copied(rng, said) | members


def _unknown_bot(rng: Random, now: int) -> Fields:
    if rng.random() < 0.3:
        return by_either_input(rng, message(rng, now, **_in_team(rng, account="nobody")))
    return by_either_input(rng, message(rng, now, to=rng.choice((*USERS, "asleep"))))


def _not_allowed(rng: Random, now: int) -> Fields:
    stranger = rng.choice(("bob", 7, "alice ", "alic", "用户"))
    return by_either_input(rng, message(rng, now, to="private", sender=stranger))


def _too_old(rng: Random, now: int) -> Fields:
    to, age = rng.choice((("helper", 1440), ("private", 10), ("direct", 1440)))
    old = (now - age * MINUTE_MS - rng.choice((1, 1000, MINUTE_MS)), 0, 1, 1_700_000_000)
    return by_either_input(rng, message(rng, now, to=to, sender="alice", time=rng.choice(old)))


def _bad_time(rng: Random, now: int) -> Fields:
    ahead = (now + 5 * MINUTE_MS + rng.choice((1, 1000, 1440 * MINUTE_MS)), 9_999_999_999_999)
    return by_either_input(rng, message(rng, now, time=rng.choice(ahead)))


def _callback(rng: Random, now: int) -> Fields:
    return copied(rng, message(rng, now)) | {
        "eventType": rng.choice(_CALLBACKS),
        "fromClientIp": "115.211.51.**",
    }


def _incomplete(rng: Random, now: int) -> Fields:
    if rng.random() < 0.5:
        body = copied(rng, message(rng, now))
        del body[rng.choice(("convType", "to", "fromAccount", "msgType"))]
        return body
    body = copied(rng, message(rng, now))
    return body | {rng.choice(("to", "fromAccount", "body", "msgidClient")): rng.choice(([], {}, True, 1.5))}


def _large_body(rng: Random, now: int) -> Fields:
    return by_either_input(rng, message(rng, now, text=PLANTED + "x" * rng.choice((65_536, 70_000, 200_000))))


def _large_turn(rng: Random, now: int) -> Fields:
    text = rng.choice(("&" * 14_000, "<" * 16_000, '"' * 31_600, "\x01" * 10_600))
    return by_either_input(rng, message(rng, now, to=rng.choice(EVERY_BOT[:2]), text=PLANTED + text))


BUILDERS: Mapping[str, Callable[[Random, int], Fields]] = {
    answers.QUEUED: _queued,
    answers.ACKNOWLEDGED: _acknowledged,
    answers.REPLY: _reply,
    answers.NOTED: _noted,
    answers.HEARD: _heard,
    answers.IGNORED["event"]: _event,
    answers.IGNORED["own_message"]: _own_message,
    answers.IGNORED["kind"]: _kind,
    answers.IGNORED["blocked"]: _blocked,
    answers.IGNORED["not_addressed"]: _not_addressed,
    answers.IGNORED["unknown_bot"]: _unknown_bot,
    answers.IGNORED["not_allowed"]: _not_allowed,
    answers.IGNORED["too_old"]: _too_old,
    answers.IGNORED["bad_time"]: _bad_time,
    answers.CALLBACK: _callback,
    answers.BAD_REQUEST: _incomplete,
    answers.BODY_TOO_LARGE: _large_body,
    answers.TURN_TOO_LARGE: _large_turn,
}
"""Row → builds the body of a request that belongs there (random source, time of the relay). The rows that are missing
depend on the bytes, the signature or the storage."""
