"""Queues: the double behaves as Queue Storage does, wherever the relay depends on it."""

from __future__ import annotations

import pytest

from relay.errors import StorageUnavailable
from relay.messages import QUEUE_MESSAGE_MAX_BYTES, QUEUE_MESSAGE_ROOM_BYTES, Message, Turn
from tests.conformance.conftest import Storage

WEEK = 7 * 86_400


def queue_of(storage: Storage) -> str:
    return storage.name + "-queue"


async def test_a_sent_message_is_received_as_it_was(storage: Storage) -> None:
    queue = queue_of(storage)
    text = '{"text":"Grüße <b>&amp; 你好 👋🏽\\u0000\\ud800"}'
    await storage.queues.send(queue, text)
    (message,) = await storage.queues.receive(queue, 60)
    assert message.text == text


async def test_a_received_message_is_hidden(storage: Storage) -> None:
    queue = queue_of(storage)
    await storage.queues.send(queue, "a")
    await storage.queues.receive(queue, 60)
    assert await storage.queues.receive(queue, 60) == []


async def test_a_delayed_message_is_not_visible_yet(storage: Storage) -> None:
    queue = queue_of(storage)
    await storage.queues.send(queue, "later", 60)
    assert await storage.queues.receive(queue, 60) == []


async def test_a_delayed_message_is_deleted_by_its_receipt(storage: Storage) -> None:
    queue = queue_of(storage)
    receipt = await storage.queues.send(queue, "later", 60)
    assert await storage.queues.delete(queue, receipt)
    assert not await storage.queues.delete(queue, receipt)


async def test_a_receipt_is_worth_nothing_once_the_message_was_taken(storage: Storage) -> None:
    queue = queue_of(storage)
    receipt = await storage.queues.send(queue, "now")
    (taken,) = await storage.queues.receive(queue, 60)
    assert not await storage.queues.delete(queue, receipt)
    assert await storage.queues.delete(queue, taken.receipt)


async def test_at_most_32_messages_are_taken_at_once(storage: Storage) -> None:
    queue = queue_of(storage)
    for n in range(33):
        await storage.queues.send(queue, str(n))
    assert len(await storage.queues.receive(queue, 60)) == 32
    assert len(await storage.queues.receive(queue, 60)) == 1


async def test_a_queue_that_does_not_exist_is_empty(storage: Storage) -> None:
    assert await storage.queues.receive(queue_of(storage), 60) == []


async def test_the_largest_turn_fits_a_message(storage: Storage) -> None:
    queue = queue_of(storage)
    message = Message(bot="b", sender="s", id="i", at=1, text="")
    room = QUEUE_MESSAGE_MAX_BYTES - QUEUE_MESSAGE_ROOM_BYTES - Turn(message, 1).queue_bytes()
    turn = Turn(Message(bot="b", sender="s", id="i", at=1, text="é" * (room // 2)), 1)
    await storage.queues.send(queue, turn.to_json())
    (taken,) = await storage.queues.receive(queue, 60)
    assert Turn.from_json(taken.text) == turn


async def test_a_message_has_up_to_64_kib(storage: Storage) -> None:
    queue = queue_of(storage)
    await storage.queues.send(queue, "x" * 65_536)
    for text in ("x" * 65_537, "é" * 40_000):
        with pytest.raises(StorageUnavailable, match="RequestBodyTooLarge"):
            await storage.queues.send(queue, text)


@pytest.mark.parametrize(
    ("delay", "keep"),
    [(-1, None), (WEEK + 1, None), (WEEK + 1, 2 * WEEK), (0, 0), (5, 5), (6, 5)],
)
async def test_a_message_is_delayed_by_up_to_a_week_and_kept_for_longer_than_that(
    storage: Storage, delay: float, keep: float | None
) -> None:
    queue = queue_of(storage)
    await storage.queues.send(queue, "last", WEEK, 2 * WEEK)
    with pytest.raises(StorageUnavailable, match="QueryParameterValue"):
        await storage.queues.send(queue, "too far", delay, keep)


@pytest.mark.parametrize("seconds", [0, WEEK + 1])
async def test_a_message_is_hidden_for_a_second_to_a_week(storage: Storage, seconds: int) -> None:
    queue = queue_of(storage)
    await storage.queues.send(queue, "a")
    with pytest.raises(StorageUnavailable, match="OutOfRangeQueryParameterValue"):
        await storage.queues.receive(queue, seconds)
    assert len(await storage.queues.receive(queue, WEEK)) == 1


@pytest.mark.parametrize("name", ["Queue", "a--queue", "-queue", "qq", "a_queue", "q" * 64])
async def test_a_queue_has_a_name_of_3_to_63_small_letters_and_digits(storage: Storage, name: str) -> None:
    with pytest.raises(StorageUnavailable):
        await storage.queues.send(name, "a")


async def test_who_peeks_takes_nothing(storage: Storage) -> None:
    assert await storage.queues.peek(storage.name) == []
    assert await storage.queues.length(storage.name) is None
    for text in ("one", "two"):
        await storage.queues.send(storage.name, text)
    await storage.queues.send(storage.name, "later", delay_seconds=60)
    assert await storage.queues.peek(storage.name) == ["one", "two"]
    assert await storage.queues.peek(storage.name) == ["one", "two"]
    assert await storage.queues.length(storage.name) == 3
    assert len(await storage.queues.receive(storage.name, 30)) == 2
