"""Values and texts that break things, and the JSON text of fields that hold them.

What :mod:`json` cannot write (numbers out of range, half surrogate pairs, nesting without an end) stands in the fields
as a placeholder until the text is made.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from tests.attacks.fuzz.messages import PLANTED

LOG_LINE = "2026-11-23 12:00:00,000 CRITICAL relay forged-line"
"""What somebody wants to see in our log."""

ROBOT_KEYS = ("account", "accountId", "function", "topic", "customContent", "ACCOUNT", "unknown")
EXT_KEYS = ("robotInfo", "robotConfig", "robotAccid", "robotinfo", "eventType", PLANTED)

_JSON = (
    *("null", "true", "false", '""', '" "', "[]", "{}", '{"a":1,"a":2}', '[{"robotInfo":{}}]'),
    *("0", "-0", "7", "-1", "1.0", "0.1", "1e3", "1e999", "-1e999", "1e-9999"),
    *(str(2**63), str(2**64), str(-(2**63) - 1), "1" + "0" * 30, "9" * 4300),
    *('"\\ud800"', '"\\udc00\\ud83d"', '"a\\udfffb"', '"\\u0000"', '"\\ufffe"'),
    *('"1"', '"true"', '"PERSON"', '"TEXT"', '"TEAM"', '"helper"', '"direct"', '"@helper hi"', '"REST"'),
    *("[" * depth + "]" * depth for depth in (10, 200, 1000, 5000, 30_000)),
    *('{"a":' * depth + "1" + "}" * depth for depth in (10, 200, 1000, 5000, 10_000)),
)
_NOT_JSON = (
    *("NaN", "Infinity", "-Infinity", "01", "+1", "0x10", ".5", "1_000", "True", "undefined", "'single'", ""),
    *('"\\x"', '"\\u12"', '"\x01"', '"\n"', "9,9", "9" * 4301, "[" * 60_000, '{"a":' * 12_000),
)
LITERALS = _JSON + _NOT_JSON
"""JSON values as text, and what only looks like some."""

_NASTY = (
    *("\ud800", "\udfff", "\u0130", "\u212a", "ß", "\ufb00", "\u0301" * 40, "\U0001f469\u200d"),
    *("\x00", "\t", "\x0b\x0c", "\x1b[2J\x1b[31m", "\x7f", "\x85", "\x9b", "\u2028", "\u202e"),
    *("\ufeff", "\ufdd0", "\ufffe", "\uffff", "&<>'\"", "]]>", "|", "/\\#?", "../", "%00"),
    *("\r\n" + LOG_LINE + "\r\n", "\n" + LOG_LINE, "\r" + LOG_LINE, "', msg="),
    *("%s%n", "{}", "{0.__class__}", "${jndi:ldap://x}", "=cmd|' /C calc'!A0"),
    *("@", "@helper", "＠小助手"),
)
_PLACEHOLDER = re.compile(r'"⟪(\d+)⟫"')


def odd_value(rng: Random, depth: int = 0) -> Any:
    """Any value: a literal that may not even be JSON, a text, or more of the same in a list or an object."""
    kind = rng.random()
    if kind < 0.7 or depth > 2:
        return f"⟪{rng.randrange(len(_JSON if kind < 0.6 else LITERALS))}⟫"
    if kind < 0.85:
        return nasty(rng, PLANTED)
    if kind < 0.92:
        return [odd_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(EXT_KEYS + ROBOT_KEYS): odd_value(rng, depth + 1) for _ in range(rng.randrange(4))}


def nasty(rng: Random, text: str) -> str:
    """A text with something in it that upsets logs, terminals, XML or databases."""
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_NASTY) + text[at:]


def json_text(value: Any, separators: tuple[str, str] = (",", ":")) -> str:
    """JSON with the literals in their places."""
    text = json.dumps(value, ensure_ascii=False, separators=separators)
    return _PLACEHOLDER.sub(lambda match: LITERALS[int(match[1])], text)


def written(rng: Random, fields: dict[str, Any]) -> bytes:
    """The JSON text of a body, in one of the ways in which JSON is written; half surrogates survive as bytes."""
    text = json_text(fields, rng.choice(((",", ":"), (", ", ": "))))
    if rng.random() < 0.3:
        text = re.sub(r"[^\x00-\x7f]", lambda match: json.dumps(match[0])[1:-1], text)
    return text.encode("utf-8", "surrogatepass")
