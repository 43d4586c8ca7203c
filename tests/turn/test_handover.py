"""A person who writes from the bot's own account takes over: the bot is silent, and knows later what was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.clock import DAY_MS
from relay.errors import ImUnavailable
from relay.messages import Turn
from relay.ports import Completion, Prompt
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit
from tests.turn.test_streaming import let_pump


@pytest.fixture(autouse=True)
def hands_over(relay: RelayKit) -> None:
    relay.configure_bot(handover_minutes=30)


def staff(relay: RelayKit, text: str, to: str = "alice", **fields: Any) -> dict[str, Any]:
    """A person writes from the account of a bot; what the webhook answers."""
    sender = fields.pop("sender", "helper")
    response = relay.post(text, to=to, sender=sender, **{"fromClientType": "WEB", **fields})
    body: dict[str, Any] = json.loads(response.get_body())
    return body


OWN = {"status": "ignored", "reason": "own_message"}


def test_the_bot_is_silent_while_a_person_has_taken_over(relay: RelayKit) -> None:
    assert staff(relay, "Hello Alice, this is Eve.") == {"status": "queued"}
    relay.clock.advance(29 * 60)
    relay.post("thank you")
    assert relay.replies == []
    assert relay.model.prompts == []
    assert relay.waiting == []
    assert relay.failed == []


def test_it_answers_again_when_the_time_is_over(relay: RelayKit) -> None:
    staff(relay, "Hello Alice, this is Eve.")
    relay.clock.advance(30 * 60)
    relay.post("hello")
    assert relay.replies == ["Hi alice"]


def test_every_message_of_the_person_begins_the_time_anew(relay: RelayKit) -> None:
    staff(relay, "Hello.")
    relay.clock.advance(20 * 60)
    staff(relay, "Are you there?")
    relay.clock.advance(20 * 60)
    relay.post("yes")
    assert relay.replies == []


def test_what_was_said_meanwhile_is_known_later(relay: RelayKit) -> None:
    relay.post("I need help")
    relay.clock.advance(1)
    staff(relay, "This is Eve. What is your number?")
    relay.clock.advance(1)
    relay.post("it is 7")
    relay.clock.advance(31 * 60)
    relay.post("what was my number?")
    assert relay.model.asked()[-1][1:] == [
        ("user", "I need help"),
        ("assistant", "Hi alice"),
        ("assistant", "This is Eve. What is your number?"),
        ("user", "it is 7"),
        ("user", "what was my number?"),
    ]


def test_a_question_that_still_waits_is_left_to_the_person(relay: RelayKit) -> None:
    relay.post("I need help", run=False)
    relay.clock.advance(2)
    staff(relay, "How can I help?", run=False)
    texts = [turn for turn in relay.waiting if turn.watch is not None]
    assert [turn.message.staff for turn in texts] == [False, True]
    release = relay.hold_lease()
    relay.run()
    release()
    relay.settle()
    assert relay.replies == []
    assert relay.model.prompts == []


def test_another_conversation_goes_on(relay: RelayKit) -> None:
    staff(relay, "Hello.", to="alice")
    relay.post("hello", sender="bob")
    assert relay.replies == ["Hi bob"]


def test_commands_work_all_the_same(relay: RelayKit) -> None:
    staff(relay, "Hello.")
    relay.clock.advance(1)
    relay.post("/forget")
    assert relay.replies == [RELAYS_OWN.forget.en.format(messages=0, replies=1)]
    assert "Hello." not in str(relay.tables.tables)
    relay.clock.advance(1)
    relay.post("and now?")  # the person has not gone because of that
    assert len(relay.replies) == 1


def test_without_the_key_it_is_a_message_of_our_own(relay: RelayKit) -> None:
    relay.configure_bot(handover_minutes=0)
    assert staff(relay, "Hello.") == OWN
    relay.post("hello")
    assert relay.replies == ["Hi alice"]


@pytest.mark.parametrize(
    "fields",
    [
        {"fromClientType": "REST"},
        {"fromClientType": "32"},
        {"fromClientType": ""},
        {"to": "echo"},
        {"antispam": "true"},
        {"text": "  "},
        {"convType": "CUSTOM_PERSON"},
        {"sender": "echo"},
    ],
    ids=str,
)
def test_what_is_no_person_is_a_message_of_our_own(relay: RelayKit, fields: dict[str, str]) -> None:
    """A reply that a copy tells of may not silence its own bot."""
    assert staff(relay, **{"text": "Hello.", **fields}) == OWN


def test_who_may_not_talk_to_the_bot_is_not_remembered_either(relay: RelayKit) -> None:
    relay.configure_bot(allow=["bob"])
    assert staff(relay, "Hello.", to="alice") == OWN
    assert staff(relay, "Hello.", to="Bob") == {"status": "queued"}


def test_a_function_of_the_bot_is_silent_too(relay: RelayKit) -> None:
    relay.configure_bot(functions={"french": {"system_prompt": "Réponds."}})
    staff(relay, "Hello.")
    relay.post("bonjour", ext=json.dumps({"robotInfo": {"function": "french"}}))
    assert relay.replies == []


def test_a_picture_of_the_person_takes_over_as_well(relay: RelayKit) -> None:
    staff(relay, "", msgType="PICTURE", attach={"url": "https://nim-nosdn.netease.im/a", "w": 8, "h": 9})
    relay.clock.advance(1)
    relay.post("hello")
    assert relay.replies == []
    relay.clock.advance(31 * 60)
    relay.post("hello")
    assert relay.model.asked()[-1][1] == ("assistant", "(a picture, 8 × 9)")
    assert relay.media.fetched == []


def test_a_picture_that_comes_meanwhile_is_not_fetched(relay: RelayKit) -> None:
    staff(relay, "Show me.")
    relay.post("", msgType="PICTURE", attach={"url": "https://nim-nosdn.netease.im/a"})
    relay.settle()
    assert relay.replies == []
    assert relay.media.fetched == []


def test_in_a_group_the_bot_is_silent_for_everybody(relay: RelayKit) -> None:
    relay.clock.advance(1)
    staff(relay, "Eve here.", team="42")
    for sender in ("alice", "bob"):
        relay.clock.advance(1)
        relay.post("@Helper hello", sender=sender, team="42")
    relay.post("@Helper hello", sender="bob", team="43")
    assert relay.replies == ["Hi bob"]
    relay.clock.advance(31 * 60)
    relay.post("@Helper what was said?", sender="carol", team="42")
    assert relay.model.asked()[-1][1] == ("assistant", "Eve here.")
    assert len(relay.model.asked()[-1]) == 1 + 3 + 1


def test_a_message_over_a_limit_is_not_told_so_and_not_remembered(relay: RelayKit) -> None:
    relay.configure_bot(limits={"per_sender": {"day": 1}})
    relay.post("one")
    relay.clock.advance(1)
    staff(relay, "Eve here.")
    relay.post("two")
    assert len(relay.replies) == 1
    assert [row["excluded"] for row in relay.tables.rows("text") if row.get("limited")] == [True]


def test_what_a_person_wrote_is_kept_once_however_often_it_comes(relay: RelayKit) -> None:
    copy = relay.copy("Eve here.", to="alice", sender="helper", fromClientType="WEB")
    for _ in range(3):
        relay.post_body(copy)
        relay.clock.advance(60)
    assert len(relay.tables.rows("reply")) == 1


def test_a_message_that_comes_again_when_the_time_is_over_stays_unanswered(relay: RelayKit) -> None:
    staff(relay, "Eve here.")
    copy = relay.copy("hello")
    relay.post_body(copy)
    relay.clock.advance(31 * 60)
    relay.post_body(copy)
    assert relay.replies == []


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_process_that_dies_over_the_persons_message_keeps_it_once(relay: RelayKit, lost: str) -> None:
    def dies(call: Call) -> None:
        if call.name == "write" and any(change.values.get("staff") for change in call.changes):
            setattr(relay.tables, lost, None)
            relay.kill_host()

    setattr(relay.tables, lost, dies)
    staff(relay, "Eve here.")
    assert getattr(relay.tables, lost) is None
    relay.settle()
    assert [row["text"] for row in relay.tables.rows("reply")] == ["Eve here."]
    relay.post("hello")
    assert relay.replies == []


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_process_that_dies_over_a_message_that_is_kept_answers_nothing(relay: RelayKit, lost: str) -> None:
    staff(relay, "Eve here.")

    def dies(call: Call) -> None:
        if call.name == "write" and any(change.values.get("state") == "answered" for change in call.changes):
            setattr(relay.tables, lost, None)
            relay.kill_host()

    setattr(relay.tables, lost, dies)
    relay.post("hello")
    assert getattr(relay.tables, lost) is None
    relay.clock.advance(31 * 60)
    relay.settle()
    assert relay.replies == []
    assert relay.failed == []


def test_it_is_tried_again_when_storage_fails(relay: RelayKit) -> None:
    relay.tables.down = True
    staff(relay, "Eve here.")
    relay.tables.down = False
    relay.settle()
    assert [row["text"] for row in relay.tables.rows("reply")] == ["Eve here."]
    assert relay.replies == []


def test_storage_that_takes_nothing_refuses_the_copy(relay: RelayKit) -> None:
    relay.queues.down = True
    assert staff(relay, "Eve here.", run=False)["error"] == "unavailable"


def test_an_answer_that_is_stored_goes_out_all_the_same(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("result code 500")]
    relay.post("hello")
    relay.clock.advance(1)
    staff(relay, "Eve here.")
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_response_bot_returns_nothing(relay: RelayKit) -> None:
    relay.configure_bot("echo", handover_minutes=30)
    staff(relay, "Eve here.", sender="echo")
    relay.clock.advance(1)
    body = relay.chatbot("hello", to="echo")
    assert relay.post_body(body).get_body() == b"{}"
    relay.clock.advance(31 * 60)
    assert relay.post_body(body).get_body() == b"{}"
    assert RELAYS_OWN.thinking.en not in relay.replies


@pytest.mark.parametrize("count", [0, 60, 250])
def test_a_person_is_found_behind_any_number_of_commands(relay: RelayKit, count: int) -> None:
    """Only rows of the time in question are read for it."""
    staff(relay, "Eve here.")
    for _ in range(count):
        relay.clock.advance(0.01)
        relay.post("/help")
    relay.clock.advance(1)
    relay.post("hello")
    assert len(relay.replies) == count


def test_a_person_who_wrote_before_midnight_is_found_after_it(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=1)
    relay.clock.set((relay.clock.now() // DAY_MS + 1) * DAY_MS - 60_000)
    staff(relay, "Eve here.")
    relay.clock.advance(10 * 60)
    relay.post("hello")
    assert relay.replies == []


def test_older_versions_leave_it_to_newer_ones(relay: RelayKit) -> None:
    staff(relay, "Eve here.", run=False)
    assert {json.loads(text)["v"] for text in relay.queues.texts("relay-turns")} == {6}
    assert all(isinstance(turn, Turn) for turn in relay.waiting)


def test_what_a_killed_turn_had_begun_to_show_is_taken_back_for_the_person(relay: RelayKit) -> None:
    async def die(prompt: Prompt) -> Completion:
        assert relay.model.heard is not None
        relay.model.heard("It opens at nine o'clock in the")
        await let_pump()
        relay.kill_host()

    relay.configure_bot(stream=True)
    relay.model.script = [die]
    relay.post("when do you open?")
    assert relay.im.unfinished != []
    relay.clock.advance(1)
    staff(relay, "Eve here: at ten.")
    relay.settle()
    assert relay.im.unfinished == []
    assert relay.replies == []
    assert len(relay.model.prompts) == 1
