"""What the Table and the Queue client share: a call in short attempts, told by a code alone."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

from relay.backoff import Backoff
from relay.errors import RowExists, StorageUnavailable
from relay.storage import azure_calls
from relay.storage.azure_calls import in_attempts


def refused(code: str, status: int | None = None) -> HttpResponseError:
    error = HttpResponseError("the property text holds hunter2")
    error.error_code, error.status_code = code, status  # type: ignore[attr-defined]
    return error


class Service:
    """Answers each attempt with the next of its answers; None stalls."""

    def __init__(self, *answers: str | Exception | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self) -> str:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts and pauses of milliseconds."""
    monkeypatch.setattr(azure_calls, "ATTEMPT_SECONDS", 0.02)
    monkeypatch.setattr(azure_calls, "PAUSES", Backoff(first_seconds=0.001, ceiling_seconds=2))


async def test_an_error_is_told_by_its_code_alone() -> None:
    """The SDK's own text may quote the request, and so does a traceback that shows it as the cause."""
    with pytest.raises(StorageUnavailable) as caught:
        await in_attempts("Table Storage", 5, Service(refused("PropertyValueTooLarge", 400)))
    assert str(caught.value) == "Table Storage: PropertyValueTooLarge"
    assert caught.value.__suppress_context__


async def test_a_call_has_a_time_limit_and_names_what_it_met_last() -> None:
    with pytest.raises(StorageUnavailable, match=r"ServerBusy within 0\.05 s"):
        await in_attempts("Table Storage", 0.05, Service(refused("ServerBusy", 503)))


@pytest.mark.parametrize(
    "first",
    [
        None,
        refused("ServerBusy", 503),
        refused("OperationTimedOut", 202),  # of a transaction: inside of its answer
        ServiceRequestError("refused"),
    ],
    ids=["stall", "503", "in a transaction", "no connection"],
)
async def test_what_may_pass_is_tried_again_within_the_same_call(first: Exception | None) -> None:
    service = Service(first, "done")
    assert await in_attempts("Queue Storage", 5, service) == "done"
    assert service.asked == 2


@pytest.mark.parametrize("definite", [refused("AuthorizationFailure", 403), AzureError("no")])
async def test_what_will_not_pass_is_not_tried_again(definite: Exception) -> None:
    service = Service(definite)
    with pytest.raises(StorageUnavailable):
        await in_attempts("Queue Storage", 5, service)
    assert service.asked == 1


@pytest.mark.parametrize("meant", [RowExists("there"), KeyError("a bug")])
async def test_other_errors_pass_as_they_are(meant: Exception) -> None:
    service = Service(meant)
    with pytest.raises(type(meant)):
        await in_attempts("Queue Storage", 5, service)
    assert service.asked == 1
