"""A bot that is added to a group says its greeting there, once, whatever dies; and no conversation remembers it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import ImBlocked, ImRejected, ImUnavailable, StorageUnavailable
from relay.outbox import TURNS
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit

HELLO = "Hello! Write @Helper and I answer."
ADDED: dict[str, Any] = {"msgType": "NOTIFICATION", "attach": {"id": 0, "data": {"ids": ["helper", "echo"]}}}


@pytest.fixture(autouse=True)
def greets(relay: RelayKit) -> None:
    relay.configure_bot(greeting=HELLO)


def status(response: Any) -> tuple[int, dict[str, Any]]:
    return response.status_code, json.loads(response.get_body())


def test_a_bot_greets_the_group_that_it_is_added_to(relay: RelayKit) -> None:
    response = relay.add_to_group("helper", team="42")
    assert status(response) == (200, {"status": "queued"})
    (shown,) = relay.im.shown
    assert (shown.bot, shown.to, shown.team_kind, shown.text) == ("helper", "42", "team", HELLO)
    assert shown.mention is None
    assert relay.waiting == []


def test_no_model_is_asked_for_a_greeting(relay: RelayKit) -> None:
    relay.add_to_group("helper")
    assert relay.model.prompts == []


def test_a_bot_without_a_greeting_says_nothing(relay: RelayKit) -> None:
    response = relay.add_to_group("echo")
    assert status(response) == (200, {"status": "ignored", "reason": "kind"})
    assert relay.replies == []


def test_several_bots_greet_each_with_a_turn_of_its_own(relay: RelayKit) -> None:
    relay.configure_bot("echo", greeting="Echo.")
    relay.add_to_group("helper", "bob", "echo", run=False)
    assert sorted(turn.message.bot for turn in relay.waiting if turn.watch) == ["echo", "helper"]
    relay.run()
    assert sorted((shown.bot, shown.text) for shown in relay.im.shown) == [
        ("echo", "Echo."),
        ("helper", HELLO),
    ]
    assert len({shown.client_id for shown in relay.im.shown}) == 2


def test_a_bot_that_answers_in_responses_greets_by_the_api(relay: RelayKit) -> None:
    relay.configure_bot("echo", greeting="Echo.")
    relay.add_to_group("echo")
    assert relay.replies == ["Echo."]


def test_a_greeting_does_not_hold_up_who_waits_for_a_response(relay: RelayKit) -> None:
    relay.configure_bot("echo", greeting="Echo.")
    relay.add_to_group("echo", team="42", run=False)
    body = relay.chatbot("hi", to="42", convType="TEAM", robotInfo={"account": "echo"})
    assert "Hi alice" in relay.post_body(body, run=False).get_body().decode()
    relay.run()
    assert relay.replies == ["Echo."]


def test_a_large_group_is_greeted_as_one(relay: RelayKit) -> None:
    relay.add_to_group("helper", convType="SUPER_TEAM")
    assert [shown.team_kind for shown in relay.im.shown] == ["super_team"]


def test_however_often_it_is_delivered_a_group_is_greeted_once(relay: RelayKit) -> None:
    at = relay.clock.now()
    for _ in range(3):
        relay.add_to_group("helper", client_id="n-1", at=at, run=False)
    relay.settle()
    relay.clock.advance(3600)
    relay.add_to_group("helper", client_id="n-1", at=at)
    assert relay.replies == [HELLO]
    assert len(relay.im.attempts) == 1


def test_a_greeting_waits_for_whoever_is_at_work_in_the_group(relay: RelayKit) -> None:
    give_back = relay.hold_lease("helper", team="42")
    relay.add_to_group("helper", team="42")
    assert relay.replies == []
    give_back()
    relay.settle()
    assert relay.replies == [HELLO]


def test_a_bot_that_is_added_again_later_greets_again(relay: RelayKit) -> None:
    relay.add_to_group("helper")
    relay.clock.advance(60)
    relay.add_to_group("helper")
    assert relay.replies == [HELLO, HELLO]


def test_a_greeting_is_never_remembered(relay: RelayKit) -> None:
    relay.add_to_group("helper", team="42")
    relay.clock.advance(1)
    relay.post("@helper hi", team="42")
    (prompt,) = relay.model.prompts
    assert [said.role for said in prompt.messages] == ["system", "user"]


def test_a_greeting_and_a_message_that_wait_together_are_not_mixed_up(relay: RelayKit) -> None:
    relay.add_to_group("helper", team="42", run=False)
    relay.post("@helper hi", team="42", run=False)
    relay.run()
    relay.settle()
    assert sorted(relay.replies) == sorted([HELLO, "Hi alice"])
    assert len(relay.model.prompts) == 1


def test_a_greeting_is_not_counted(relay: RelayKit) -> None:
    relay.configure_bot(limits={"per_bot": {"minute": 1}})
    relay.add_to_group("helper", team="42")
    relay.clock.advance(1)
    relay.post("@helper hi", team="42")
    assert len(relay.model.prompts) == 1
    relay.add_to_group("helper", team="43")
    assert relay.replies[-1] == HELLO


def test_who_added_the_bot_has_nothing_of_it_to_forget(relay: RelayKit) -> None:
    relay.add_to_group("helper", team="42", sender="alice")
    relay.clock.advance(1)
    relay.post("@helper /forget", team="42", sender="alice")
    assert relay.replies[-1] == RELAYS_OWN.forget.en.format(messages=0, replies=0)
    assert all(row["sender"] == "helper" for row in relay.tables.rows("greeting"))


def test_a_bot_that_is_switched_off_meanwhile_says_nothing(relay: RelayKit) -> None:
    relay.add_to_group("helper", run=False)
    relay.configure_bot(enabled=False)
    relay.settle()
    assert relay.replies == []
    assert relay.failed == []


def test_a_bot_whose_greeting_is_taken_away_meanwhile_says_nothing(relay: RelayKit) -> None:
    relay.add_to_group("helper", run=False)
    relay.configure("[[bots]]\naccid = 'helper'\nname = 'Helper'\nsystem_prompt = 'Help.'\n")
    relay.settle()
    assert relay.replies == []
    assert relay.failed == []


def test_a_long_greeting_goes_out_in_parts_and_none_of_them_twice(relay: RelayKit) -> None:
    relay.configure_bot(greeting="word " * 999 + "end.")
    relay.im.script = [None, ImUnavailable("no answer")]
    relay.add_to_group("helper")
    relay.settle()
    assert len(relay.im.shown) == 2
    assert len(relay.im.attempts) == 3
    assert relay.replies[-1].endswith("end.")


def test_an_outage_of_the_im_server_delays_a_greeting(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("no answer")] * 3
    relay.add_to_group("helper")
    relay.settle()
    assert relay.replies == [HELLO]
    assert len({sent.client_id for sent in relay.im.attempts}) == 1


def test_a_greeting_that_the_im_server_refuses_leaves_a_record(relay: RelayKit) -> None:
    relay.im.default = ImRejected("109404")
    relay.add_to_group("helper", team="42")
    (record,) = relay.failed
    assert (record.bot, record.team) == ("helper", "42")
    assert relay.waiting == []


def test_a_greeting_that_moderation_withholds_is_said_so(relay: RelayKit) -> None:
    relay.im.script = [ImBlocked("107451")]
    relay.add_to_group("helper")
    assert relay.replies == [RELAYS_OWN.withheld.en]


def test_when_one_of_two_bots_cannot_be_queued_the_platform_is_to_send_it_again(relay: RelayKit) -> None:
    relay.configure_bot("echo", greeting="Echo.")
    body = relay.copy("", team="42", **ADDED)

    def refuse_echo(call: Call) -> None:
        if '"bot":"echo"' in call.text:
            raise StorageUnavailable("Queue Storage: ServerBusy")

    relay.queues.before = refuse_echo
    assert relay.post_body(body).status_code == 503
    assert relay.replies == [HELLO]
    relay.queues.before = None
    assert relay.post_body(body).status_code == 200
    assert relay.replies == [HELLO, "Echo."]


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_process_that_dies_at_any_call_of_the_storage_loses_and_doubles_no_greeting(
    relay: RelayKit, side: str
) -> None:
    calls = fatal = 0

    def die(call: Call) -> None:
        nonlocal calls
        if call.name == "receive":  # the host's own
            return
        calls += 1
        if calls == fatal:
            relay.kill_host()

    setattr(relay.tables, side, die)
    setattr(relay.queues, side, die)
    while fatal <= calls:  # the last time, nobody dies
        fatal, calls = fatal + 1, 0
        body = relay.copy("", team="42", **ADDED)
        if relay.post_body(body).status_code != 200:
            relay.post_body(body)
        relay.settle()
        assert relay.replies == [HELLO], f"at call {fatal}"
        assert relay.queues.texts(TURNS) == []
        relay.im.shown.clear()
        relay.clock.advance(3600)
    assert fatal > 10
    assert relay.model.prompts == []


def test_a_process_that_dies_over_the_sending_greets_within_the_lease_time(relay: RelayKit) -> None:
    def die(outgoing: Any) -> None:
        relay.im.show(outgoing)
        relay.kill_host()

    relay.im.script = [lambda outgoing: relay.kill_host(), die]
    relay.add_to_group("helper")
    assert relay.replies == []
    relay.settle()
    assert relay.replies == [HELLO]
