"""A picture and the question about it are answered together, and the question waits for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import MediumGone
from tests.kit import RelayKit

URL = "https://nim-nosdn.netease.im/abc"
DATA = "data:image/png;base64,AAAA"


def picture(relay: RelayKit, text: str = "", **fields: Any) -> None:
    relay.media.pictures[URL] = DATA
    relay.post(text, msgType="PICTURE", attach={"url": URL}, **fields)


def test_a_question_after_a_picture_takes_both_at_once(relay: RelayKit) -> None:
    picture(relay)
    assert relay.replies == []
    relay.clock.advance(0.5)
    relay.post("what is this?")
    assert relay.replies == ["Hi alice"]
    assert [message.role for message in relay.model.prompts[0].messages] == ["system", "user", "user"]
    relay.settle()
    assert len(relay.model.prompts) == 1
    assert relay.replies == ["Hi alice"]


def test_a_picture_that_stays_alone_is_answered_after_two_seconds(relay: RelayKit) -> None:
    picture(relay)
    relay.wait(1.9)
    assert relay.replies == []
    relay.wait(0.2)
    assert relay.replies == ["Hi alice"]


def test_it_waits_without_the_lease_and_once(relay: RelayKit) -> None:
    picture(relay)
    assert not any(relay.tables.tables.get("relayleases", {}).values())
    (turn,) = [turn for turn in relay.waiting if turn.gathered]
    assert turn.watch is not None
    release = relay.hold_lease()
    relay.wait(2)
    assert [turn.waits for turn in relay.waiting if turn.gathered] == [1]
    release()
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_picture_with_a_caption_asks_already(relay: RelayKit) -> None:
    picture(relay, "what is this?")
    assert relay.replies == ["Hi alice"]


def test_a_picture_that_came_late_has_waited(relay: RelayKit) -> None:
    picture(relay, run=False)
    relay.clock.advance(5)
    relay.run()
    assert relay.replies == ["Hi alice"]


@pytest.mark.parametrize("seconds", [0, 0.0])
def test_a_bot_may_wait_for_nothing(relay: RelayKit, seconds: float) -> None:
    relay.configure_bot(gather_seconds=seconds)
    picture(relay)
    assert relay.replies == ["Hi alice"]


def test_words_can_be_gathered_too(relay: RelayKit) -> None:
    relay.configure_bot(gather_seconds={"text": 3})
    for text in ("hello", "I have", "a question"):
        relay.post(text)
        relay.clock.advance(0.5)
    relay.settle()
    assert [content for _, content in relay.model.asked()[0]][1:] == ["hello", "I have", "a question"]
    assert relay.replies == ["Hi alice"]


def test_in_a_group_others_do_not_wait_for_a_picture(relay: RelayKit) -> None:
    ext = json.dumps({"robotInfo": {"account": "helper"}})
    picture(relay, team="42", ext=ext)
    relay.clock.advance(0.5)
    relay.post("@Helper hello", sender="bob", team="42")
    assert [shown.mention for shown in relay.im.shown] == ["bob"]
    relay.clock.advance(0.5)
    relay.post("@Helper what is this?", team="42")
    assert [shown.mention for shown in relay.im.shown] == ["bob", "alice"]
    assert relay.model.prompts[-1].messages[-2].pictures == (DATA,)
    relay.settle()
    assert len(relay.im.shown) == 2


def test_a_response_bot_cannot_wait(relay: RelayKit) -> None:
    relay.configure_bot("slow", name="Slow", system_prompt="x", reply="response")
    relay.media.pictures[URL] = MediumGone("HTTP 404")
    body = relay.chatbot("", to="slow", msgType="PICTURE", attach={"url": URL})
    response = relay.post_body(body)
    assert "Hi alice" in response.get_body().decode()


def test_a_process_that_dies_while_a_picture_waits_loses_nothing(relay: RelayKit) -> None:
    picture(relay)
    relay.restart(relay.app.bots, relay.settings)
    relay.settle()
    assert relay.replies == ["Hi alice"]


def test_a_copy_delivered_while_it_waits_is_answered_with_it(relay: RelayKit) -> None:
    for _ in range(3):
        picture(relay, client_id="one")
    relay.settle()
    assert relay.replies == ["Hi alice"]
    assert len(relay.model.prompts) == 1
