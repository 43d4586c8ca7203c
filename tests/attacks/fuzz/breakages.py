"""Ways to break the fields of a documented body, in place."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from relay.clock import MINUTE_MS
from relay.inbound import chatbot
from relay.inbound.wire import COPY_FIELDS
from tests.attacks.fuzz.messages import PLANTED, Fields
from tests.attacks.fuzz.odd_values import EXT_KEYS, ROBOT_KEYS, json_text, nasty, odd_value

AGES_MS = (
    *(0, -5 * MINUTE_MS, -5 * MINUTE_MS - 1, 5 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS + 1),
    *(1440 * MINUTE_MS, 1440 * MINUTE_MS + 1, 720 * MINUTE_MS, 720 * MINUTE_MS + 1),
)
"""Around the limits of the bots, and around midnight."""

WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")

_NAMES = tuple(
    dict.fromkeys(
        name.partition(".")[0]
        for table in (COPY_FIELDS, chatbot.FIELDS)
        for names in table.values()
        for name in names
    )
)


def wrong_type(rng: Random, fields: Fields) -> None:
    """Another value in the place of one."""
    fields[_name(rng, fields)] = odd_value(rng)


def dropped(rng: Random, fields: Fields) -> None:
    """A field is missing."""
    fields.pop(_name(rng, fields), None)


def added(rng: Random, fields: Fields) -> None:
    """A field too many: one of another form of request, or an unknown one."""
    fields[rng.choice((*_NAMES, "ext", "eventType", PLANTED, nasty(rng, PLANTED)))] = odd_value(rng)


def renamed(rng: Random, fields: Fields) -> None:
    """A field that comes again under another name."""
    name = _name(rng, fields)
    others = (name.upper(), name.lower(), f" {name}", f"{name}\x00", rng.choice(_NAMES))
    fields[rng.choice(others)] = fields.get(name)


def swapped(rng: Random, fields: Fields) -> None:
    """Two values that have changed places."""
    one, other = _name(rng, fields), _name(rng, fields)
    fields[one], fields[other] = fields.get(other), fields.get(one)


def nasty_text(rng: Random, fields: Fields) -> None:
    """Something nasty in a text."""
    name = _name(rng, fields)
    fields[name] = nasty(rng, str(fields.get(name)))


def odd_accid(rng: Random, fields: Fields) -> None:
    """An account as no app has it."""
    name = rng.choice(("to", "fromAccount", "robotAccid", "from", "tid"))
    accid = rng.choice(("helper", "HELPER", "alice", "direct", "小助手", "private", ""))
    fields[name] = nasty(rng, accid) if rng.random() < 0.8 else accid * rng.choice((2, 40, 3000))


def huge_text(rng: Random, fields: Fields) -> None:
    """A text as long as a request may be, and longer."""
    character = rng.choice(("x", "é", "你", "👋", "\x01", "&", "\\", '"', "\ud800", "@", " ", "@helper "))
    fields[_name(rng, fields)] = PLANTED + character * rng.choice((300, 2000, 8000, 16_000, 33_000, 64_000))


def long_name(rng: Random, fields: Fields) -> None:
    """A field with a long name."""
    fields[PLANTED * rng.choice((10, 1000))] = odd_value(rng)


def odd_ext(rng: Random, fields: Fields) -> None:
    """The sender's extension: objects in strings in objects, some of them cut off."""
    robot: Any = {rng.choice(ROBOT_KEYS): odd_value(rng) for _ in range(rng.randrange(4))}
    if rng.random() < 0.4:
        robot = json_text(robot)
    ext: Any = {rng.choice(EXT_KEYS): robot, rng.choice(EXT_KEYS): odd_value(rng)}
    for _ in range(rng.choice((0, 1, 1, 2))):
        ext = json_text(ext)
    fields["ext"] = ext[: rng.randrange(len(ext))] if isinstance(ext, str) and rng.random() < 0.2 else ext


def huge_robot(rng: Random, fields: Fields) -> None:
    """A robot field far longer than anything that selects an override or a topic."""
    long = rng.choice("x你\x01&") * rng.choice((300, 2000, 33_000))
    fields["ext"] = {"robotInfo": {rng.choice(ROBOT_KEYS): PLANTED + long}}


def odd_attach(rng: Random, fields: Fields) -> None:
    """An attachment in every wrong form."""
    attach: Any = {"msg": PLANTED, "more": odd_value(rng)}
    fields["attach"] = rng.choice(
        (attach, json_text(attach), [attach], odd_value(rng), json_text(attach)[:-3])
    )


def odd_time(rng: Random, fields: Fields) -> None:
    """A time at a border, or one that is written oddly."""
    name = "timestamp" if "timestamp" in fields else "msgTimestamp"
    said = re.sub(r"[^0-9]", "", str(fields.get(name)))[:13] or "0"
    at = int(said) - rng.choice(AGES_MS)
    times = (at, float(at), str(at), str(at)[:-3], str(at).translate(WIDE_DIGITS))
    forms = ("{}", " {}", "+{}", "{}.0", "0{}", "{}000", "{}e0", "{}\n")
    fields[name] = rng.choice(times) if rng.random() < 0.5 else rng.choice(forms).format(at)


def odd_flag(rng: Random, fields: Fields) -> None:
    """Moderation's verdict in another form."""
    flags = ("TRUE", "yes", " true", 2, -1, "01", odd_value(rng))
    fields[rng.choice(("antispam", "blacklist"))] = rng.choice(flags)


def other_event(rng: Random, fields: Fields) -> None:
    """The field that tells a copy from a callback."""
    fields["eventType"] = rng.choice(("1", 1, "2", "", None, True, "１", 2**70, odd_value(rng)))


def no_identity(rng: Random, fields: Fields) -> None:
    """Without some of what tells one message from another."""
    for name in rng.sample(("msgidClient", "msgidServer", "msgTimestamp"), rng.randrange(1, 4)):
        fields.pop(name, None)


FIELD_BREAKAGES: tuple[Callable[[Random, Fields], None], ...] = (
    *(wrong_type, wrong_type, dropped, added, renamed, swapped, nasty_text, nasty_text, odd_accid),
    *(huge_text, huge_robot, long_name, odd_ext, odd_ext, odd_attach),
    *(odd_time, odd_time, odd_flag, other_event, no_identity),
)
"""All of them; the more fruitful ones twice."""


def _name(rng: Random, fields: Fields) -> str:
    return rng.choice(tuple(fields)) if fields else "body"
