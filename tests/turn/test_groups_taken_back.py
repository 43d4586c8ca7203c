"""What people take back or edit in a group whose bot listens, or remembers each member alone."""

from __future__ import annotations

import json
from typing import Any

from tests.kit import RelayKit


def contents(relay: RelayKit) -> list[str]:
    """What the model was told last, but for the system prompt."""
    return [json.loads(text)["text"] for _, text in relay.model.asked()[-1][1:]]


def heard(relay: RelayKit, text: str) -> dict[str, Any]:
    """Alice says something to nobody."""
    relay.configure_bot(listen=True)
    said = relay.copy(text, sender="alice", team="42")
    relay.post_body(said)
    relay.clock.advance(1)
    return said


def test_what_was_heard_and_recalled_is_gone(relay: RelayKit) -> None:
    said = heard(relay, "my number is 7")
    relay.recall(said)
    assert "my number is 7" not in json.dumps(relay.tables.rows())
    relay.post("@Helper whose number do you know?", sender="bob", team="42")
    assert contents(relay) == ["whose number do you know?"]


def test_what_is_recalled_before_it_is_heard_is_not_kept(relay: RelayKit) -> None:
    relay.configure_bot(listen=True)
    said = relay.copy("my number is 7", sender="alice", team="42")
    relay.recall(said)
    assert relay.post_body(said).status_code == 200
    assert "my number is 7" not in json.dumps(relay.tables.rows())


def test_what_was_heard_and_recalled_is_not_answered_once_it_is_addressed(relay: RelayKit) -> None:
    said = heard(relay, "my number is 7")
    relay.recall(said)
    relay.post_body(said | {"ext": json.dumps({"robotInfo": {"account": "helper"}})})
    assert relay.replies == []


def test_what_was_heard_and_edited_is_remembered_as_edited(relay: RelayKit) -> None:
    said = heard(relay, "my number is 7")
    relay.edit(said, "my number is 8")
    relay.post("@Helper what is it?", sender="bob", team="42")
    assert contents(relay) == ["my number is 8", "what is it?"]


def test_what_was_edited_before_it_is_addressed_is_answered_as_edited(relay: RelayKit) -> None:
    said = heard(relay, "my number is 7")
    relay.edit(said, "my number is 8")
    relay.post_body(said | {"ext": json.dumps({"robotInfo": {"account": "helper"}})})
    assert contents(relay) == ["my number is 8"]


def test_a_member_recalls_from_a_conversation_of_their_own(relay: RelayKit) -> None:
    relay.configure_bot(group_memory="member")
    said = relay.copy("@Helper my number is 7", sender="alice", team="42")
    relay.post_body(said)
    relay.clock.advance(1)
    relay.recall(said)
    assert "my number is 7" not in json.dumps(relay.tables.rows())


def test_what_a_person_has_answered_can_be_recalled(relay: RelayKit) -> None:
    relay.configure_bot(handover_minutes=30)
    relay.post("Eve here.", to="alice", sender="helper", fromClientType="WEB")
    said = relay.copy("my number is 7")
    relay.post_body(said)
    relay.clock.advance(1)
    relay.recall(said)
    assert "my number is 7" not in json.dumps(relay.tables.rows())
    assert relay.replies == []
