"""The relay as a whole."""

from __future__ import annotations

import logging

import pytest

from tests.kit import RelayKit


@pytest.mark.parametrize(
    "name",
    [
        "openai._base_client",
        "azure.core.pipeline.policies.http_logging_policy",
        "httpx2",
        "httpcore2.connection",
        "aiohttp.client",
    ],
)
def test_libraries_that_log_what_was_said_are_kept_quiet(relay: RelayKit, name: str) -> None:
    library = logging.getLogger(name.partition(".")[0])
    before = library.level
    library.setLevel(logging.DEBUG)
    try:
        relay.post("hello")
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    finally:
        library.setLevel(before)
