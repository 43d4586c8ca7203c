"""What is started beside somebody else's function host."""

from __future__ import annotations

import pytest

from playground.beside import is_local


@pytest.mark.parametrize(
    ("webhook", "local"),
    [
        ("http://127.0.0.1:7071/api/webhook", True),
        ("http://localhost:7071/api/webhook?code=x", True),
        ("http://[::1]:7071/api/webhook", True),
        ("https://app.example.net/api/webhook?code=127.0.0.1", False),
        ("https://localhost.example.net/api/webhook", False),
    ],
)
def test_a_host_is_local_if_its_name_is_loopback(webhook: str, local: bool) -> None:
    assert is_local(webhook) is local
