"""``response`` bots: the reply in the HTTP response, or the promise of one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from relay.errors import ModelBlocked, ModelRejected, ModelUnavailable, StorageUnavailable
from relay.keys import HISTORY_PREFIX, LEASE_TABLE
from relay.messages import Turn
from relay.outbox import TURNS
from relay.ports import Completion, Merge, Prompt
from relay.texts import RELAYS_OWN
from tests.doubles import Call
from tests.kit import RelayKit


def request(relay: RelayKit, text: str = "hello", **fields: Any) -> dict[str, Any]:
    return relay.chatbot(text, "echo", **fields)


def answer(relay: RelayKit, body: dict[str, Any], *, run: bool = False) -> str:
    response = relay.post_body(body, run=run)
    assert response.status_code == 200
    return str(json.loads(response.get_body())["reply"]["text"])


def test_the_reply_is_in_the_response_and_nowhere_else(relay: RelayKit) -> None:
    assert answer(relay, request(relay)) == "Hi alice"
    assert relay.im.attempts == []
    assert relay.waiting == []


def test_a_copy_of_an_answered_request_replays_the_stored_reply(relay: RelayKit) -> None:
    body = request(relay)
    assert answer(relay, body) == answer(relay, body) == "Hi alice"
    assert len(relay.model.prompts) == 1


def test_a_slow_model_gets_a_promise_and_the_answer_goes_by_the_api(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("no answer within 22 s")]
    body = request(relay)
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_the_message_is_queued_before_the_promise_is_made(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("no answer within 22 s")]
    relay.queues.down = True
    response = relay.post_body(request(relay), run=False)
    assert response.status_code == 503
    assert not any(row.get("promised") for row in relay.tables.rows())


def test_a_request_waits_for_its_conversation_and_then_promises(relay: RelayKit) -> None:
    body = request(relay)
    give_back = relay.hold_lease("echo")
    started = relay.clock.now()
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    assert 20_000 <= relay.clock.now() - started <= 25_000
    give_back()
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_request_that_waited_longer_than_its_time_to_answer_is_asked_about_all_the_same(
    relay: RelayKit,
) -> None:
    relay.configure_bot("echo", turn_seconds=5, answer_within_minutes=0.1)
    relay.hold_lease("echo", seconds=10)
    assert answer(relay, request(relay)) == "Hi alice"


def test_requests_are_answered_one_by_one_with_the_memory_of_each_other(relay: RelayKit) -> None:
    answer(relay, request(relay, "one"))
    relay.clock.advance(1)
    answer(relay, request(relay, "two"))
    assert relay.model.asked()[-1] == [
        ("system", "Repeat."),
        ("user", "one"),
        ("assistant", "Hi alice"),
        ("user", "two"),
    ]


def test_a_refused_message_is_told_so_in_the_response(relay: RelayKit) -> None:
    relay.model.script = [ModelRejected("HTTP 400")]
    assert answer(relay, request(relay)) == RELAYS_OWN.refused.en
    assert relay.failed == []


def test_a_command_is_confirmed_in_the_response(relay: RelayKit) -> None:
    body = request(relay, "/new")
    assert answer(relay, body) == answer(relay, body) == RELAYS_OWN.new.en
    assert relay.im.attempts == []


def test_a_message_copy_for_a_response_bot_gets_the_reply_too(relay: RelayKit) -> None:
    body = relay.copy("hello", to="echo", client_id="c1")
    assert answer(relay, body) == "Hi alice"
    chatbot = request(relay, msgidClient="c1", msgTimestamp=body["msgTimestamp"])
    assert answer(relay, chatbot) == "Hi alice"
    assert len(relay.model.prompts) == 1


def test_a_promised_message_is_answered_alone(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("slow"), ModelUnavailable("slow")]
    answer(relay, request(relay, "one"))
    relay.clock.advance(30)
    answer(relay, request(relay, "two"))
    relay.settle()
    assert relay.replies == ["Hi alice", "Hi alice"]


def test_promised_messages_are_answered_in_their_order_whichever_turn_comes_first(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("slow")]
    for text in ("one", "two"):
        assert answer(relay, request(relay, text)) == RELAYS_OWN.thinking.en
        relay.clock.advance(1)
    relay.model.default = lambda prompt: f"re: {prompt.messages[-1].content}"
    relay.queues.queues[TURNS].reverse()
    relay.settle()
    assert relay.replies == ["re: one", "re: two"]


def test_a_request_waits_for_the_promised_answer_to_an_older_one(relay: RelayKit) -> None:
    """Its queued turn answers it meanwhile, and the newer request is answered in its response after that."""
    relay.model.script = [ModelUnavailable("slow")]
    assert answer(relay, request(relay, "one")) == RELAYS_OWN.thinking.en
    relay.clock.advance(1)
    relay.model.default = lambda prompt: f"re: {prompt.messages[-1].content}"

    def run_the_queue(call: Call) -> None:
        if call.name == "delete" and call.where == LEASE_TABLE:  # the request has found that it must wait
            relay.tables.after = None
            relay.settle()

    relay.tables.after = run_the_queue
    assert answer(relay, request(relay, "two")) == "re: two"
    assert relay.replies == ["re: one"]
    assert relay.model.asked()[-1][1:] == [("user", "one"), ("assistant", "re: one"), ("user", "two")]


def test_a_request_whose_older_one_is_not_answered_in_time_is_promised_too(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("slow")]
    assert answer(relay, request(relay, "one")) == RELAYS_OWN.thinking.en
    relay.clock.advance(60)
    relay.model.default = lambda prompt: f"re: {prompt.messages[-1].content}"
    assert answer(relay, request(relay, "two")) == RELAYS_OWN.thinking.en
    relay.settle()
    assert relay.replies == ["re: one", "re: two"]


def test_only_when_neither_tables_nor_queue_can_be_had_the_answer_is_503(relay: RelayKit) -> None:
    relay.tables.down = relay.queues.down = True
    assert relay.post_body(request(relay), run=False).status_code == 503


def test_a_request_that_cannot_be_claimed_is_queued_and_promised(relay: RelayKit) -> None:
    body = request(relay)
    relay.tables.down = True
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.tables.down = False
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert answer(relay, body) == RELAYS_OWN.thinking.en  # a copy does not show it again


def is_reply(call: Call) -> bool:
    """Whether a reply is stored."""
    return any(change.values.get("kind") == "reply" for change in call.changes)


def failing(is_meant: Callable[[Call], bool]) -> Callable[[Call], None]:
    """Some calls for the history fail."""

    def fail(call: Call) -> None:
        if call.where.startswith(HISTORY_PREFIX) and is_meant(call):
            raise StorageUnavailable("down")

    return fail


@pytest.mark.parametrize(
    "fails",
    [lambda call: call.name in ("get", "page"), lambda call: call.name == "get" or is_reply(call)],
    ids=["reading", "storing the reply"],
)
def test_storage_that_fails_behind_the_claim_loses_nothing(
    relay: RelayKit, fails: Callable[[Call], bool]
) -> None:
    body = request(relay)
    relay.tables.before = failing(fails)
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.tables.before = None
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert answer(relay, body) == RELAYS_OWN.thinking.en


def test_a_stored_reply_that_its_request_could_not_show_goes_by_the_api(relay: RelayKit) -> None:
    """The reply was stored, the answer of storing it was lost, and then storage could not be asked any more."""
    body = request(relay)
    relay.tables.after = failing(is_reply)
    relay.tables.before = failing(lambda call: call.name == "get")
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.tables.before = relay.tables.after = None
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
    assert answer(relay, body) == RELAYS_OWN.thinking.en


def test_a_copy_that_was_answered_in_the_meantime_is_not_answered_again_by_the_api(relay: RelayKit) -> None:
    """In the same millisecond, too."""
    body = request(relay)
    relay.tables.down = True
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.tables.down = False
    assert answer(relay, body) == "Hi alice"
    relay.settle()
    assert relay.replies == []


def test_a_command_whose_mark_fails_is_confirmed(relay: RelayKit) -> None:
    relay.tables.before = failing(lambda call: any(isinstance(change, Merge) for change in call.changes))
    assert answer(relay, request(relay, "/new")) == RELAYS_OWN.new.en


def test_a_blocked_message_is_told_plainly(relay: RelayKit) -> None:
    relay.model.script = [ModelBlocked("content filter on the prompt")]
    assert answer(relay, request(relay)) == RELAYS_OWN.blocked.en


def test_the_queued_turn_of_a_promise_has_a_watch(relay: RelayKit) -> None:
    relay.model.script = [ModelUnavailable("slow")]
    answer(relay, request(relay))
    watch, turn = relay.waiting
    assert watch.watch is None
    assert isinstance(turn, Turn)
    assert turn.watch is not None


def test_a_message_from_before_forget_that_comes_late_is_closed(relay: RelayKit) -> None:
    late = request(relay)
    relay.clock.advance(1)
    answer(relay, request(relay, "/forget"))
    assert answer(relay, late) == RELAYS_OWN.forgotten.en


def test_a_late_forgotten_message_does_not_swallow_a_promised_answer(relay: RelayKit) -> None:
    late = request(relay)
    relay.clock.advance(1)
    answer(relay, request(relay, "/forget"))
    relay.clock.advance(1)
    relay.model.script = [ModelUnavailable("slow")]
    assert answer(relay, request(relay, "question")) == RELAYS_OWN.thinking.en
    assert answer(relay, late) == RELAYS_OWN.forgotten.en
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_an_answer_that_went_by_the_api_is_not_shown_again_in_a_response(relay: RelayKit) -> None:
    """The message was queued, and the process died before it could note its promise."""
    relay.model.script = [ModelUnavailable("slow")]
    body = request(relay)
    relay.tables.before = failing(lambda call: any("promised" in change.values for change in call.changes))
    assert answer(relay, body) == RELAYS_OWN.thinking.en
    relay.tables.before = None
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert answer(relay, body) == RELAYS_OWN.thinking.en


def test_the_line_of_a_finished_turn_tells_the_tokens(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay.model.script = [Completion("Hi", prompt_tokens=11, completion_tokens=7)]
    assert answer(relay, request(relay)) == "Hi"
    (line,) = [
        record.getMessage() for record in caplog.records if record.getMessage().startswith("turn done")
    ]
    assert "outcome=answered batch=1" in line
    assert "prompt_tokens=11 completion_tokens=7" in line


def test_a_request_whose_lease_is_about_to_end_stores_nothing(relay: RelayKit) -> None:
    """Whoever takes the conversation over would answer beside it; so the answer goes by the API."""

    def slow(_: Prompt) -> str:
        relay.clock.advance(relay.app.timing.lease_seconds(relay.app.bots.get("echo")))  # type: ignore[arg-type]
        return "too late"

    relay.model.default, quick = slow, relay.model.default
    assert answer(relay, request(relay)) == RELAYS_OWN.thinking.en
    relay.model.default = quick
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_request_that_kills_its_process_each_time_is_given_up(relay: RelayKit) -> None:
    """The copies of the request that the platform sends find the conversation as the dead processes left it."""
    body = request(relay)
    relay.model.script = [lambda _: relay.kill_host()] * 3
    for _ in range(3):
        assert relay.post_body(body, run=False).status_code == 502
        relay.clock.advance(relay.app.timing.lease_seconds(relay.app.bots.get("echo")))  # type: ignore[arg-type]
    assert answer(relay, body) == RELAYS_OWN.failed.en
    assert [record.cause for record in relay.failed] == ["the process died each time it was answered"]
    assert len(relay.model.prompts) == 3
