"""With ``group_memory = "member"`` everybody in a group has a conversation of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import ImUnavailable
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit


@pytest.fixture(autouse=True)
def apart(relay: RelayKit) -> None:
    relay.configure_bot(group_memory="member")


def say(relay: RelayKit, text: str, sender: str = "alice", **fields: Any) -> None:
    relay.clock.advance(1)
    relay.post(f"@Helper {text}", sender=sender, **{"team": "42", **fields})


def test_nobody_in_the_group_shares_a_memory(relay: RelayKit) -> None:
    say(relay, "my number is 7", "alice")
    say(relay, "what is her number?", "bob")
    assert relay.model.asked()[-1][1:] == [("user", "what is her number?")]
    say(relay, "and mine?", "alice")
    assert relay.model.asked()[-1][1:] == [
        ("user", "my number is 7"),
        ("assistant", "Hi alice"),
        ("user", "and mine?"),
    ]
    assert [(shown.to, shown.mention) for shown in relay.im.shown] == [
        ("42", "alice"),
        ("42", "bob"),
        ("42", "alice"),
    ]


def test_a_group_has_one_memory_without_the_key(relay: RelayKit) -> None:
    relay.configure_bot(group_memory="group")
    say(relay, "my number is 7", "alice")
    say(relay, "what is her number?", "bob")
    assert len(relay.model.asked()[-1]) == 1 + 2 + 1


def test_it_is_neither_the_private_chat_nor_another_group(relay: RelayKit) -> None:
    say(relay, "my number is 7", team="42")
    say(relay, "what is it?", team="43")
    relay.post("what is it?")
    assert [len(asked) for asked in relay.model.asked()] == [2, 2, 2]


def test_nobody_waits_for_another(relay: RelayKit) -> None:
    """Each has a lease, too: while the bot cannot be heard by one, it answers the other."""
    relay.im.script = [ImUnavailable("result code 500")]
    say(relay, "one", "alice")
    say(relay, "two", "bob")
    assert relay.replies == ["Hi bob"]
    relay.settle()
    assert len(relay.replies) == 2


def test_its_turns_are_left_to_versions_that_know_of_it(relay: RelayKit) -> None:
    relay.post("@Helper hello", team="42", run=False)
    relay.post("hello", run=False)
    assert [json.loads(text)["v"] for text in relay.queues.texts("relay-turns")] == [6, 6, 1, 1]


def test_a_message_is_answered_once_by_whichever_input_and_with_a_topic(relay: RelayKit) -> None:
    copy = relay.copy("@Helper hello", team="42")
    chatbot = relay.chatbot(
        "hello",
        to="42",
        convType="TEAM",
        client_id=copy["msgidClient"],
        at=copy["msgTimestamp"],
        robotInfo={"account": "helper", "topic": "work"},
    )
    for body in (copy, chatbot, copy, chatbot):
        relay.post_body(body)
    assert relay.replies == ["Hi alice"]


@pytest.mark.parametrize(("before", "after"), [("group", "member"), ("member", "group")])
def test_a_message_that_waits_while_the_key_changes_is_answered_once(
    relay: RelayKit, before: str, after: str
) -> None:
    """Where it was claimed first is where it stays, with the rules of that conversation."""
    relay.configure_bot(group_memory=before)
    release = relay.hold_lease(team="42") if before == "group" else relay.hold_lease()
    copies = [relay.copy(f"@Helper {sender}", sender=sender, team="42") for sender in ("alice", "bob")]
    for copy in copies:
        relay.post_body(copy)
    relay.configure_bot(group_memory=after)
    release()
    for copy in copies:
        relay.post_body(copy, run=False)
    relay.settle()
    assert len(relay.replies) == 2
    assert all(len(asked) <= 1 + 3 for asked in relay.model.asked())


@pytest.mark.parametrize(("before", "after"), [("group", "member"), ("member", "group")])
def test_forget_erases_what_was_said_under_either(relay: RelayKit, before: str, after: str) -> None:
    relay.configure_bot(group_memory=before)
    say(relay, "my number is 7")
    say(relay, "mine is 8", "bob")
    relay.configure_bot(group_memory=after)
    say(relay, "my number is 9")
    say(relay, "/forget")
    assert relay.replies[-1] == RELAYS_OWN.forget.en.format(messages=2, replies=2)
    stored = str(relay.tables.tables)
    assert "my number is" not in stored
    assert "mine is 8" in stored


def test_a_greeting_is_said_to_the_group(relay: RelayKit) -> None:
    relay.configure_bot(greeting="Hello!")
    relay.add_to_group("helper", team="42")
    assert relay.replies == ["Hello!"]


def test_a_person_takes_over_in_private_chats_only(relay: RelayKit) -> None:
    """Whom a message in the group was written to is not told."""
    relay.configure_bot(handover_minutes=30)
    response = relay.post("Eve here.", sender="helper", team="42", fromClientType="WEB")
    assert json.loads(response.get_body())["reason"] == "own_message"
    response = relay.post("Eve here.", to="alice", sender="helper", fromClientType="WEB")
    assert json.loads(response.get_body()) == {"status": "queued"}
