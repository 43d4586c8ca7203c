"""``python -m relay history``: what is shown, exported and deleted of one person, also while the relay answers them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import ConfigError, ImUnavailable, StorageUnavailable
from relay.outbox import TURNS
from relay.ports import Prompt
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import BOTS_TOML, RelayKit
from tests.operations.operating import OperatorKit, words_in

DAY_SECONDS = 86_400


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_person_is_shown_with_what_was_answered(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("my cat is ill")
    relay.post("mine is not", sender="bob")
    assert operator.run("history", "show", "Alice") == 0
    out = capsys.readouterr().out
    assert "helper, private" in out
    assert "my cat is ill" in out
    assert "Hi alice" in out
    assert "mine is not" not in out
    assert operator.said[-1] == "2 rows of alice"


def test_of_whom_nothing_is_stored_nothing_is_shown(operator: OperatorKit, relay: RelayKit) -> None:
    relay.post("hello")
    assert operator.run("history", "show", "carol") == 1


def test_private_chats_are_found_with_their_topics_and_without_looking_through_a_table(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("plain")
    relay.post_chatbot("about cats", topic="cats")
    relay.clock.advance(DAY_SECONDS)
    relay.post_chatbot("about dogs", topic="dogs")
    relay.tables.calls.clear()
    assert operator.run("history", "show", "alice", "--private", "--json") == 0
    assert [row["text"] for row in printed(capsys) if row["kind"] == "text"] == [
        "plain",
        "about dogs",
        "about cats",
    ]
    assert not [call for call in relay.tables.calls if call.startswith("scan")]


def test_a_group_is_found_by_its_id_without_looking_through_a_table(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.configure_bot(group_memory="member")
    relay.post("@Helper one", team="42")
    relay.configure_bot(group_memory="group")
    relay.post("@Helper two", team="42")
    relay.post("@Helper three", team="43")
    relay.tables.calls.clear()
    assert operator.run("history", "show", "alice", "--team", "42", "--json") == 0
    assert {row["text"] for row in printed(capsys) if row["kind"] == "text"} == {"one", "two"}
    assert not [call for call in relay.tables.calls if call.startswith("scan")]


def test_other_groups_are_looked_for_and_how_far_that_is_is_said(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("@Helper one", team="42")
    relay.post("@Helper from bob", team="43", sender="bob")
    assert operator.run("history", "show", "alice", "--json") == 0
    assert [row["text"] for row in printed(capsys)] == ["one", "Hi alice"]
    assert "reads every row of 3 days" in operator.said[0]
    assert [line for line in operator.said if "relayhistory20261123, " in line]


def test_one_bot_alone_may_be_meant(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.configure_bot("echo", reply="send")
    relay.post("to helper")
    relay.post("to echo", to="echo")
    relay.post("@Echo in a group", team="42")
    assert operator.run("history", "show", "alice", "--bot", "helper", "--json") == 0
    assert {row["bot"] for row in printed(capsys)} == {"helper"}


def test_what_is_with_a_bot_that_the_file_has_no_more_is_deleted_too(
    operator: OperatorKit, relay: RelayKit
) -> None:
    relay.configure_bot("old", name="Old", system_prompt="x")
    relay.post("secret", to="old")
    relay.configure(BOTS_TOML)
    assert operator.run("history", "delete", "alice", "--yes") == 0
    assert "secret" not in words_in(relay)


def test_rows_of_an_older_version_do_not_say_their_bot_and_are_left_out_where_one_is_named(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("@Helper one", team="42")
    for partitions in relay.tables.tables.values():
        for rows in partitions.values():
            for key, row in rows.items():
                rows[key] = replace(row, values={k: v for k, v in row.values.items() if k != "bot"})
    assert operator.run("history", "show", "alice", "--bot", "helper", "--json") == 1
    assert "1 conversation of an older version may be with helper" in operator.said[-2]
    capsys.readouterr()
    assert operator.run("history", "show", "alice", "--json") == 0
    assert [row["text"] for row in printed(capsys)] == ["one", "Hi alice"]


def test_an_export_has_a_line_of_json_for_each_row_and_says_how_many(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("hello", nick="Alice A.", fromNick="Alice A.", client_id="1")
    assert operator.run("history", "export", "alice") == 0
    message, reply = map(json.loads, capsys.readouterr().out.splitlines())
    assert (message["text"], message["id"], message["at"]) == (
        "hello",
        "c:alice:1",
        "2026-11-23T12:00:00.000Z",
    )
    assert (reply["kind"], reply["text"], reply["model"]) == ("reply", "Hi alice", "scripted")
    assert operator.said[-1] == "2 rows of alice: 1 reply, 1 text"


def test_nothing_is_deleted_unless_it_is_said_that_it_may(operator: OperatorKit, relay: RelayKit) -> None:
    relay.post("my secret")
    assert operator.run("history", "delete", "alice") == 1
    assert operator.asked == ["Delete what is stored of alice in 2 conversations?"]
    assert "my secret" in words_in(relay)


def test_what_is_deleted_is_gone_from_every_conversation_and_nobody_elses_is(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("secret one")
    relay.post_chatbot("secret two", topic="cats")
    relay.post("@Helper secret three", team="42")
    relay.post("@Helper from bob", team="42", sender="bob")
    relay.clock.advance(DAY_SECONDS)
    relay.post("secret four")
    operator.answer = True
    assert operator.run("history", "delete", "alice") == 0
    assert capsys.readouterr().out == "Deleted of alice: 4 messages and 4 replies in 4 conversations.\n"
    assert "secret" not in words_in(relay)
    assert "Hi alice" not in words_in(relay)
    assert "from bob" in words_in(relay)
    assert "Hi bob" in words_in(relay)


def test_what_was_deleted_is_not_answered_again_and_not_remembered(
    operator: OperatorKit, relay: RelayKit
) -> None:
    said = relay.copy("secret")
    relay.post_body(said)
    assert operator.run("history", "delete", "alice", "--yes") == 0
    relay.post_body(said)
    assert relay.replies == ["Hi alice"]
    relay.clock.advance(2)
    relay.post("hello")
    assert [each.content for each in relay.model.prompts[-1].messages[1:]] == ["hello"]


def test_what_still_waits_on_the_queue_is_closed_and_not_answered(
    operator: OperatorKit, relay: RelayKit
) -> None:
    relay.post("secret", run=False)
    assert operator.run("history", "delete", "alice", "--yes") == 0
    relay.settle()
    assert relay.replies == []
    assert "secret" not in words_in(relay)


def test_what_is_written_after_it_is_answered(operator: OperatorKit, relay: RelayKit) -> None:
    assert operator.run("history", "delete", "alice", "--yes") == 0
    relay.clock.advance(1)
    relay.post("hello")
    assert relay.replies == ["Hi alice"]


def test_the_mark_is_dated_by_the_storage_service(operator: OperatorKit, relay: RelayKit) -> None:
    relay.post("secret", run=False)
    relay.tables.now = lambda: relay.clock.now() - 60_000  # what was written since then is not meant
    assert operator.run("history", "delete", "alice", "--yes") == 0
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_turn_that_is_under_way_stores_nothing_of_what_is_deleted(
    operator: OperatorKit, relay: RelayKit
) -> None:
    async def delete_meanwhile(prompt: Prompt) -> str:
        assert await operator.work("history", "delete", "alice", "--yes") == 0
        return "an answer about the secret"

    relay.model.script = [delete_meanwhile]
    relay.post("secret")
    relay.settle()
    assert relay.replies == []
    assert "secret" not in words_in(relay)


def test_a_reply_that_is_stored_while_its_message_is_deleted_is_found_by_the_next_pass(
    operator: OperatorKit, relay: RelayKit
) -> None:
    reached, stored = asyncio.Event(), asyncio.Event()
    deletions: list[asyncio.Task[int]] = []

    async def answers_late(prompt: Prompt) -> str:
        """The pass has read the waiting message, and is about to blank it."""
        relay.tables.before = about_to_blank
        deletions.append(asyncio.create_task(operator.work("history", "delete", "alice", "--yes")))
        await reached.wait()
        relay.tables.after = after_storing
        return "an answer about the secret"

    async def about_to_blank(call: Call) -> None:
        if call.name == "write" and any("forgotten" in each.values for each in call.changes):
            relay.tables.before = None
            reached.set()
            await stored.wait()

    def after_storing(call: Call) -> None:
        if call.name == "write" and any(each.values.get("kind") == "reply" for each in call.changes):
            stored.set()

    async def answer(text: str) -> None:
        await relay.app.answer(text)
        assert await deletions[0] == 0

    relay.model.script = [answers_late]
    relay.im.default = ImUnavailable("down")  # what is stored is not sent yet
    relay.post("secret", run=False)
    (taken,) = asyncio.run(relay.queues.receive(TURNS, 600))[:1]
    asyncio.run(answer(taken.text))
    asyncio.run(relay.queues.delete(TURNS, taken.receipt))
    relay.im.default = None
    relay.settle()
    assert stored.is_set()
    assert "secret" not in words_in(relay)
    assert relay.replies == []


def test_a_deletion_that_broke_off_is_finished_by_the_next(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("secret one")
    relay.clock.advance(DAY_SECONDS)
    relay.post("secret two")
    blanked = 0

    def breaks_off(call: Any) -> None:
        nonlocal blanked
        if call.name == "write" and any("forgotten" in change.values for change in call.changes):
            blanked += 1
            if blanked == 2:
                raise StorageUnavailable("gone")

    relay.tables.before = breaks_off
    with pytest.raises(StorageUnavailable):
        operator.run("history", "delete", "alice", "--yes")
    assert "secret one" in words_in(relay)
    relay.tables.before = None
    assert operator.run("history", "delete", "alice", "--yes", "--json") == 0
    assert (printed(capsys)["messages"], "secret" in words_in(relay)) == (1, False)


def test_the_persons_own_forget_counts_what_is_left(operator: OperatorKit, relay: RelayKit) -> None:
    relay.post("secret")
    assert operator.run("history", "delete", "alice", "--yes") == 0
    relay.clock.advance(2)
    relay.post("/forget")
    assert relay.replies[-1] == RELAYS_OWN.forget.en.format(messages=0, replies=0)


def test_a_bot_that_is_not_there_is_told(operator: OperatorKit) -> None:
    with pytest.raises(ConfigError, match="nobody is not in the bots file; there are: helper, echo"):
        operator.run("history", "show", "alice", "--bot", "nobody")
