"""Queues: the double behaves as Queue Storage does, wherever the relay depends on it."""

from __future__ import annotations

from relay.messages import QUEUE_MESSAGE_MAX_BYTES, QUEUE_MESSAGE_ROOM_BYTES, Message, Turn
from tests.conformance.conftest import Storage


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
