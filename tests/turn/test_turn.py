"""The turn: once, in order, nothing lost. Over the doubles, through the app's own triggers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from relay.errors import (
    ImBlocked,
    ImRejected,
    ImUnavailable,
    ModelBlocked,
    ModelRejected,
    ModelUnavailable,
    StorageUnavailable,
)
from relay.keys import LEASE_TABLE, conversation_key
from relay.messages import Message, Turn
from relay.outbox import FAILED as FAILED_QUEUE
from relay.outbox import TURNS
from relay.ports import Completion, Merge, Outgoing, Prompt
from relay.texts import BLOCKED, EMPTY, FAILED, WITHHELD
from tests.doubles import Call
from tests.doubles.model import Said
from tests.kit import RelayKit

LEASE_SECONDS = 90 + 20 + 30
MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)


# once


def test_two_copies_in_the_queue_at_once_are_answered_once(relay: RelayKit) -> None:
    body = relay.copy("hello")
    relay.post_body(body, run=False)
    relay.post_body(body, run=False)
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
    assert len(relay.tables.rows("reply")) == 1


def test_a_copy_from_the_chatbot_input_is_the_same_message(relay: RelayKit) -> None:
    body = relay.copy("hello", client_id="c1")
    relay.post_body(body)
    relay.post_body({**{k: v for k, v in body.items() if k != "eventType"}, "robotInfo": {}})
    assert relay.replies == ["Hi alice"]


def test_a_message_without_a_time_is_found_across_midnight(relay: RelayKit) -> None:
    body = relay.copy("hello")
    del body["msgTimestamp"]
    relay.post_body(body)
    relay.clock.advance(12 * 3600)
    relay.post_body(body)
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1


def test_a_watch_that_fires_after_all_finds_the_message_done(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    watch = relay.waiting[0]
    relay.run()
    asyncio.run(relay.app.answer(watch.to_json()))
    assert relay.replies == ["Hi alice"]
    assert relay.waiting == []


# nothing lost


def test_the_watch_is_queued_first_and_becomes_visible_after_the_lease_time(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    watch, message = relay.queues.queues[TURNS]
    assert watch.visible_at == relay.clock.now() + LEASE_SECONDS * 1000
    named = Turn.from_json(message.text).watch
    assert named is not None
    assert (named.id, named.pop) == (watch.id, watch.pop)


def test_a_message_whose_process_died_is_answered_by_its_watch(relay: RelayKit) -> None:
    relay.model.script = [lambda prompt: relay.kill_host()]
    relay.post("hello")
    assert relay.replies == []
    relay.wait(LEASE_SECONDS)
    assert relay.replies == ["Hi alice"]


def test_a_model_failure_is_tried_again_with_a_growing_delay(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("HTTP 500")] * 3
    sent = relay.clock.now()
    relay.post("hello")
    delays = []
    while not relay.replies:
        at = relay.queues.next_visible_at(TURNS)
        assert at is not None
        delays.append((at - relay.clock.now()) / 1000)
        relay.clock.set(at)
        relay.run()
    assert delays == [2, 4, 8]
    assert relay.clock.now() - sent == 14_000


def test_what_cannot_be_answered_in_time_gets_one_failure_text_and_a_record(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.settle()
    assert relay.replies == [FAILED["en"]]
    (record,) = relay.failed
    assert record.cause == "ModelUnavailable: HTTP 500"
    assert relay.waiting == []


def test_the_failure_text_comes_at_the_configured_time(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.wait(599)
    assert relay.replies == []
    relay.wait(2)
    assert relay.replies == [FAILED["en"]]


def test_the_failure_text_is_in_the_language_of_the_message(relay: RelayKit) -> None:
    relay.model.default = ModelRejected("HTTP 400")
    relay.post("你好吗")
    assert relay.replies == [FAILED["zh"]]


def test_a_rejected_request_is_given_up_at_once(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400 unsupported_parameter")]
    relay.post("hello")
    assert relay.replies == [FAILED["en"]]
    assert relay.failed[0].cause == "HTTP 400 unsupported_parameter"


def test_a_message_that_the_model_rejects_does_not_take_its_batch_along(relay: RelayKit) -> None:
    def refuse_bad(prompt: object) -> str:
        if "bad" in [said.content for said in relay.model.prompts[-1].messages]:
            raise ModelRejected("HTTP 400")
        return "fine"

    relay.model.default = refuse_bad
    relay.hold_lease(seconds=5)
    for text in ("good", "bad", "better"):
        relay.post(text)
        relay.clock.advance(0.01)
    relay.configure_bot(rewind_messages=0)
    relay.settle()
    assert sorted(relay.replies) == sorted(["fine", FAILED["en"], "fine"])


def test_an_outage_of_storage_loses_nothing(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    relay.tables.down = True
    relay.wait(180)
    relay.tables.down = False
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_an_outage_of_the_im_server_loses_nothing_and_asks_the_model_once(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("no answer")] * 5
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
    assert len({sent.client_id for sent in relay.im.attempts}) == 1


def test_an_outage_of_the_im_server_beyond_the_time_to_answer_still_delivers_the_answer(
    relay: RelayKit,
) -> None:
    relay.im.script = [ImUnavailable("no answer")] * 30
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_reply_that_the_im_server_never_takes_ends_on_record_at_the_age_limit(relay: RelayKit) -> None:
    relay.configure_bot(max_message_age_minutes=30)
    relay.im.script = [ImUnavailable("no answer")] * 100
    relay.post("hello")
    relay.settle()
    assert relay.waiting == []
    assert "no answer" in relay.failed[0].cause


def test_a_refused_reply_ends_on_record_with_its_cause(relay: RelayKit) -> None:
    relay.im.script = [ImRejected("code 102404")]
    relay.post("hello")
    assert relay.replies == []
    assert "102404" in relay.failed[0].cause
    assert relay.waiting == []


def test_a_stored_reply_that_was_not_sent_is_sent_by_the_next_turn(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("killed here")]
    relay.post("first")
    relay.queues.queues[TURNS].clear()
    relay.clock.advance(1)
    relay.post("second")
    assert relay.replies == ["Hi alice", "Hi alice"]
    assert [said.content for said in relay.model.prompts[-1].messages][1:] == ["first", "Hi alice", "second"]


def test_a_message_of_a_newer_version_is_put_back(relay: RelayKit) -> None:
    newer = json.dumps({"v": 99, "future": True})
    asyncio.run(relay.app.answer(newer))
    assert relay.queues.texts(TURNS) == [newer]


def test_something_that_is_no_turn_is_an_error_for_the_host(relay: RelayKit) -> None:
    with pytest.raises(ValueError, match="not a turn"):
        asyncio.run(relay.app.answer('{"v":1}'))


def test_a_message_for_a_bot_that_was_taken_out_ends_on_record(relay: RelayKit) -> None:
    relay.post("hello", run=False)
    relay.configure_bot("helper", accid="other")
    relay.settle()
    assert "not in the bots file" in relay.failed[0].cause


def test_a_failure_text_is_marked_sent_only_when_its_cause_is_on_record(relay: RelayKit) -> None:
    def failing(call: Call) -> None:
        if call.where == FAILED_QUEUE:
            relay.queues.before = None
            raise StorageUnavailable("for a moment")

    relay.queues.before = failing
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.settle()
    assert relay.replies == [FAILED["en"]]
    assert len(relay.failed) == 1


# one at a time, in order


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
    assert relay.replies == [FAILED["en"]]


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
    relay.hold_lease(seconds=3, deaths=1)
    now = relay.clock.now()
    relay.post("first", at=now + 1)
    relay.post("second", at=now + 2)
    relay.settle()
    assert [said.content for said in relay.model.prompts[0].messages][1:] == ["first"]


def test_a_message_that_kills_every_turn_is_given_up_and_the_others_are_answered(relay: RelayKit) -> None:
    deaths: list[int] = []

    def kill(prompt: Prompt) -> str:
        if any(said.content == "killer" for said in prompt.messages):
            deaths.append(relay.clock.now())
            relay.kill_host()
        return "fine"

    relay.configure_bot(answer_within_minutes=60)
    relay.model.default = kill
    now = relay.clock.now()
    relay.post("killer", at=now + 1, run=False)
    relay.post("harmless", at=now + 2, run=False)
    relay.settle()
    assert FAILED["en"] in relay.replies
    assert len(deaths) == 3
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


# one deadline


def slow(relay: RelayKit, said: Said, *, taking: float) -> Callable[[Prompt], Said]:
    """The model says or raises this after so many seconds."""

    def answer(prompt: Prompt) -> Said:
        relay.clock.advance(taking)
        return said

    return answer


def slow_im(relay: RelayKit, *, taking: float) -> Callable[[Outgoing], None]:
    """The IM server takes so many seconds for each message."""

    def take(outgoing: Outgoing) -> None:
        given = relay.im.seconds[-1]
        relay.clock.advance(min(taking, given))
        if given < taking:
            raise ImUnavailable("no answer in time")

    return take


def test_the_second_try_without_history_has_only_the_time_that_is_left(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    refusal = ModelBlocked("content filter on the prompt")
    relay.model.script = [slow(relay, refusal, taking=60), slow(relay, "Hi", taking=1)]
    relay.post("two")
    assert relay.model.seconds[1:] == [90, 30]


def test_a_turn_takes_no_further_message_when_half_of_its_time_is_over(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3, team="77")
    relay.model.default = slow(relay, "Hi", taking=50)
    now = relay.clock.now()
    relay.post("@Helper later", sender="bob", team="77", at=now + 2)
    relay.post("@Helper earlier", sender="alice", team="77", at=now + 1)
    relay.settle()
    assert [sent.mention for sent in relay.im.shown] == ["alice", "bob"]
    assert relay.model.seconds == [90, 90]


def test_sending_a_long_reply_ends_with_the_sending_budget(relay: RelayKit) -> None:
    relay.im.default = slow_im(relay, taking=6)
    relay.model.script = ["A sentence. " * 5000]
    started = relay.clock.now()
    relay.post("hello")
    assert relay.clock.now() - started == 20_000


# plain texts


def test_a_blocked_message_gets_a_plain_text_and_stays_out_of_the_window(relay: RelayKit) -> None:
    relay.model.script = [ModelBlocked("content filter on the prompt")]
    relay.post("something bad")
    relay.clock.advance(1)
    relay.post("hello")
    assert relay.replies == [BLOCKED["en"], "Hi alice"]
    assert relay.model.asked()[-1][1:] == [("user", "hello")]


def test_an_empty_answer_gets_a_plain_text_that_stays_out_of_the_window(relay: RelayKit) -> None:
    relay.model.script = ["   "]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two")
    assert relay.replies == [EMPTY["en"], "Hi alice"]
    assert relay.model.asked()[-1][1:] == [("user", "one"), ("user", "two")]


def test_a_reply_that_moderation_refuses_is_replaced_by_a_plain_text(relay: RelayKit) -> None:
    relay.im.script = [ImBlocked("code 107451")]
    relay.post("hello")
    assert relay.replies == [WITHHELD["en"]]
    relay.clock.advance(1)
    relay.post("again")
    assert relay.model.asked()[-1][1:] == [("user", "hello"), ("user", "again")]


def test_a_message_that_the_model_rejects_leaves_the_window_with_its_failure_text(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400")]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two")
    assert relay.model.asked()[-1][1:] == [("user", "two")]


def test_a_message_that_was_not_answered_in_time_stays_in_the_window_without_the_failure_text(
    relay: RelayKit,
) -> None:
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("one")
    relay.settle()
    relay.model.default = "hi"
    relay.post("two")
    assert relay.model.asked()[-1][1:] == [("user", "one"), ("user", "two")]


def test_a_long_reply_is_sent_in_parts_with_ids_of_their_own(relay: RelayKit) -> None:
    relay.model.script = ["A sentence. " * 1000]
    relay.post("hello")
    assert len(relay.replies) > 2
    assert len({sent.client_id for sent in relay.im.shown}) == len(relay.replies)
    assert " ".join(relay.replies).split() == ("A sentence. " * 1000).split()
    relay.clock.advance(1)
    relay.post("and?")
    assert ("assistant", ("A sentence. " * 1000).strip()) in relay.model.asked()[-1]


def test_usage_is_stored_with_the_reply(relay: RelayKit) -> None:
    relay.model.script = [Completion("Hi", model="gpt", prompt_tokens=12, completion_tokens=3)]
    relay.post("hello")
    (reply,) = relay.tables.rows("reply")
    assert (reply["model"], reply["prompt_tokens"], reply["completion_tokens"]) == ("gpt", 12, 3)


def test_replies_are_sent_from_the_bot_unmoderated_by_default(relay: RelayKit) -> None:
    relay.post("hello")
    (sent,) = relay.im.attempts
    assert (sent.bot, sent.to, sent.moderate, sent.mention) == ("helper", "alice", False, None)


# what an earlier message may not do to a later one


def test_a_history_that_the_filter_refuses_does_not_block_the_chat(relay: RelayKit) -> None:
    def refuse_the_guilty(prompt: Prompt) -> str:
        if any("guilty" in said.content for said in prompt.messages[:-1]):
            raise ModelBlocked("content filter on the prompt")
        return "ok"

    relay.model.default = refuse_the_guilty
    for text in ("guilty", "two", "three"):
        relay.post(text)
        relay.clock.advance(1)
    assert relay.replies == ["ok", "ok", "ok"]
    assert len(relay.model.prompts) == 4  # only "two" was asked about twice
    assert relay.model.asked()[-1][1:] == [("user", "two"), ("assistant", "ok"), ("user", "three")]


def test_a_history_that_is_too_long_for_the_model_does_not_block_the_chat(relay: RelayKit) -> None:
    def small(prompt: Prompt) -> str:
        if sum(len(said.content) for said in prompt.messages) > 3000:
            raise ModelRejected("HTTP 400 context_length_exceeded")
        return "x" * 1000

    relay.model.default = small
    for _ in range(6):
        relay.post("question")
        relay.clock.advance(60)
    assert relay.replies == ["x" * 1000] * 6


def test_a_reply_that_cannot_be_sent_holds_the_next_one_up_only_until_that_gives_up(relay: RelayKit) -> None:
    def refuse_the_cursed(outgoing: Outgoing) -> None:
        if outgoing.text == "cursed":
            raise ImUnavailable("code 414")

    relay.im.default = refuse_the_cursed
    relay.model.script = ["cursed"]
    relay.post("one")
    relay.clock.advance(60)
    relay.post("two")
    relay.wait(11 * 60)
    assert relay.replies == [FAILED["en"]]


def test_a_success_alone_clears_what_is_known_of_deaths(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3, deaths=1)
    now = relay.clock.now()
    relay.post("first", at=now + 1, run=False)
    relay.post("second", at=now + 2, run=False)
    relay.settle()
    assert relay.replies == ["Hi alice", "Hi alice"]
    assert not any(
        "deaths" in row.values for rows in relay.tables.tables[LEASE_TABLE].values() for row in rows.values()
    )


# lost answers


def test_a_text_in_the_place_of_a_withheld_reply_is_sent_although_the_answer_of_storing_it_was_lost(
    relay: RelayKit,
) -> None:
    async def repeated(call: Call) -> None:
        if any(change.values.get("text") == WITHHELD["en"] for change in call.changes):
            # The real part repeats a call whose answer was lost.
            await relay.tables.write(call.where, call.partition, *call.changes)

    relay.tables.after = repeated
    relay.im.script = [ImBlocked("code 107451")]
    relay.post("hello")
    relay.settle()
    assert relay.replies == [WITHHELD["en"]]


def test_a_lease_whose_note_was_written_although_its_answer_was_lost_is_given_back(relay: RelayKit) -> None:
    relay.hold_lease(seconds=-1, deaths=1)
    merges: list[Call] = []

    def losing(call: Call) -> None:
        if call.where == LEASE_TABLE and isinstance(next(iter(call.changes), None), Merge):
            merges.append(call)
            if len(merges) == 2:  # taking over is the first, noting the second
                raise StorageUnavailable("the answer was lost")

    relay.tables.after = losing
    started = relay.clock.now()
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert relay.clock.now() - started < 10_000


# long replies


def test_a_long_reply_gets_on_with_each_attempt(relay: RelayKit) -> None:
    relay.im.default = slow_im(relay, taking=1.5)
    relay.model.script = ["A sentence. " * 5000]
    relay.post("hello")
    relay.settle()
    assert len(relay.replies) > 13  # more than fit one sending budget
    refused = [seconds for seconds in relay.im.seconds if seconds < 1.5]
    assert len(relay.im.attempts) == len(relay.replies) + len(refused)  # no part was taken twice


def test_forget_between_two_parts_keeps_the_rest_from_the_user(relay: RelayKit) -> None:
    def forgetting(outgoing: Outgoing) -> None:
        relay.im.show(outgoing)
        if len(relay.im.shown) == 2:
            relay.post("/forget", at=relay.clock.now() + 1)

    relay.im.default = forgetting
    relay.model.script = ["A sentence. " * 2000]
    relay.post("hello")
    relay.settle()
    assert len(relay.replies) == 3
    assert relay.replies[-1].startswith("Erased")


# deliveries of one message that know different things of it


def test_a_copy_with_a_time_is_the_message_that_came_without_one_after_midnight(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 200)
    copy = relay.copy("hello", client_id="c1")
    relay.clock.advance(0.4)
    undated = {key: value for key, value in copy.items() if key not in ("eventType", "msgTimestamp")}
    relay.post_body({**undated, "robotInfo": {}})
    relay.post_body(copy)
    assert relay.replies == ["Hi alice"]


def test_an_undated_message_with_a_topic_is_its_dated_copy_from_before_midnight(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 2000)
    copy = relay.copy("hello", client_id="c1")
    relay.post_body(copy)
    relay.clock.advance(4)
    undated = {key: value for key, value in copy.items() if key not in ("eventType", "msgTimestamp")}
    relay.post_body({**undated, "robotInfo": {"topic": "work"}})
    assert relay.replies == ["Hi alice"]


def test_an_unsent_reply_is_sent_as_its_own_function_says(relay: RelayKit) -> None:
    function = {"moderate_replies": False}
    relay.configure_bot("t", name="T", system_prompt="base", moderate_replies=True, functions={"f": function})
    relay.im.script = [ImUnavailable("no answer")]
    relay.post_chatbot("one", to="t")
    relay.queues.queues[TURNS].clear()
    relay.clock.advance(1)
    relay.post_chatbot("two", to="t", function="f")
    assert [sent.moderate for sent in relay.im.shown] == [True, False]


# what is logged


def test_no_log_of_a_turn_holds_what_was_said(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    private = "hunter2"
    relay.model.default = f"you said {private}"
    relay.im.script = [None, ImBlocked("code 107451"), None, ImRejected("code 404"), None]
    rejected = ModelRejected("HTTP 400")  # with history and without
    relay.model.script = [*[relay.model.default] * 3, rejected, rejected, ModelUnavailable("HTTP 500")]
    for text in ("answered", "withheld", "undelivered", "given up", "tried again"):
        relay.post(f"{text} {private}", fromNick=private)
        relay.settle()
    relay.post("/forget")
    relay.sweep()
    for what in ("turn done", "withheld", "undeliverable", "gave up", "tried again"):
        assert what in caplog.text
    assert private not in caplog.text
    assert relay.settings.im_app_secret.get_secret_value() not in caplog.text
