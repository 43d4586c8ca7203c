"""What people take back or edit, and what moderation refuses afterwards: before, during and after the turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from relay.errors import ImRejected, ImUnavailable
from relay.messages import Turn
from relay.outbox import POISON
from relay.ports import Outgoing, Prompt, Sent
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit

MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
NOTED = {"status": "noted"}
URL = "https://nim-nosdn.netease.im/abc"


def window(relay: RelayKit) -> list[str]:
    """What the model was told last, but for the system prompt."""
    return [said.content for said in relay.model.prompts[-1].messages[1:]]


def words(relay: RelayKit) -> str:
    """Everything that the tables hold."""
    return json.dumps(relay.tables.rows(), ensure_ascii=False)


def during(relay: RelayKit, happens: Callable[[], Any]) -> None:
    """Let something happen, once, while the model is asked."""

    def say(_: Prompt) -> str:
        happens()
        return "Hi alice"

    relay.model.script.append(say)


def test_what_is_recalled_while_it_waits_is_closed(relay: RelayKit) -> None:
    release = relay.hold_lease()
    hello = relay.copy("hello")
    relay.post_body(hello)
    assert "hello" in words(relay)
    assert json.loads(relay.recall(hello).get_body()) == NOTED
    release()
    relay.settle()
    (row,) = relay.tables.rows()
    assert (relay.replies, relay.model.prompts, row["state"]) == ([], [], "closed")
    assert "hello" not in words(relay)


def test_what_is_recalled_while_the_model_is_asked_is_not_answered(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    during(relay, lambda: relay.recall(hello))
    relay.post_body(hello)
    relay.settle()
    assert relay.replies == []
    assert "hello" not in words(relay)


def test_what_is_recalled_after_its_turn_leaves_the_memory_with_its_reply(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.clock.advance(60)
    relay.recall(hello)
    assert "hello" not in words(relay)
    assert "Hi alice" not in words(relay)
    relay.clock.advance(60)
    relay.post("next")
    assert window(relay) == ["next"]
    assert relay.replies == ["Hi alice", "Hi alice"]


def test_a_recall_that_overtakes_its_message_claims_it(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.recall(hello)
    (row,) = relay.tables.rows()
    assert (row["state"], row["forgotten"], "text" in row) == ("closed", "recalled", False)
    relay.clock.advance(3600)
    relay.post_body(hello)
    relay.settle()
    assert (relay.replies, relay.model.prompts, len(relay.tables.rows())) == ([], [], 1)


def test_a_recall_that_overtakes_a_command_has_it_not_carried_out(relay: RelayKit) -> None:
    relay.post("hello")
    relay.clock.advance(1)
    forget = relay.copy("/forget")
    relay.recall(forget)
    relay.post_body(forget)
    assert relay.replies == ["Hi alice"]
    assert "hello" in words(relay)


def test_a_command_that_was_carried_out_stays_so(relay: RelayKit) -> None:
    help_ = relay.copy("/help")
    relay.post_body(help_)
    relay.recall(help_)
    relay.recall(help_)
    assert relay.replies == [RELAYS_OWN.help.en.format(name="Helper")]
    assert [row["state"] for row in relay.tables.rows()] == ["answered"]


def test_a_recall_that_comes_again_changes_nothing(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.recall(hello)
    rows = words(relay)
    relay.clock.advance(5)
    relay.recall(hello)
    assert words(relay) == rows


@pytest.mark.parametrize("minutes", [1439, 1441])
def test_a_recall_of_what_would_be_too_old_claims_nothing(relay: RelayKit, minutes: int) -> None:
    hello = relay.copy("hello", at=relay.clock.now() - minutes * 60_000)
    relay.recall(hello)
    assert len(relay.tables.rows()) == (1 if minutes < 1440 else 0)


@pytest.mark.parametrize("ahead", [5 * 60_000, 5 * 60_000 + 1, 10**12])
def test_a_recall_of_what_is_far_ahead_claims_nothing(relay: RelayKit, ahead: int) -> None:
    relay.recall(relay.copy("hello", at=relay.clock.now() + ahead))
    assert len(relay.tables.rows()) == (1 if ahead <= 5 * 60_000 else 0)


def test_what_is_older_than_a_message_may_be_is_still_taken_out_of_the_memory(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=10_080)
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.clock.advance(5 * 86_400)
    relay.recall(hello)
    assert "hello" not in words(relay)


def test_only_the_sender_of_a_message_recalls_it(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.recall(hello | {"fromAccount": "mallory"})
    relay.recall(hello | {"fromAccount": "mallory"}, clientId="")
    relay.recall(hello, to="echo")
    assert "hello" in words(relay)


def test_by_the_platforms_id_only_its_sender_recalls_it_either(relay: RelayKit) -> None:
    hello = relay.copy("@helper hello", team="77", client_id="")
    relay.post_body(hello)
    relay.recall(hello | {"fromAccount": "mallory"})
    assert "hello" in words(relay)
    relay.recall(hello, clientId="not-known-here")
    assert "hello" not in words(relay)


def test_a_recall_by_our_own_bot_or_between_people_is_ignored(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"from": "helper", "to": "alice"}, "own_message"),
        ({"from": "helper", "to": "77", "eventType": "8"}, "own_message"),
        ({"to": "bob"}, "unknown_bot"),
    ]
    for changes, reason in wrong:
        answer = json.loads(relay.recall(hello, **changes).get_body())
        assert answer == {"status": "ignored", "reason": reason}
    assert "hello" in words(relay)


@pytest.mark.parametrize("kind", ["TEAM", "SUPER_TEAM"])
def test_a_recall_in_a_group_is_tried_with_each_bot(relay: RelayKit, kind: str) -> None:
    relay.configure_bot("other", name="Other", system_prompt="x")
    said = [relay.copy(f"@{name} hello", team="77", convType=kind) for name in ("helper", "other")]
    for each in said:
        relay.post_body(each)
    assert json.loads(relay.recall(said[1]).get_body()) == NOTED
    texts = [row.get("text") for row in relay.tables.rows("text")]
    assert sorted(text for text in texts if text) == ["hello"]
    relay.clock.advance(1)
    relay.post("@other next", team="77", convType=kind)
    assert "hello" not in str(window(relay))
    relay.post("@helper next", team="77", convType=kind)
    assert "hello" in str(window(relay))


def test_a_recall_in_one_group_leaves_the_same_words_in_another(relay: RelayKit) -> None:
    said = relay.copy("@helper hello", team="77")
    relay.post_body(said)
    relay.recall(said, to="78")
    assert "hello" in words(relay)


def test_a_message_with_a_topic_is_found(relay: RelayKit) -> None:
    body = relay.chatbot("hello", robotInfo={"topic": "law"})
    relay.post_body(body)
    relay.recall(body | {"msgidServer": "0"})
    assert "hello" not in words(relay)


def test_a_message_with_a_topic_that_is_overtaken_is_done_when_it_comes(relay: RelayKit) -> None:
    body = relay.chatbot("hello", robotInfo={"topic": "law"})
    relay.recall(body | {"msgidServer": "0"})
    relay.post_body(body)
    assert (relay.replies, "hello" in words(relay)) == ([], False)


def test_a_reply_that_answers_two_messages_goes_with_either(relay: RelayKit) -> None:
    release = relay.hold_lease()
    one, two = relay.copy("one"), relay.copy("two", at=relay.clock.now() + 1)
    relay.post_body(one)
    relay.post_body(two)
    release()
    relay.settle()
    relay.recall(one)
    assert [row.get("text") for row in relay.tables.rows()] == ["", "two", ""]
    assert relay.replies == ["Hi alice"]
    relay.clock.advance(60)
    relay.post("next")
    assert window(relay) == ["two", "next"]


def unsent(relay: RelayKit, *texts: str) -> list[dict[str, Any]]:
    """Messages whose one reply is stored, and not sent since the IM server is away."""
    release = relay.hold_lease()
    said = [relay.copy(text, at=relay.clock.now() + n) for n, text in enumerate(texts)]
    for each in said:
        relay.post_body(each)
    release()
    relay.im.default = ImUnavailable("away")
    relay.wait(6)
    (reply,) = relay.tables.rows("reply")
    assert reply["state"] == "stored"
    return said


def test_an_unsent_reply_to_what_is_recalled_is_not_sent(relay: RelayKit) -> None:
    (one,) = unsent(relay, "one")
    relay.recall(one)
    relay.im.default = None
    relay.settle()
    assert (relay.replies, [row["state"] for row in relay.tables.rows()]) == ([], ["closed", "answered"])


def test_an_unsent_reply_that_others_wait_for_is_sent_and_not_remembered(relay: RelayKit) -> None:
    one, _ = unsent(relay, "one", "two")
    relay.recall(one)
    relay.wait(30)
    relay.im.default = None
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert "Hi alice" not in words(relay), "its words are gone once it was sent"
    relay.post("next")
    assert window(relay) == ["two", "next"]


def test_nor_is_it_remembered_by_the_turn_that_sends_it(relay: RelayKit) -> None:
    one, _ = unsent(relay, "one", "two")
    relay.recall(one)
    relay.im.default = None
    relay.post("next")
    assert relay.replies[0] == "Hi alice"
    assert window(relay) == ["two", "next"]


def test_an_unsent_reply_to_two_that_are_both_recalled_is_not_sent(relay: RelayKit) -> None:
    for each in unsent(relay, "one", "two"):
        relay.recall(each)
    relay.im.default = None
    relay.settle()
    assert relay.replies == []
    assert "Hi alice" not in words(relay)


def test_a_response_bot_shows_that_what_it_was_asked_is_forgotten(relay: RelayKit) -> None:
    before, while_asked, after = (relay.chatbot(text, to="echo") for text in ("a", "b", "c"))
    during(relay, lambda: relay.recall(while_asked | {"msgidServer": "0"}))
    shown = []
    relay.recall(before | {"msgidServer": "0"})
    shown.append(relay.post_body(before))
    shown.append(relay.post_body(while_asked))
    relay.post_body(after)
    relay.recall(after | {"msgidServer": "0"})
    shown.append(relay.post_body(after))
    assert [json.loads(each.get_body())["reply"]["text"] for each in shown] == [RELAYS_OWN.forgotten.en] * 3
    assert len(relay.model.prompts) == 2


def test_what_was_recalled_is_recalled_across_midnight(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 1000)
    one, two, three = relay.copy("one"), relay.copy("two", at=MIDNIGHT - 1), relay.copy("three")
    three.pop("msgTimestamp")
    relay.post_body(one)
    relay.clock.set(MIDNIGHT + 1000)
    relay.post_body(three)
    relay.recall(one)
    relay.recall(two)
    relay.post_body(two)
    relay.recall(three | {"msgTimestamp": str(MIDNIGHT - 1)})
    assert all(not row.get("text") for row in relay.tables.rows())
    assert len(relay.replies) == 2


def test_a_recall_that_does_not_say_when_it_was_sent_waits_for_its_message(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.recall(hello, sendTime="")
    relay.wait(10)
    relay.post_body(hello)
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert "hello" not in words(relay)


def test_what_is_edited_before_its_turn_is_answered_as_edited(relay: RelayKit) -> None:
    release = relay.hold_lease()
    hello = relay.copy("hello")
    relay.post_body(hello)
    assert json.loads(relay.edit(hello, "goodbye").get_body()) == NOTED
    release()
    relay.settle()
    assert (window(relay), relay.replies) == (["goodbye"], ["Hi alice"])


def test_what_is_edited_while_the_model_is_asked_is_answered_once_and_as_edited(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    during(relay, lambda: relay.edit(hello, "goodbye"))
    relay.post_body(hello)
    relay.settle()
    assert [said[-1][1] for said in relay.model.asked()] == ["hello", "goodbye"]
    assert relay.replies == ["Hi alice"]
    relay.clock.advance(60)
    relay.post("next")
    assert window(relay) == ["goodbye", "Hi alice", "next"]


def test_what_is_edited_after_its_turn_is_remembered_as_edited_without_its_reply(relay: RelayKit) -> None:
    hello = relay.copy("hello" * 10_000)
    relay.post_body(hello)
    relay.clock.advance(60)
    relay.edit(hello, "goodbye")
    relay.edit(hello, "goodbye")
    relay.clock.advance(60)
    relay.post("next")
    assert (window(relay), len(relay.replies)) == (["goodbye", "next"], 2)


def test_an_edit_that_comes_again_leaves_the_reply_to_it(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    during(relay, lambda: relay.edit(hello, "goodbye"))
    relay.post_body(hello)
    relay.edit(hello, "goodbye")
    relay.clock.advance(60)
    relay.post("next")
    assert window(relay) == ["goodbye", "Hi alice", "next"]


def test_an_edit_that_changes_no_words_leaves_the_reply(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.clock.advance(60)
    relay.edit(hello, "hello")
    relay.edit(hello, "", modifyTime=relay.clock.now() + 1, extension="{}")
    relay.post("next")
    assert window(relay) == ["hello", "Hi alice", "next"]


def test_of_two_edits_the_later_one_counts_in_whichever_order_they_come(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.edit(hello, "third", modifyTime=relay.clock.now() + 2)
    relay.edit(hello, "second", modifyTime=relay.clock.now() + 1)
    relay.clock.advance(1)
    relay.post("next")
    assert window(relay) == ["third", "next"]


def test_an_edit_while_the_reply_is_sent_leaves_it_sent_and_not_remembered(relay: RelayKit) -> None:
    hello = relay.copy("hello")

    def edit(_: Outgoing) -> None:
        relay.edit(hello, "goodbye")

    relay.im.script.append(edit)
    relay.post_body(hello)
    relay.settle()
    assert [row["state"] for row in relay.tables.rows("reply")] == ["sent"]
    relay.clock.advance(60)
    relay.post("next")
    assert (window(relay), len(relay.im.attempts)) == (["goodbye", "next"], 2)


def test_an_edit_between_the_parts_of_a_reply_costs_no_part(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.model.script.append("\n\n".join(f"{n} {'x' * 3000}" for n in range(3)))

    def edit(_: Outgoing) -> None:
        relay.edit(hello, "goodbye")

    relay.im.script.append(edit)
    relay.post_body(hello)
    assert [reply[0] for reply in relay.replies] == ["0", "1", "2"]
    (reply,) = relay.tables.rows("reply")
    assert (reply["state"], len(json.loads(str(reply["delivered"])))) == ("sent", 3)


def test_an_edit_makes_no_turn_and_no_command(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.edit(hello, "/forget")
    relay.settle()
    assert (relay.replies, relay.tables.rows()) == ([], [])
    relay.post_body(hello)
    relay.clock.advance(1)
    relay.edit(hello, "/forget")
    relay.settle()
    assert (relay.replies, [row.get("text") for row in relay.tables.rows("text")]) == (
        ["Hi alice"],
        ["/forget"],
    )


def test_an_edit_that_overtakes_its_message_is_remembered(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.edit(hello, "goodbye")
    relay.wait(10)
    relay.post_body(hello)
    relay.settle()
    assert relay.replies == ["Hi alice"]
    relay.post("next")
    assert window(relay) == ["goodbye", "next"]


@pytest.mark.parametrize(("seconds", "text"), [(119, "goodbye"), (300, "hello")])
def test_an_edit_waits_for_its_message_for_two_minutes(relay: RelayKit, seconds: int, text: str) -> None:
    hello = relay.copy("hello")
    relay.edit(hello, "goodbye")
    relay.wait(seconds)
    relay.post_body(hello)
    relay.settle()
    assert [row["text"] for row in relay.tables.rows("text")] == [text]
    assert relay.failed == []


def test_an_edit_finds_a_message_of_another_day(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=10_080)
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.clock.advance(6 * 86_400)
    relay.edit(hello, "goodbye")
    assert [row["text"] for row in relay.tables.rows("text")] == ["goodbye"]


def test_what_was_forgotten_or_recalled_stays_so(relay: RelayKit) -> None:
    one, two = relay.copy("one"), relay.copy("two")
    relay.post_body(one)
    relay.post_body(two)
    relay.recall(one)
    relay.clock.advance(1)
    relay.post("/forget")
    rows = words(relay)
    for each in (one, two):
        relay.edit(each, "again")
        relay.refuse(each)
        relay.recall(each)
    assert words(relay) == rows


def test_only_the_sender_edits_a_message(relay: RelayKit) -> None:
    hello = relay.copy("@helper hello", team="77", client_id="")
    relay.post_body(hello)
    assert json.loads(relay.edit(hello, "forged", modifyAccountId="owner").get_body()) == NOTED
    relay.edit(hello | {"fromAccount": "mallory"}, "forged")
    relay.settle()
    assert [row["text"] for row in relay.tables.rows("text")] == ["hello"]


def test_an_edit_in_a_group_is_kept_without_the_mention(relay: RelayKit) -> None:
    hello = relay.copy("@helper hello", team="77")
    relay.post_body(hello)
    relay.clock.advance(1)
    relay.edit(hello, "@Helper, goodbye")
    assert [row["text"] for row in relay.tables.rows("text")] == [", goodbye"]


def test_a_place_can_be_edited_and_the_address_of_a_picture_cannot(relay: RelayKit) -> None:
    place = relay.copy("", msgType="LOCATION", attach={"lat": 30.1, "lng": 120.2, "title": "here"})
    picture = relay.copy("look", msgType="PICTURE", attach={"url": URL})
    for body in (place, picture):
        relay.post_body(body)
    relay.settle()
    relay.clock.advance(1)
    relay.edit(place, "", attachment='{"lat": 31, "lng": 121, "title": "there"}')
    relay.edit(place, "", attachment="{", modifyTime=relay.clock.now() + 1)
    relay.edit(picture, "see", attachment={"url": "https://nim-nosdn.netease.im/other"})
    rows = {row["medium"]: row for row in relay.tables.rows("text")}
    assert json.loads(str(rows["location"]["attached"]))["title"] == "there"
    assert (rows["picture"]["text"], URL in str(rows["picture"]["attached"])) == ("see", True)


def test_what_moderation_refuses_before_its_turn_is_not_answered(relay: RelayKit) -> None:
    release = relay.hold_lease()
    relay.media.pictures[URL] = "data:image/png;base64,AAAA"
    picture = relay.copy("look", msgType="PICTURE", attach={"url": URL})
    relay.post_body(picture)
    assert json.loads(relay.refuse(picture).get_body()) == NOTED
    release()
    relay.settle()
    assert (relay.replies, relay.model.prompts, URL in words(relay)) == ([], [], False)


def test_what_moderation_refuses_after_its_turn_leaves_the_memory(relay: RelayKit) -> None:
    relay.media.pictures[URL] = "data:image/png;base64,AAAA"
    one, other = (relay.copy(text, msgType="PICTURE", attach={"url": URL}) for text in ("one", "two"))
    for body in (one, other):
        relay.post_body(body)
        relay.clock.advance(1)
    relay.refuse(one, other)
    relay.refuse(one)
    relay.settle()
    relay.post("next")
    assert window(relay) == ["next"]


def test_a_verdict_that_overtakes_its_message_waits_for_it(relay: RelayKit) -> None:
    picture = relay.copy("@helper look", team="77", msgType="PICTURE", attach={"url": URL})
    relay.refuse(picture)
    relay.wait(5)
    relay.post_body(picture)
    relay.settle()
    relay.post("@helper next", team="77")
    assert "look" not in str(window(relay))


def test_a_reply_to_what_is_recalled_is_recalled_where_the_bot_says_so(relay: RelayKit) -> None:
    relay.configure_bot(recall_reply=True)
    one = relay.copy("@helper one", team="77")
    relay.post_body(one)
    relay.recall(one)
    ((recalled, sent),) = relay.im.recalled
    assert (recalled.bot, recalled.to, recalled.team_kind) == ("helper", "77", "team")
    assert sent == Sent("1", relay.clock.now())


def test_a_bot_leaves_its_reply_where_it_is_unless_it_is_told_otherwise(relay: RelayKit) -> None:
    one = relay.copy("one")
    relay.post_body(one)
    relay.recall(one)
    assert relay.im.recalled == []


def test_every_part_of_a_reply_is_recalled_and_tried_again(relay: RelayKit) -> None:
    relay.configure_bot(recall_reply=True)
    relay.model.script.append("\n\n".join(f"{n} {'x' * 3000}" for n in range(3)))
    one = relay.copy("one")
    relay.post_body(one)
    relay.im.refuses_recall = ImUnavailable("away")
    relay.recall(one)
    assert relay.im.recalled == []
    relay.settle()
    assert [sent.server_id for _, sent in relay.im.recalled] == ["1", "2", "3"]
    assert relay.failed == []


def test_a_reply_that_the_platform_does_not_recall_stays_there(relay: RelayKit) -> None:
    relay.configure_bot(recall_reply=True)
    one = relay.copy("one")
    relay.post_body(one)
    relay.im.refuses_recall = ImRejected("too late")
    relay.recall(one)
    relay.settle()
    assert (relay.im.recalled, relay.failed) == ([], [])
    assert "Hi alice" not in words(relay)


def test_a_reply_that_answers_others_as_well_is_recalled_with_the_last_of_them(relay: RelayKit) -> None:
    relay.configure_bot(recall_reply=True)
    release = relay.hold_lease()
    one, two = relay.copy("one"), relay.copy("two", at=relay.clock.now() + 1)
    relay.post_body(one)
    relay.post_body(two)
    release()
    relay.settle()
    relay.recall(one)
    assert relay.im.recalled == []
    relay.recall(two)
    assert len(relay.im.recalled) == 1


def test_a_change_travels_without_watch_and_is_left_to_instances_that_know_it(relay: RelayKit) -> None:
    relay.recall(relay.copy("hello"), run=False)
    (turn,) = relay.waiting
    assert json.loads(turn.to_json())["v"] == 5
    assert (turn.watch, Turn.from_json(turn.to_json())) == (None, turn)


def test_a_change_is_tried_again_while_storage_fails(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.recall(hello, run=False)
    relay.tables.down = True
    relay.wait(30)
    relay.tables.down = False
    relay.settle()
    assert "hello" not in words(relay)
    assert relay.failed == []


def test_a_change_that_kills_every_process_ends_as_a_record(relay: RelayKit) -> None:
    hello = relay.copy("hello")
    relay.post_body(hello)
    relay.recall(hello, run=False)
    (turn,) = relay.waiting
    relay.queues.queues.clear()
    asyncio.run(relay.queues.send(POISON, replace(turn, last_try=True).to_json()))
    relay.sweep()
    relay.settle()
    (record,) = relay.failed
    assert (
        record.cause == "the recall could not be carried out: the host gave up: its process died repeatedly"
    )


def test_a_change_for_a_bot_that_is_gone_is_dropped(relay: RelayKit) -> None:
    hello = relay.copy("hello", to="echo")
    relay.recall(hello, run=False)
    relay.configure('[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "x"\n')
    relay.settle()
    assert (relay.waiting, relay.failed) == ([], [])


CALLS_MAX = 40


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("overtakes", [False, True])
def test_a_recall_whose_process_dies_at_any_call_is_carried_out(
    relay: RelayKit, side: str, overtakes: bool
) -> None:
    relay.configure_bot(recall_reply=True)
    deaths = 0
    for number in range(CALLS_MAX):
        hello = relay.copy("hello")
        if not overtakes:
            relay.post_body(hello)
        relay.recall(hello, run=False)
        calls = 0

        def hook(call: Call, number: int = number) -> None:
            nonlocal calls
            if call.name != "receive":  # that is the function host's
                calls += 1
                if calls == number + 1:
                    relay.kill_host()

        setattr(relay.tables, side, hook)
        setattr(relay.queues, side, hook)
        relay.settle()
        setattr(relay.tables, side, None)
        setattr(relay.queues, side, None)
        relay.settle()
        relay.post_body(hello)
        relay.settle()
        assert "hello" not in words(relay), f"killed {side} call {number}"
        assert len(relay.replies) == (0 if overtakes else number + 1)
        assert len({sent.server_id for _, sent in relay.im.recalled}) == len(relay.replies)
        deaths += calls > number
        relay.clock.advance(3600)
        if calls <= number:
            break
    assert deaths >= 4
    assert relay.failed == []
