"""Where media may be fetched from: names of hosts, and addresses.

A media URL comes out of a message, so that anybody may write it. It leads to the platform's own storage, or to hosts
that the operator has named; and a name leads to a public address, whatever it resolves to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from relay.errors import MediumRefused

STORAGE_HOSTS = ("*.netease.im", "*.netease.com", "*.127.net", "*.chatnos.com")
"""The vendor's storage (docs of the SDKs: ``nim-nosdn.netease.im``, ``{bucket}-nosdn.netease.im``,
``nos.netease.com`` and short links at ``s.netease.im``)."""

URL_MAX_CHARS = 2048

_NAME = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")

_EMBEDDED = (
    # IPv6 networks whose addresses hold one of IPv4, and where in it (RFC 6052, 3056).
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that are allowed.

    Attributes:
        more: patterns beside the platform's own storage: ``host``, ``*.host``, or ``127.0.0.1:PORT``.
    """

    more: tuple[str, ...] = ()

    def checked(self, url: str) -> str:
        """The URL that is fetched: over https, but for the local stack.

        Raises:
            MediumRefused: it leads somewhere else, or is no plain URL.
        """
        if len(url) > URL_MAX_CHARS or re.search(r"[^\x21-\x7e]|\\", url):
            raise MediumRefused("its address is no plain URL")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MediumRefused("its address is no plain URL") from None
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not host:
            raise MediumRefused("its address is no plain URL")
        if self.is_local(parts.netloc):
            return url
        if not _NAME.fullmatch(host) or not _fits(host, (*STORAGE_HOSTS, *self.more)):
            raise MediumRefused("its host is not one of those that media may come from (IM_MEDIA_HOSTS)")
        if parts.scheme == "http" and not _fits(host, STORAGE_HOSTS):
            raise MediumRefused("its address is http, which anybody on the way could change")
        if port not in (None, 443) and not (parts.scheme == "http" and port == 80):
            raise MediumRefused("its address has a port of its own")
        return urlunsplit(("https", host, parts.path or "/", parts.query, ""))

    def have_transforms(self, url: str) -> bool:
        """Whether the vendor's own storage, or the local stack's, keeps it: others know none of these transforms."""
        place = urlsplit(url).netloc
        return self.is_local(place) or _fits(place.lower().partition(":")[0], STORAGE_HOSTS)

    def is_local(self, place: str) -> bool:
        """Whether a host with its port is the local stack's storage."""
        return place.startswith("127.0.0.1:") and place in self.more


def is_public(address: str) -> bool:
    """Whether an address is anybody's: not private, local, multicast or reserved, nor one of these in another form."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local:
            return False
        inner = found.ipv4_mapped or (found.teredo[1] if found.teredo else None)
        for network, shift in _EMBEDDED:
            if found in network:
                inner = ipaddress.IPv4Address((int(found) >> shift) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _fits(host: str, patterns: Iterable[str]) -> bool:
    return any(
        host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:])) for pattern in patterns
    )
