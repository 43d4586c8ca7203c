"""A message gets its answer: the handler functions over in-memory doubles."""

from __future__ import annotations

import json

from tests.kit import RelayKit


def test_greets(relay: RelayKit) -> None:
    response = relay.post("hello", to="helper", sender="alice")
    assert response.status_code == 200
    assert relay.replies == ["Hi alice"]


def test_a_copy_is_acknowledged_as_queued(relay: RelayKit) -> None:
    response = relay.post("hello", run=False)
    assert json.loads(response.get_body()) == {"status": "queued"}
    assert relay.replies == []


def test_a_second_copy_of_a_message_is_not_answered_again(relay: RelayKit) -> None:
    body = relay.copy("hello")
    relay.post_body(body)
    relay.post_body(body)
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1


def test_nothing_is_left_on_the_queue(relay: RelayKit) -> None:
    relay.post("hello")
    assert relay.waiting == []


def test_a_response_bot_answers_in_the_response(relay: RelayKit) -> None:
    response = relay.post_chatbot("hello", to="echo")
    assert response.status_code == 200
    assert "Hi alice" in response.get_body().decode()
    assert relay.im.attempts == []


def test_the_model_sees_the_conversation_so_far(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(5)
    relay.post("two")
    assert relay.model.asked()[-1] == [
        ("system", "You are Helper."),
        ("user", "one"),
        ("assistant", "Hi alice"),
        ("user", "two"),
    ]


def test_in_a_group_a_bot_answers_to_its_alias(relay: RelayKit) -> None:
    relay.configure_bot(aliases=["小助手", "Helper Bot"])
    relay.post("@小助手你好", team="77")
    relay.clock.advance(1)
    relay.post("@Helpers hello", team="77")
    assert relay.replies == ["Hi alice"]
    assert json.loads(relay.model.asked()[0][-1][1])["text"] == "你好"
