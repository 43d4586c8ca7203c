"""What the Table and the Queue client share: a bounded call, an error without anyone's words, Azurite's address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from relay.errors import RelayError, StorageUnavailable

_AZURITE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    # Azurite's well-known key: public, the same everywhere, worth nothing elsewhere.
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
)


def spelled_out(connection_string: str) -> str:
    """``UseDevelopmentStorage=true`` as the Table client needs it; any other string as it is."""
    return _AZURITE if connection_string == "UseDevelopmentStorage=true" else connection_string


@asynccontextmanager
async def bounded(service: str, seconds: float) -> AsyncIterator[None]:
    """Give a storage call a time limit, and turn what the SDK raises into StorageUnavailable.

    The SDK's own text may quote the request, which holds what a user wrote: only its code is passed on.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise StorageUnavailable(f"{service} did not answer within {seconds:g} s") from None
    except RelayError:
        raise
    except Exception as error:
        from azure.core.exceptions import AzureError

        if not isinstance(error, AzureError):
            raise
        raise StorageUnavailable(f"{service}: {error_code(error)}") from None


def error_code(error: Any) -> str:
    """The service's word for an error (``EntityAlreadyExists``), else the kind of exception."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or type(error).__name__)
