"""A bot that listens knows what was said in its group without it; all of it can be forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.clock import DAY_MS
from relay.config.bots import bots_in
from relay.errors import StorageUnavailable
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit

HEARD = {"status": "heard"}
NOT_ADDRESSED = {"status": "ignored", "reason": "not_addressed"}


@pytest.fixture(autouse=True)
def listens(relay: RelayKit) -> None:
    relay.configure_bot(listen=True)


def say(relay: RelayKit, text: str, sender: str = "bob", **fields: Any) -> dict[str, Any]:
    """Somebody writes in the group; what the webhook answers."""
    relay.clock.advance(1)
    response = relay.post(text, sender=sender, **{"team": "42", **fields})
    body: dict[str, Any] = json.loads(response.get_body())
    return body


def contents(relay: RelayKit) -> list[str]:
    """What the last prompt has of users, in order."""
    asked = relay.model.asked()[-1][1:]
    return [json.loads(text)["text"] if role == "user" else text for role, text in asked]


def test_what_is_said_in_the_group_is_known_when_the_bot_is_asked(relay: RelayKit) -> None:
    assert say(relay, "We meet at nine.", "bob") == HEARD
    assert say(relay, "At the station.", "carol") == HEARD
    assert relay.replies == []
    assert relay.waiting == []
    assert say(relay, "@Helper when do we meet?", "alice") == {"status": "queued"}
    assert contents(relay) == ["We meet at nine.", "At the station.", "when do we meet?"]
    speakers = [json.loads(text)["speaker"] for _, text in relay.model.asked()[-1][1:]]
    assert speakers == ["bob", "carol", "alice"]


def test_without_the_key_nothing_is_kept(relay: RelayKit) -> None:
    relay.configure_bot(listen=False)
    assert say(relay, "We meet at nine.") == NOT_ADDRESSED
    assert relay.tables.rows() == []


def test_it_counts_among_the_rewindable_messages(relay: RelayKit) -> None:
    relay.configure_bot(rewind_messages=2)
    for n in range(5):
        say(relay, f"m{n}")
    say(relay, "@Helper and?")
    assert contents(relay) == ["m3", "m4", "and?"]


def test_what_is_said_after_the_question_is_no_part_of_its_history(relay: RelayKit) -> None:
    relay.post("@Helper when do we meet?", team="42", run=False)
    say(relay, "He always asks.", run=False)
    relay.run()
    assert contents(relay) == ["when do we meet?"]
    say(relay, "@Helper and where?")
    assert contents(relay) == ["when do we meet?", "Hi bob", "He always asks.", "and where?"]


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "echo"},
        {"fromClientType": "REST"},
        {"antispam": "true"},
        {"msgType": "NOTIFICATION"},
        {"text": " "},
        {"at": "0"},
        {"tMembers": "[alice, bob]"},
        {"tMembers": ["alice", "bob"]},
    ],
    ids=str,
)
def test_what_would_not_be_answered_or_is_elsewhere_is_not_heard(
    relay: RelayKit, fields: dict[str, Any]
) -> None:
    assert say(relay, **{"text": "We meet at nine.", **fields})["status"] == "ignored"
    assert relay.tables.rows() == []


@pytest.mark.parametrize("members", ["[alice, Helper]", ["helper"], '["helper"]', "", "many", 7, {}], ids=str)
def test_it_hears_where_it_is_a_member_or_nobody_knows(relay: RelayKit, members: Any) -> None:
    assert say(relay, "We meet at nine.", tMembers=members) == HEARD


def test_it_hears_only_whom_it_would_answer(relay: RelayKit) -> None:
    relay.configure_bot(allow=["alice"], kinds=["text"])
    assert say(relay, "We meet at nine.", "bob") == NOT_ADDRESSED
    assert say(relay, "We meet at nine.", "alice") == HEARD
    assert say(relay, "", "alice", msgType="PICTURE", attach={"url": "https://x.example"}) == NOT_ADDRESSED


def test_each_bot_that_listens_hears_for_itself_with_one_call(relay: RelayKit) -> None:
    relay.configure_bot("echo", listen=True)
    say(relay, "first")
    relay.tables.calls.clear()
    say(relay, "We meet at nine.")
    assert relay.tables.calls == ["write relayhistory20261123 2"] * 2
    assert len(relay.tables.rows("text")) == 4


def test_it_is_heard_once_however_often_it_comes(relay: RelayKit) -> None:
    copy = relay.copy("We meet at nine.", sender="bob", team="42")
    for _ in range(3):
        assert json.loads(relay.post_body(copy).get_body()) == HEARD
    assert len(relay.tables.rows("text")) == 1


def test_one_that_comes_again_after_midnight_is_heard_once(relay: RelayKit) -> None:
    relay.clock.set((relay.clock.now() // DAY_MS + 1) * DAY_MS - 1000)
    copy = relay.copy("We meet at nine.", sender="bob", team="42")
    relay.post_body(copy)
    relay.clock.advance(60)
    relay.post_body(copy)
    assert len(relay.tables.rows("text")) == 1


def by_both(relay: RelayKit, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """One message as a copy, which does not say whom it is for, and as the chatbot service's request, which does."""
    copy = relay.copy(text, sender="alice", team="42")
    chatbot = relay.chatbot(
        text,
        to="42",
        convType="TEAM",
        client_id=copy["msgidClient"],
        at=copy["msgTimestamp"],
        robotInfo={"account": "helper", "customContent": "the room is blue"},
    )
    return copy, chatbot


