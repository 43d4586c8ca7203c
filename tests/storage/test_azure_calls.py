"""What the Table and the Queue client share."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import HttpResponseError

from relay.errors import StorageUnavailable
from relay.storage.azure_calls import bounded


async def test_an_error_is_told_by_its_code_alone() -> None:
    """The SDK's own text may quote the request, and so does a traceback that shows it as the cause."""
    error = HttpResponseError("the property text holds hunter2")
    error.error_code = "PropertyValueTooLarge"  # type: ignore[attr-defined]
    with pytest.raises(StorageUnavailable) as caught:
        async with bounded("Table Storage", 5):
            raise error
    assert str(caught.value) == "Table Storage: PropertyValueTooLarge"
    assert caught.value.__suppress_context__


async def test_a_call_has_a_time_limit() -> None:
    with pytest.raises(StorageUnavailable, match=r"within 0\.01 s"):
        async with bounded("Table Storage", 0.01):
            await asyncio.Event().wait()
