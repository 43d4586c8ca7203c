"""Which URLs the settings accept, and the one form in which the rest of the relay sees them.

Every function returns the URL without a trailing slash, and raises ValueError with what is wrong. No message
quotes the URL: people paste keys and passwords into them.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit


def server(url: str) -> str:
    """``scheme://host[:port]`` and nothing else: paths are appended by the caller."""
    parts = _split(url)
    if parts.path not in ("", "/"):
        raise ValueError("has a path")
    return _origin(parts)


def base(url: str) -> str:
    """A base URL whose path is kept, such as ``https://host/v1``."""
    parts = _split(url)
    return _origin(parts) + parts.path.rstrip("/")


def service(url: str) -> str:
    """A storage service that gets a token: like :func:`base`, over https unless it is on this machine."""
    _keep_tokens_private(_split(url))
    return base(url)


def azure_openai(url: str) -> str:
    """The endpoint of an Azure OpenAI resource, also when the portal's longer "target URI" was pasted."""
    pasted = re.sub(r"/openai(/.*)?$", "", url)
    _keep_tokens_private(_split(pasted))
    return server(pasted)


def media_hosts(text: str) -> tuple[str, ...]:
    """Hosts that media may come from, with commas between: ``host``, ``*.host``, or ``127.0.0.1:PORT`` at home."""
    hosts = tuple(host.strip().lower() for host in text.split(",") if host.strip())
    for host in hosts:
        if not re.fullmatch(r"(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|127\.0\.0\.1:[0-9]{1,5}", host):
            raise ValueError("has an entry that is no host")
    return hosts


def _split(url: str) -> SplitResult:
    if re.search(r"[^\x21-\x7e]", url):
        raise ValueError("has a space or a character that is not ASCII")
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise ValueError("does not begin with http:// or https://")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no port
    except ValueError:
        raise ValueError("is not a URL") from None
    if "@" in parts.netloc:
        raise ValueError("has a user name or a password in it")
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", parts.hostname or ""):
        raise ValueError("has no valid host")
    if parts.query or parts.fragment:
        raise ValueError('has a part after "?" or "#"')
    return parts


def _origin(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _keep_tokens_private(parts: SplitResult) -> None:
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("is http, which would show tokens to the network")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
