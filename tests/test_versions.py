"""Instances of two versions at work side by side during a deployment."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import pytest

from relay.errors import NewerTurn
from relay.keys import conversation_key, history_table, message_key
from relay.messages import TURN_VERSION, Message, Turn
from relay.outbox import TURNS
from relay.ports import Insert, Value
from tests.kit import RelayKit


def test_a_queue_message_of_the_version_before_lacks_what_is_new_and_is_answered(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    fields = json.loads(relay.waiting[1].to_json())
    required = {"v", "message", "received"}
    needed = {field.name for field in dataclasses.fields(Message) if field.default is dataclasses.MISSING}
    old = {name: value for name, value in fields.items() if name in required}
    old["message"] = {name: value for name, value in fields["message"].items() if name in needed}
    relay.queues.queues[TURNS].clear()
    asyncio.run(relay.app.answer(json.dumps(old)))
    assert relay.replies == ["Hi alice"]


def test_a_queue_message_with_unknown_fields_of_the_same_version_is_answered(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    fields = json.loads(relay.waiting[1].to_json())
    fields["flavour"] = fields["message"]["mood"] = "new"
    relay.queues.queues[TURNS].clear()
    asyncio.run(relay.app.answer(json.dumps(fields)))
    assert relay.replies == ["Hi alice"]


def test_a_newer_queue_message_goes_round_until_a_newer_instance_takes_it(relay: RelayKit) -> None:
    newer = json.dumps({"v": TURN_VERSION + 1, "message": {"another": "shape"}})
    asyncio.run(relay.queues.send(TURNS, newer))
    for _ in range(20):
        relay.wait(30)
    assert relay.queues.texts(TURNS) == [newer]
    assert relay.queues.texts("relay-turns-poison") == []


def test_rows_of_a_newer_version_do_no_harm(relay: RelayKit) -> None:
    message = Message("helper", "alice", "c:1", relay.clock.now() - 1000, "")
    partition, table = conversation_key(message), history_table(message.at // 86_400_000)
    relay.post("first")
    relay.clock.advance(1)
    strange: dict[str, Value] = {
        "kind": "hologram",
        "state": "shimmering",
        "sender": "alice",
        "id": "c:1",
        "depth": 3,
        "text": "not for this version",
    }
    asyncio.run(relay.tables.write(table, partition, Insert(message_key(message.at, "c:1"), strange)))
    relay.post("second")
    assert relay.model.asked()[-1][1:] == [("user", "first"), ("assistant", "Hi alice"), ("user", "second")]


def test_rows_with_more_properties_are_kept_whole(relay: RelayKit) -> None:
    """A merge changes what this version knows, and leaves the rest."""
    relay.post("first", run=False)
    turn = relay.waiting[1]
    assert isinstance(turn, Turn)
    partition, entry = asyncio.run(relay.app.answering.claims.claim(turn.message, "text"))
    rows = relay.tables.tables[history_table(entry.day)][partition]
    rows[entry.key] = dataclasses.replace(rows[entry.key], values={**rows[entry.key].values, "depth": 3})
    relay.settle()
    (row,) = relay.tables.rows("text")
    assert (row["state"], row["depth"]) == ("answered", 3)


def test_what_is_newer_than_all_that_this_version_writes_is_not_read() -> None:
    newest = json.loads(Turn(Message("helper", "alice", "c:1", 0, "", acts=True), 0).to_json())
    with pytest.raises(NewerTurn):
        Turn.from_json(json.dumps(newest | {"v": newest["v"] + 1}))


def test_a_turn_of_a_medium_is_left_to_instances_that_know_media() -> None:
    message = Message("helper", "alice", "c:1", 0, "look")
    words, picture = Turn(message, 0), Turn(dataclasses.replace(message, medium="picture"), 0)
    assert [json.loads(turn.to_json())["v"] for turn in (words, picture)] == [1, 3]
    assert Turn.from_json(picture.to_json()) == picture


def test_a_turn_of_a_greeting_is_left_to_instances_that_know_greetings() -> None:
    greeting = Turn(Message("helper", "helper", "c:1", 0, "", team="42", joined=True), 0)
    assert json.loads(greeting.to_json())["v"] == 4
    assert Turn.from_json(greeting.to_json()) == greeting


def test_a_turn_of_a_person_in_the_bots_place_is_left_to_instances_that_do_not_answer_it() -> None:
    staff = Turn(Message("helper", "alice", "c:1", 0, "Eve here.", staff=True), 0)
    assert json.loads(staff.to_json())["v"] == 6
    assert Turn.from_json(staff.to_json()) == staff
