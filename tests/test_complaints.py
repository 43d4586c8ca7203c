"""What users of other chatbot relays complain about most, and what they get here: a test for each complaint."""

from __future__ import annotations

import asyncio
import json

from relay.errors import ModelBlocked, ModelUnavailable
from tests.kit import RelayKit
from tests.test_cold_start import DOOR, FIRST_ANSWER, beyond, loaded

BOT = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
"""


def test_a_webhook_delivered_three_times_is_answered_once(relay: RelayKit) -> None:
    """Elsewhere: two or three replies to one message."""
    body = relay.copy("hello")
    for _ in range(3):
        relay.post_body(body)
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1


def test_a_message_whose_first_try_failed_is_answered_all_the_same(relay: RelayKit) -> None:
    """Elsewhere: it is marked as seen before it is done, the redelivery is dropped, and nobody ever answers."""
    relay.model.script.append(ModelUnavailable("HTTP 500"))
    body = relay.copy("hello")
    relay.post_body(body)
    assert relay.replies == []
    relay.post_body(body)
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_slow_model_does_not_outlast_the_platforms_patience(relay: RelayKit) -> None:
    """Elsewhere: the answer is made and never delivered."""
    response = relay.post("hello", run=False)
    assert json.loads(response.get_body()) == {"status": "queued"}
    assert relay.model.prompts == []  # nobody waited for it
    relay.run()
    assert relay.replies == ["Hi alice"]


def test_the_model_gets_a_window_of_the_history(relay: RelayKit) -> None:
    """Elsewhere: all of it, until the model answers 400."""
    relay.configure(BOT + "rewind_messages = 4\n")
    for number in range(20):
        relay.post(f"message {number}")
        relay.clock.advance(5)
    assert max(len(prompt.messages) for prompt in relay.model.prompts) == 1 + 4 + 1


def test_the_window_has_a_limit_in_characters_too(relay: RelayKit) -> None:
    """Elsewhere: a limit in rounds alone, which says nothing about what a request costs."""
    relay.configure(BOT + "context_characters = 1000\n")
    for number in range(4):
        relay.post(f"{number}" * 400)
        relay.clock.advance(5)
    texts = [said.content for said in relay.model.prompts[-1].messages[1:-1]]
    assert texts
    assert sum(map(len, texts)) <= 1000


def test_a_blocked_message_does_not_block_the_next_one(relay: RelayKit) -> None:
    """Elsewhere: it stays in the history, so every later call is refused."""
    relay.model.script += [ModelBlocked("content filter on the prompt")]
    relay.post("something bad")
    relay.clock.advance(5)
    relay.post("something harmless")
    assert relay.replies[-1] == "Hi alice"
    assert "something bad" not in str(relay.model.asked()[-1])


def test_the_user_never_reads_the_model_servers_error(relay: RelayKit) -> None:
    """Elsewhere: a raw 400 in the chat."""
    relay.model.script += [ModelBlocked("content filter on the prompt")]
    relay.post("something bad")
    (reply,) = relay.replies
    assert "filter on the prompt" not in reply
    assert "HTTP" not in reply
    assert "{" not in reply


def test_an_error_text_is_not_remembered_as_an_answer(relay: RelayKit) -> None:
    """Elsewhere: it is stored, and the model goes on from it."""
    relay.configure(BOT + "turn_seconds = 30\nanswer_within_minutes = 1\n")
    relay.model.default = ModelUnavailable("HTTP 500")
    relay.post("hello")
    relay.settle()
    (failure_text,) = relay.replies
    relay.model.default = "Hi again"
    relay.post("are you there?")
    assert relay.replies == [failure_text, "Hi again"]
    assert failure_text not in str(relay.model.asked()[-1])


def test_messages_sent_while_the_first_is_answered_are_answered(relay: RelayKit) -> None:
    """Elsewhere: dropped."""
    for number in range(3):
        relay.post(f"message {number}", run=False)
        relay.clock.advance(0.1)
    relay.settle()
    asked = str([relay.model.asked()])
    assert all(f"message {number}" in asked for number in range(3))


def test_messages_of_two_people_are_answered_apart(relay: RelayKit) -> None:
    """Elsewhere: merged, and the answer goes to the wrong person."""
    relay.post("@helper my flight?", sender="alice", team="42", run=False)
    relay.clock.advance(0.1)
    relay.post("@helper my hotel?", sender="bob", team="42", run=False)
    relay.settle()
    assert [shown.mention for shown in relay.im.shown] == ["alice", "bob"]


def test_the_members_of_a_group_are_told_apart(relay: RelayKit) -> None:
    """Elsewhere: one voice."""
    relay.post("@helper my name is Ada", sender="alice", fromNick="Alice", team="42")
    relay.clock.advance(5)
    relay.post("@helper who am I?", sender="bob", fromNick="Bob", team="42")
    prompt = str(relay.model.asked()[-1])
    assert "Alice" in prompt
    assert "Bob" in prompt


def test_history_in_table_storage_expires(relay: RelayKit) -> None:
    """Elsewhere: never."""
    relay.post("hello")
    assert relay.tables.rows()
    relay.clock.advance(4 * 24 * 3600)
    relay.sweep()
    assert relay.tables.rows() == []


def test_history_does_not_disappear_before_its_time(relay: RelayKit) -> None:
    """Elsewhere: a time to live that nobody can change."""
    relay.post("my name is Ada")
    relay.clock.advance(23 * 3600)
    relay.sweep()
    relay.post("who am I?")
    assert "my name is Ada" in str(relay.model.asked()[-1])


def test_a_throttled_model_does_not_cost_the_user_the_answer(relay: RelayKit) -> None:
    """Elsewhere: "429 Too Many Requests" in the chat."""
    relay.model.script += [ModelUnavailable("HTTP 429")] * 3
    relay.post("hello")
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_one_user_cannot_spend_everybodys_budget(relay: RelayKit) -> None:
    """Elsewhere: no limit but the bill."""
    relay.configure(BOT + "[bots.limits]\nper_sender = { minute = 2 }\n")
    for number in range(5):
        relay.post(f"message {number}", sender="mallory")
        relay.clock.advance(1)
    relay.post("hello", sender="alice")
    assert len(relay.model.prompts) == 3
    assert relay.replies[-1] == "Hi alice"


def test_a_cold_start_does_not_lose_the_first_message() -> None:
    """The first answer waits for nothing slow; the real client of the queue says 503 here, since nobody listens."""
    status, importers = loaded(FIRST_ANSWER)
    assert (status, beyond(DOOR, importers)) == ("503", [])


def test_a_long_answer_fits_the_properties_of_table_storage(relay: RelayKit) -> None:
    """Elsewhere: an error of the service, which takes 64 KiB a property; Azurite would take more."""
    relay.model.default = lambda prompt: "long answer " * 4000
    relay.post("hello")
    texts = [value for row in relay.tables.rows() for value in row.values() if isinstance(value, str)]
    sizes = [len(text.encode("utf-16-le")) for text in texts]
    assert max(sizes) <= 65_536
    assert " ".join(relay.replies).count("long answer") == 4000


def test_users_do_not_wait_for_one_another(relay: RelayKit) -> None:
    """Elsewhere: a choice between one after the other for all, and no order for anybody."""
    relay.post("hello", sender="alice", run=False)
    relay.post("hello", sender="bob", run=False)
    taken = asyncio.run(relay.queues.receive("relay-turns", hide_seconds=600))
    assert len(taken) == 2

    async def both() -> None:
        await asyncio.gather(*(relay.app.answer(message.text) for message in taken))

    asyncio.run(both())
    assert len(relay.replies) == 2
