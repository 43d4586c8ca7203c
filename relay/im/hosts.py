"""Where the server API is (docs jk3MzY2MTI; hosts of the vendor's own server SDK)."""

from __future__ import annotations

from typing import Literal

Region = Literal["overseas", "china"]
ApiVersion = Literal["v2", "v1"]

_HOSTS: dict[tuple[Region, ApiVersion], tuple[str, ...]] = {
    ("overseas", "v2"): ("https://open-sg.yunxinapi.com",),
    ("overseas", "v1"): ("https://api-sg.yunxinapi.com", "https://api-sg-bak.yunxinapi.com"),
    ("china", "v2"): ("https://open.yunxinapi.com", "https://open-bak.yunxinapi.com"),
    ("china", "v1"): ("https://api-cn.yunxinapi.com", "https://api-cn-bak.yunxinapi.com"),
}


def hosts(region: Region, version: ApiVersion, api_url: str | None = None) -> tuple[str, ...]:
    """Base URLs without a trailing slash: the main host, then its backup where one is documented.

    Args:
        api_url: replaces the region's hosts.
    """
    return (api_url.rstrip("/"),) if api_url else _HOSTS[region, version]