def test_a_message_that_was_heard_is_answered_once_it_is_addressed(relay: RelayKit) -> None:
    copy, chatbot = by_both(relay, "when do we meet?")
    assert json.loads(relay.post_body(copy).get_body()) == HEARD
    assert relay.replies == []
    for _ in range(2):
        relay.post_body(chatbot)
        relay.post_body(copy)
    assert relay.replies == ["Hi alice"]
    assert "the room is blue" in relay.model.asked()[-1][-1][1]
    assert len(relay.tables.rows("text")) == 1


def test_what_is_answered_are_the_words_of_the_message_that_addresses_the_bot(relay: RelayKit) -> None:
    copy, chatbot = by_both(relay, "we meet when?")
    relay.post_body(copy)
    relay.post_body(chatbot | {"body": "when do we meet?"})
    assert [row["text"] for row in relay.tables.rows("text")] == ["when do we meet?"]


def test_a_copy_does_not_turn_an_addressed_message_into_one_that_is_only_heard(relay: RelayKit) -> None:
    copy, chatbot = by_both(relay, "when do we meet?")
    relay.post_body(chatbot, run=False)
    relay.post_body(copy, run=False)
    relay.run()
    relay.post_body(copy)
    assert relay.replies == ["Hi alice"]
    assert [row["state"] for row in relay.tables.rows("text")] == ["answered"]


def test_a_command_that_was_heard_first_is_carried_out(relay: RelayKit) -> None:
    say(relay, "my number is 7", "alice")
    relay.clock.advance(1)
    copy, chatbot = by_both(relay, "/forget")
    relay.post_body(copy)
    relay.post_body(chatbot)
    assert relay.replies == [RELAYS_OWN.forget.en.format(messages=1, replies=0)]
    assert "my number is 7" not in str(relay.tables.tables)
    assert "/forget" not in str(relay.tables.tables)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_process_that_dies_when_it_is_addressed_answers_once(relay: RelayKit, lost: str) -> None:
    copy, chatbot = by_both(relay, "when do we meet?")
    relay.post_body(copy)

    def dies(call: Call) -> None:
        if call.name == "write" and any(change.values.get("state") == "waiting" for change in call.changes):
            setattr(relay.tables, lost, None)
            relay.kill_host()

    setattr(relay.tables, lost, dies)
    relay.post_body(chatbot)
    assert getattr(relay.tables, lost) is None
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_who_is_forgotten_meanwhile_is_not_answered(relay: RelayKit) -> None:
    copy, chatbot = by_both(relay, "when do we meet?")
    relay.post_body(copy)
    relay.clock.advance(1)

    def forgets(call: Call) -> None:
        if call.name == "write" and any(change.values.get("state") == "waiting" for change in call.changes):
            relay.tables.before = None
            relay.post("@Helper /forget", team="42")

    relay.post_body(chatbot, run=False)
    taken = relay.waiting
    assert len(taken) == 2
    relay.tables.before = forgets
    relay.settle()
    assert relay.replies == [RELAYS_OWN.forget.en.format(messages=1, replies=0)]
    assert relay.model.prompts == []


def test_who_was_forgotten_long_before_the_message_is_addressed_is_not_answered(relay: RelayKit) -> None:
    relay.configure_bot(rewind_messages=0)
    copy, chatbot = by_both(relay, "when do we meet?")
    relay.post_body(copy)
    say(relay, "@Helper /forget", "alice")
    for n in range(20):  # more than what is read without a memory
        say(relay, f"m{n}", "bob")
    relay.post_body(chatbot)
    assert relay.replies == [RELAYS_OWN.forget.en.format(messages=1, replies=0)]
    assert relay.model.prompts == []


