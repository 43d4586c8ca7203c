"""The kit of the handler tests: its doubles and its host do as the real ones."""

from __future__ import annotations

import pytest

from relay.keys import LEASE_TABLE
from relay.outbox import TURNS
from relay.ports import Outgoing, Prompt
from tests.kit import HIDE_SECONDS, RelayKit


def leases(relay: RelayKit) -> list[str]:
    """The conversations that somebody holds, dead or alive."""
    return [partition for partition, rows in relay.tables.tables.get(LEASE_TABLE, {}).items() if rows]


def test_a_killed_host_leaves_its_queue_message_hidden_and_its_lease_taken(relay: RelayKit) -> None:
    relay.model.script = [lambda prompt: relay.kill_host()]
    started = relay.clock.now()
    relay.post("hello")
    assert relay.replies == []
    assert len(leases(relay)) == 1
    hidden_until = [message.visible_at for message in relay.queues.queues[TURNS] if message.deliveries]
    assert hidden_until == [started + HIDE_SECONDS * 1000]
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert leases(relay) == []


def test_a_host_that_is_killed_after_sending_marks_nothing(relay: RelayKit) -> None:
    def die(outgoing: Outgoing) -> None:
        relay.im.show(outgoing)
        relay.kill_host()

    relay.im.script = [die]
    relay.post("hello")
    assert relay.replies == ["Hi alice"]
    assert [row["state"] for row in relay.tables.rows("reply")] == ["stored"]
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert [row["state"] for row in relay.tables.rows("reply")] == ["sent"]


def test_a_request_over_which_the_host_is_killed_gets_no_answer(relay: RelayKit) -> None:
    relay.model.script = [lambda prompt: relay.kill_host()]
    assert relay.post("hello", to="echo").status_code == 502
    assert relay.post("hello", sender="bob", to="echo").status_code == 200


def test_a_held_conversation_waits_until_it_is_given_back(relay: RelayKit) -> None:
    give_back = relay.hold_lease(sender="alice")
    relay.post("hello", sender="alice")
    relay.post("hello", sender="bob")
    assert [shown.to for shown in relay.im.shown] == ["bob"]
    give_back()
    relay.settle()
    assert [shown.to for shown in relay.im.shown] == ["bob", "alice"]


def test_what_a_function_of_the_model_posts_comes_in_meanwhile(relay: RelayKit) -> None:
    async def interrupted(prompt: Prompt) -> str:
        relay.post("hello", sender="bob")
        return "at last"

    relay.model.script = [interrupted]
    relay.post("hello")
    assert relay.replies == ["Hi bob", "at last"]


def test_one_bot_is_configured_and_the_others_stay(relay: RelayKit) -> None:
    relay.configure_bot(system_prompt="Be brief.")
    relay.configure_bot("poet", name="Poet", system_prompt="Rhyme.")
    for bot in ("helper", "poet", "echo"):
        relay.post("hello", to=bot)
    assert [prompt[0][1] for prompt in relay.model.asked()] == ["Be brief.", "Rhyme.", "Repeat."]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_storage_call_fails_before_or_after_it_has_happened(relay: RelayKit, when: str) -> None:
    def fail(call: object) -> None:
        raise RuntimeError(when)

    setattr(relay.tables, when, fail)
    relay.post("hello", run=False)
    with pytest.raises(RuntimeError, match=when):
        relay.run()
    assert bool(relay.tables.tables) == (when == "after")
