"""What the Table and the Queue client share: a call in short attempts, an error without a user's words, Azurite's
address."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, TypeVar

from relay.backoff import Backoff
from relay.errors import RelayError, StorageUnavailable

ATTEMPT_SECONDS = 0.8
"""Time of the first attempt of a call, from the name's look-up and the token to the last byte; each further
attempt has twice the time of the one before. A service that stalls once costs a message of the webhook this long and no
more."""

PAUSES = Backoff(first_seconds=0.1, ceiling_seconds=2)
"""Pauses before the third attempt and each further one; the second comes at once."""

_NO_RETRY_OF_ITS_OWN: dict[str, Any] = {
    "retry_total": 0,
    "retry_connect": 0,
    "retry_read": 0,
    "retry_status": 0,
}
"""Switches the retries of an SDK's client off. The queue SDK waits up to three seconds at random before its first
retry, and neither SDK gives an attempt a time that fits into the platform's five seconds."""

_TRANSIENT = (408, 429, 500, 502, 503, 504)
"""HTTP statuses after which the same request may pass (Azure: Storage REST API, common error codes)."""

_TRANSIENT_WORDS = ("ServerBusy", "OperationTimedOut", "InternalError", "TooManyRequests")
"""The same failures as error codes: a transaction of the Table service tells its failure inside of a 202."""

_AZURITE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    # Azurite's well-known key: public, the same everywhere, worth nothing elsewhere.
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"
)

T = TypeVar("T")


def spelled_out(connection_string: str) -> str:
    """``UseDevelopmentStorage=true`` as the Table client needs it; any other string as it is."""
    return _AZURITE if connection_string == "UseDevelopmentStorage=true" else connection_string


def client_options() -> dict[str, Any]:
    """Options for a client of either SDK.

    Without a proxy on this machine there is nothing to look for in its environment: aiohttp would look for one, and for
    a ``.netrc``, before every request, each in a thread of its own.
    """
    from urllib.request import getproxies  # of the SDKs' own imports, not of the app's start

    return {**_NO_RETRY_OF_ITS_OWN, "use_env_settings": bool(getproxies().keys() & {"http", "https"})}


async def in_attempts(
    service: str, seconds: float, call: Callable[[], Awaitable[T]], first_seconds: float | None = None
) -> T:
    """The result of a storage call, which is made again while it fails for a moment and ``seconds`` last.

    A repeated write may find its own first attempt carried out, where only the answer was lost: callers must expect it.

    Args:
        service: its name, for error messages.
        seconds: for all attempts together.
        call: one attempt.
        first_seconds: time of the first attempt, :data:`ATTEMPT_SECONDS` if None.

    Raises:
        StorageUnavailable: no attempt came through. The SDK's own text may quote the request, which holds what a user
            wrote: only the service's code is passed on.
        RelayError: ``call`` raised it for a definite answer of the service.
    """
    last, now = "no answer", asyncio.get_running_loop().time
    first = ATTEMPT_SECONDS if first_seconds is None else first_seconds
    ends = now() + seconds
    for number in count():
        pause = 0.0
        try:
            async with asyncio.timeout_at(min(ends, now() + first * 2**number)):
                return await call()
        except TimeoutError:
            pass  # it has waited long enough
        except RelayError:
            raise
        except Exception as error:
            last = error_code(error)
            if not _is_of_azure(error):
                raise
            if not _may_pass(error):
                raise StorageUnavailable(f"{service}: {last}") from None
            pause = PAUSES.delay(number - 1, random.random) if number else 0.0
        if now() + pause >= ends:
            break
        await asyncio.sleep(pause)
    raise StorageUnavailable(f"{service}: {last} within {seconds:g} s")


def _is_of_azure(error: Exception) -> bool:
    from azure.core.exceptions import AzureError

    return isinstance(error, AzureError)


def _may_pass(error: Exception) -> bool:
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    if isinstance(error, HttpResponseError):
        return error.status_code in _TRANSIENT or error_code(error) in _TRANSIENT_WORDS
    return isinstance(error, (ServiceRequestError, ServiceResponseError))


def error_code(error: Any) -> str:
    """The service's word for an error (``EntityAlreadyExists``), else the kind of exception."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or type(error).__name__)
