"""Queueing a turn at the door: one of its two messages is enough."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relay import outbox
from relay.errors import StorageUnavailable
from relay.messages import Receipt
from relay.outbox import TURNS
from tests.kit import RelayKit

FAULTS = ("refused", "stalled", "answer lost")


class Faulty:
    """A queue whose n-th sends fail: refused, stalled for ever, or done with their answer lost."""

    def __init__(self, relay: RelayKit, faults: dict[int, str]) -> None:
        self._send, self._faults = relay.queues.send, faults
        self.sent = 0
        relay.queues.send = self.send  # type: ignore[method-assign]

    async def send(self, queue: str, text: str, *options: Any, **more: Any) -> Receipt:
        self.sent += 1
        fault = self._faults.get(self.sent)
        if fault == "stalled":
            await asyncio.Event().wait()
        if fault == "refused":
            raise StorageUnavailable("Queue Storage: ServerBusy")
        receipt = await self._send(queue, text, *options, **more)
        if fault == "answer lost":
            raise StorageUnavailable("Queue Storage: ServiceResponseError")
        return receipt


@pytest.fixture(autouse=True)
def short_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall is told at once."""
    monkeypatch.setattr(outbox.Outbox.enqueue, "__defaults__", (0.05,))


def test_the_time_for_queueing_is_within_what_the_platform_waits() -> None:
    assert outbox.ENQUEUE_SECONDS + outbox.SHOW_SECONDS < 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [1, 2])
def test_one_fault_at_the_door_loses_nothing(relay: RelayKit, call: int, fault: str) -> None:
    Faulty(relay, {call: fault})
    assert relay.post("hello", run=False).status_code == 200
    relay.run()
    assert relay.replies == ["Hi alice"]  # at once, not after the lease time
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert relay.waiting == []


@pytest.mark.parametrize("fault", ["refused", "stalled"])
def test_a_turn_of_which_nothing_is_queued_is_refused(relay: RelayKit, fault: str) -> None:
    Faulty(relay, {1: fault, 2: fault})
    assert relay.post("hello", run=False).status_code == 503
    assert relay.waiting == []


def test_a_watch_that_cannot_be_shown_brings_its_message_after_the_lease_time(relay: RelayKit) -> None:
    async def fails(*_: Any) -> bool:
        raise StorageUnavailable("Queue Storage: ServerBusy")

    Faulty(relay, {2: "refused"})
    relay.queues.show = fails  # type: ignore[assignment]
    assert relay.post("hello").status_code == 200
    assert relay.replies == []
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_two_copies_of_a_turn_and_of_its_watch_are_harmless(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    for text in relay.queues.texts(TURNS):
        asyncio.run(relay.queues.send(TURNS, text))
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
