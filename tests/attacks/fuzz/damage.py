"""Ways to break the bytes of a body, before they are signed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random

from tests.attacks.fuzz.messages import PLANTED
from tests.attacks.fuzz.odd_values import LITERALS

_CHARSETS = ("utf-16", "utf-16-le", "utf-32", "gb18030", "latin-1", "utf-7", "cp037", "shift_jis")
_MARKS = (b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def truncated(rng: Random, body: bytes) -> bytes:
    """Cut off anywhere."""
    return body[: rng.randrange(len(body) + 1)]


def garbage(rng: Random, body: bytes) -> bytes:
    """Something before or behind it, perhaps itself."""
    more = rng.choice((PLANTED.encode(), b"}", b"\x00", b"{}", b"\n\n ", b"//", b"\xff", b"]", b",", body))
    return rng.choice((body + more, more + body))


def marked(rng: Random, body: bytes) -> bytes:
    """Behind a byte order mark."""
    return rng.choice(_MARKS) + body


def flipped(rng: Random, body: bytes) -> bytes:
    """Some bytes are others."""
    changed = bytearray(body)
    for _ in range(rng.randrange(1, 5) if body else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def repeated_key(rng: Random, body: bytes) -> bytes:
    """A key that comes twice."""
    name = rng.choice(("body", "to", "eventType", "fromAccount", "robotInfo", "ext", "msgTimestamp"))
    pair = f'"{name}":{rng.choice(LITERALS)}'.encode()
    return rng.choice((b"{" + pair + b"," + body[1:], body[:-1] + b"," + pair + b"}"))


def other_charset(rng: Random, body: bytes) -> bytes:
    """In a character set that is not UTF-8."""
    return body.decode("utf-8", "replace").encode(rng.choice(_CHARSETS), "replace")


def compressed(rng: Random, body: bytes) -> bytes:
    """As gzip, zlib or bare deflate."""
    deflated = zlib.compress(body, 1)
    return rng.choice((gzip.compress(body, 1, mtime=0), deflated, deflated[2:-4]))


def wrapped(rng: Random, body: bytes) -> bytes:
    """No object any more, or a form."""
    text = json.dumps(body.decode("utf-8", "replace")).encode()
    return rng.choice((b"[" + body + b"]", text, b"data=" + body, b"", b"null", b"{ }"))


BYTE_BREAKAGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    *(truncated, garbage, marked, flipped, flipped, repeated_key, repeated_key),
    *(other_charset, compressed, wrapped),
)
"""All of them; the more fruitful ones twice."""
