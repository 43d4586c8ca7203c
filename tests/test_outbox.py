"""Queueing a turn at the door: one of its two messages is enough."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from relay import outbox
from relay.errors import StorageUnavailable
from relay.outbox import TURNS
from tests.doubles import Call
from tests.kit import RelayKit

FAULTS = ("refused", "stalled", "answer lost")


def faulty(relay: RelayKit, faults: Mapping[int | str, str]) -> None:
    """The n-th send fails, or every ``show``: refused, stalled for ever, or done with its answer lost."""
    sent = 0

    def fault_of(call: Call) -> str | None:
        return faults.get(sent if call.name == "send" else call.name)

    async def before(call: Call) -> None:
        nonlocal sent
        sent += call.name == "send"
        if fault_of(call) == "stalled":
            await asyncio.Event().wait()
        if fault_of(call) == "refused":
            raise StorageUnavailable("Queue Storage: ServerBusy")

    def after(call: Call) -> None:
        if fault_of(call) == "answer lost":
            raise StorageUnavailable("Queue Storage: ServiceResponseError")

    relay.queues.before, relay.queues.after = before, after


@pytest.fixture(autouse=True)
def short_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall is told at once."""
    monkeypatch.setattr(outbox.Outbox.enqueue, "__defaults__", (0.05,))


def test_the_time_for_queueing_is_within_what_the_platform_waits() -> None:
    assert outbox.ENQUEUE_SECONDS + outbox.SHOW_SECONDS < 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [1, 2])
def test_one_fault_at_the_door_loses_nothing(relay: RelayKit, call: int, fault: str) -> None:
    faulty(relay, {call: fault})
    assert relay.post("hello", run=False).status_code == 200
    relay.run()
    assert relay.replies == ["Hi alice"]  # at once, not after the lease time
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert relay.waiting == []


@pytest.mark.parametrize("fault", ["refused", "stalled"])
def test_a_turn_of_which_nothing_is_queued_is_refused(relay: RelayKit, fault: str) -> None:
    faulty(relay, {1: fault, 2: fault})
    assert relay.post("hello", run=False).status_code == 503
    assert relay.waiting == []


def test_a_watch_that_cannot_be_shown_brings_its_message_after_the_lease_time(relay: RelayKit) -> None:
    faulty(relay, {2: "refused", "show": "refused"})
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
