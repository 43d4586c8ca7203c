"""The tiny model is told in plain words what a larger one reads as JSON."""

from __future__ import annotations

import json
from typing import Any

from playground.model.plain import GROUP_IN_PLAIN_WORDS, plainly
from relay.turn.prompt import GROUP_NOTE
from tests.kit import RelayKit


def told(*messages: dict[str, Any]) -> list[Any]:
    """What the tiny model reads of these messages."""
    body = json.dumps({"model": "tiny", "messages": messages}, ensure_ascii=False).encode()
    return [message["content"] for message in json.loads(plainly(body))["messages"]]


def test_a_message_of_a_group_begins_with_a_name(relay: RelayKit) -> None:
    relay.post("@Helper hello", team="4711", sender="alice", fromNick="Alice")
    prompt = relay.model.prompts[-1]
    system, said = told(*({"role": one.role, "content": one.content} for one in prompt.messages))
    assert GROUP_IN_PLAIN_WORDS in system
    assert "JSON" not in system
    assert said == "Alice: hello"  # the mention is taken off


def test_what_is_attached_stands_before_it() -> None:
    fields = {"note": "n", "context": "page 3", "sent": "a picture", "words": "a cat", "text": "what?"}
    assert told({"role": "user", "content": json.dumps(fields)}) == ["[page 3] [a picture] [a cat] what?"]


def test_other_json_and_other_speakers_stay_as_they_are() -> None:
    texts = ['{"a": 1}', "[1]", "plain", '{"text": 5}']
    assert told(*({"role": "user", "content": text} for text in texts)) == texts
    assert told({"role": "assistant", "content": '{"text": "x"}'}) == ['{"text": "x"}']
    assert told({"role": "system", "content": f"Help.\n{GROUP_NOTE}"}) == [f"Help.\n{GROUP_IN_PLAIN_WORDS}"]
    assert told({"role": "user", "content": None}) == [None]


def test_a_body_without_messages_is_passed_on() -> None:
    assert plainly(b'{"input": "x"}') == b'{"input": "x"}'
    assert plainly(b"[]") == b"[]"
