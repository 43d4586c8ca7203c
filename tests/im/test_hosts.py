"""Which hosts are spoken to."""

from __future__ import annotations

import pytest

from relay.im.hosts import ApiVersion, Region, hosts


@pytest.mark.parametrize(
    ("region", "version", "expected"),
    [
        ("overseas", "v2", ("https://open-sg.yunxinapi.com",)),
        ("overseas", "v1", ("https://api-sg.yunxinapi.com", "https://api-sg-bak.yunxinapi.com")),
        ("china", "v2", ("https://open.yunxinapi.com", "https://open-bak.yunxinapi.com")),
        ("china", "v1", ("https://api-cn.yunxinapi.com", "https://api-cn-bak.yunxinapi.com")),
    ],
)
def test_a_region_has_its_documented_hosts(
    region: Region, version: ApiVersion, expected: tuple[str, ...]
) -> None:
    assert hosts(region, version) == expected


def test_a_url_of_ones_own_replaces_them_all() -> None:
    assert hosts("china", "v1", "http://127.0.0.1:9000/") == ("http://127.0.0.1:9000",)
