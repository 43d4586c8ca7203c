"""Headers around a body: valid signatures among odd headers, and forged ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from random import Random

from relay.signature import sign_inbound
from tests.attacks.fuzz.breakages import AGES_MS, WIDE_DIGITS
from tests.attacks.fuzz.messages import PLANTED
from tests.attacks.fuzz.odd_values import LOG_LINE, nasty

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""A trace context as the W3C documents it."""

_CLOCKS = (0, 1, 10**12, 10**13 - 1, 10**13, 2**63, 10**20 - 1)


def among_odd_ones(rng: Random, headers: Mapping[str, str]) -> dict[str, str]:
    """Headers around a signature that stays valid."""
    traces = (
        TRACE,
        TRACE.upper(),
        TRACE[:-1],
        "ff" + TRACE[2:],
        nasty(rng, TRACE),
        "00-" + "0" * 32 + TRACE[35:],
    )
    types = ("text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x")
    more = {
        "traceparent": rng.choice(traces),
        "tracestate": nasty(rng, PLANTED),
        "Content-Type": rng.choice(types),
        "Content-Encoding": rng.choice(("gzip", "deflate", "br", PLANTED)),
        "Content-Length": rng.choice(("0", "-1", "9" * 30, PLANTED)),
        "User-Agent": nasty(rng, LOG_LINE),
        "X-Forwarded-For": nasty(rng, LOG_LINE),
        "AppKey": rng.choice(("", "another", nasty(rng, LOG_LINE))),
        "X-Huge": PLANTED * 2000,
        nasty(rng, "X-Odd"): nasty(rng, PLANTED),
    }
    cased = rng.choice((str.upper, str.lower, str.title, str))
    return {cased(name): value for name, value in headers.items()} | {
        name: more[name] for name in rng.sample(tuple(more), rng.randrange(1, 5))
    }


def signed_at_any_time(rng: Random, secret: str, body: bytes, now: int) -> dict[str, str]:
    """A valid signature with any clock: the platform may deliver late."""
    clock = rng.choice((*_CLOCKS, *(now - ago for ago in AGES_MS)))
    return sign_inbound(secret, body, clock)


def forged(rng: Random, secret: str, body: bytes, now: int) -> dict[str, str]:
    """Headers that are no valid signature of this body."""
    headers = sign_inbound(secret, body, now)
    name = rng.choice(tuple(headers))
    value = headers[name]
    flat = hashlib.sha1((secret + headers["MD5"]).encode(), usedforsecurity=False).hexdigest()
    forgeries: tuple[Callable[[], dict[str, str]], ...] = (
        lambda: {},
        lambda: {other: value for other, value in headers.items() if other != name},
        lambda: headers | {name: ""},
        lambda: headers | {name: f"{value} "},
        lambda: headers | {name: f"{value},{value}"},
        lambda: headers | {name: value[:-1]},
        lambda: headers | {name: nasty(rng, value)},
        lambda: headers | {name: value * 50},
        lambda: headers | {name: nasty(rng, LOG_LINE)},
        lambda: headers | {"CheckSum": headers["CheckSum"].upper() + "\u0130"},
        lambda: headers | {"CurTime": str(now).translate(WIDE_DIGITS)},
        lambda: headers | {"CurTime": str(now + 1)},
        lambda: headers | {"CheckSum": flat},
        lambda: sign_inbound("", body, now),
        lambda: sign_inbound(secret + "x", body, now),
        lambda: sign_inbound(secret, body + b" ", now),
    )
    return rng.choice(forgeries)()
