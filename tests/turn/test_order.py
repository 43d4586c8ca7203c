"""One turn at a time in a conversation, and its messages in order."""

from __future__ import annotations

import json

from relay.errors import ModelUnavailable
from relay.keys import LEASE_TABLE, conversation_key
from relay.messages import Message
from relay.ports import Prompt
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit

LEASE_SECONDS = 90 + 20 + 30


def test_a_message_waits_while_another_turn_holds_the_conversation(relay: RelayKit) -> None:
    relay.hold_lease(seconds=100)
    relay.post("hello")
    assert relay.replies == []
    relay.wait(90)
    assert relay.replies == []
    relay.wait(20)
    assert relay.replies == ["Hi alice"]


def test_an_overdue_message_is_given_up_under_the_lease_only(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.clock.advance(601)
    relay.hold_lease(seconds=100)
    relay.wait(90)
    assert relay.replies == []
    relay.wait(20)
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_a_turn_does_not_hold_up_another_conversation(relay: RelayKit) -> None:
    def interrupted(prompt: Prompt) -> str:
        relay.post("hello", sender="bob")
        assert relay.replies == ["Hi bob"]
        return "Hi alice"

    relay.model.script = [interrupted]
    relay.post("hello")
    assert [sent.to for sent in relay.im.shown] == ["bob", "alice"]


def test_another_conversation_does_not_wait(relay: RelayKit) -> None:
    relay.hold_lease(seconds=100)
    relay.post("hello", sender="bob")
    assert relay.replies == ["Hi bob"]


def test_waiting_messages_are_answered_together_in_order_of_their_time(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3)
    now = relay.clock.now()
    relay.post("second", at=now + 2)
    relay.post("first", at=now + 1)
    relay.post("third", at=now + 3)
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert [said.content for said in relay.model.prompts[0].messages][1:] == ["first", "second", "third"]


def test_in_a_group_only_the_messages_of_one_sender_are_answered_together(relay: RelayKit) -> None:
    relay.model.default = lambda prompt: "ok"
    relay.post("@Helper hi", sender="carol", team="77")
    relay.hold_lease(seconds=3, team="77")
    now = relay.clock.now()
    relay.post("@Helper a1", sender="alice", team="77", at=now + 1)
    relay.post("@Helper b1", sender="bob", team="77", at=now + 2)
    relay.post("@Helper a2", sender="alice", team="77", at=now + 3)
    relay.settle()
    new = [
        [json.loads(said.content)["text"] for said in p.messages[1:] if said.role == "user"]
        for p in relay.model.prompts
    ]
    assert new[1][-2:] == ["a1", "a2"]
    assert new[2][-1] == "b1"
    assert [sent.mention for sent in relay.im.shown] == ["carol", "alice", "bob"]


def test_new_parts_the_messages_that_wait(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3)
    now = relay.clock.now()
    for n, text in enumerate(["a", "b", "/new", "c"]):
        relay.post(text, at=now + n)
    relay.settle()
    assert [[said for _, said in prompt[1:]] for prompt in relay.model.asked()] == [["a", "b"], ["c"]]


def test_messages_for_different_functions_are_not_answered_together(relay: RelayKit) -> None:
    french = {"system_prompt": "French"}
    relay.configure_bot("t", name="T", system_prompt="base", functions={"fr": french})
    relay.post_chatbot("plain", to="t", run=False)
    relay.clock.advance(0.01)
    relay.post_chatbot("french", to="t", run=False, function="fr")
    relay.settle()
    assert [prompt.messages[0].content for prompt in relay.model.prompts] == ["base", "French"]


def test_a_lease_whose_holder_died_is_taken_over(relay: RelayKit) -> None:
    relay.hold_lease(seconds=-1)
    relay.post("hello")
    assert relay.replies == ["Hi alice"]
    assert relay.tables.tables[LEASE_TABLE][conversation_key(Message("helper", "alice", "", 0, ""))] == {}


def test_after_two_deaths_messages_are_answered_one_by_one(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3, crashes=1)
    now = relay.clock.now()
    relay.post("first", at=now + 1)
    relay.post("second", at=now + 2)
    relay.settle()
    assert [said.content for said in relay.model.prompts[0].messages][1:] == ["first"]


def test_a_message_that_kills_every_turn_is_given_up_and_the_others_are_answered(relay: RelayKit) -> None:
    crashes: list[int] = []

    def kill(prompt: Prompt) -> str:
        if any(said.content == "killer" for said in prompt.messages):
            crashes.append(relay.clock.now())
            relay.kill_host()
        return "fine"

    relay.configure_bot(answer_within_minutes=60)
    relay.model.default = kill
    now = relay.clock.now()
    relay.post("killer", at=now + 1, run=False)
    relay.post("harmless", at=now + 2, run=False)
    relay.settle()
    assert RELAYS_OWN.failed.en in relay.replies
    assert len(crashes) == 3
    assert [turn.cause for turn in relay.failed] == ["the process died each time it was answered"]


def test_a_turn_past_its_lease_stores_nothing(relay: RelayKit) -> None:
    def slow(prompt: object) -> str:
        relay.clock.advance(LEASE_SECONDS)
        return "too late"

    relay.model.script = [slow]
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert [reply["text"] for reply in relay.tables.rows("reply")] == ["Hi alice"]