def test_a_message_that_was_heard_counts_for_limits_once_it_is_addressed(relay: RelayKit) -> None:
    relay.configure_bot(limits={"per_sender": {"day": 1}})
    for n in range(3):
        say(relay, f"m{n}", "alice")
    copy, chatbot = by_both(relay, "when do we meet?")
    relay.post_body(copy)
    relay.post_body(chatbot)
    assert relay.replies[-1].startswith("Hi alice")
    say(relay, "@Helper and where?", "alice")
    assert len(relay.model.prompts) == 1


def test_forget_covers_what_was_heard(relay: RelayKit) -> None:
    say(relay, "my number is 7", "alice")
    say(relay, "mine is 8", "bob")
    say(relay, "@Helper /forget", "alice")
    assert relay.replies == [RELAYS_OWN.forget.en.format(messages=1, replies=0)]
    assert "my number is 7" not in str(relay.tables.tables)
    say(relay, "@Helper whose number do you know?", "carol")
    assert contents(relay) == ["mine is 8", "whose number do you know?"]


def test_what_is_heard_late_of_before_a_forget_is_erased_by_the_next_turn(relay: RelayKit) -> None:
    relay.clock.advance(60)
    say(relay, "@Helper /forget", "alice")
    assert say(relay, "my number is 7", "alice", at=relay.clock.now() - 30_000) == HEARD
    say(relay, "@Helper hello", "bob")
    assert contents(relay) == ["hello"]
    assert "my number is 7" not in str(relay.tables.tables)


def test_what_was_heard_expires_like_everything(relay: RelayKit) -> None:
    say(relay, "We meet at nine.")
    relay.clock.advance(4 * DAY_MS / 1000)
    relay.sweep()
    assert relay.tables.rows("text") == []


def test_voice_and_files_are_not_opened_and_pictures_are_shown_when_it_is_asked(relay: RelayKit) -> None:
    relay.configure_bot(transcribe={"model": "whisper"})
    picture = "https://nim-nosdn.netease.im/p"
    relay.media.pictures[picture] = "data:image/png;base64,AAAA"
    for kind, url in (("AUDIO", picture + "a"), ("FILE", picture + "f"), ("PICTURE", picture)):
        assert say(relay, "", msgType=kind, attach={"url": url, "ext": "txt"}) == HEARD
    assert relay.media.fetched == []
    say(relay, "@Helper what did he send?")
    assert relay.media.fetched == [picture]


def test_storage_that_fails_refuses_the_copy(relay: RelayKit) -> None:
    relay.tables.down = True
    response = relay.post("We meet at nine.", team="42", run=False)
    assert response.status_code == 503
    relay.tables.down = False
    assert relay.tables.rows() == []


def test_of_two_bots_one_that_cannot_hear_has_the_copy_sent_again(relay: RelayKit) -> None:
    relay.configure_bot("echo", listen=True)
    failures = [StorageUnavailable("down")]

    def fails(call: Call) -> None:
        if failures:
            raise failures.pop()

    relay.tables.before = fails
    copy = relay.copy("We meet at nine.", sender="bob", team="42")
    assert relay.post_body(copy).status_code == 503
    assert relay.post_body(copy).status_code == 200
    assert len(relay.tables.rows("text")) == 2


def test_help_and_the_greeting_say_that_it_listens_and_how_to_be_forgotten(relay: RelayKit) -> None:
    relay.configure_bot(greeting="Hello!")
    relay.add_to_group("helper", team="42")
    relay.post("@Helper /帮助", team="42")
    listens = RELAYS_OWN.listens
    said = {"en": listens.en.format(name="Helper"), "zh": listens.zh.format(name="Helper")}
    assert "/forget" in said["en"]
    assert relay.replies[0] == f"Hello!\n\n{said['en']}"
    assert relay.replies[1].endswith(said["zh"])
    relay.configure_bot(listen=False)
    relay.post("/help")
    assert said["en"] not in relay.replies[2]


def test_a_turn_that_may_have_been_heard_is_left_to_versions_that_know_of_it(relay: RelayKit) -> None:
    """An older one would take the row for one that is done."""
    relay.post("@Helper hello", team="42", run=False)
    relay.post("hello", run=False)
    assert [json.loads(text)["v"] for text in relay.queues.texts("relay-turns")] == [6, 6, 1, 1]


def test_a_bot_that_is_switched_off_hears_nothing(relay: RelayKit) -> None:
    relay.configure_bot(enabled=False)
    assert say(relay, "We meet at nine.") == NOT_ADDRESSED
    bots = bots_in({"bots": [{"accid": "a", "name": "A", "system_prompt": "x", "listen": True}]}, "bots.toml")
    assert bots.any_listens
    assert not relay.app.bots.any_listens
