"""``python -m relay find``: where a message is and what has become of it, by any name that one may have of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from relay.errors import ConfigError, ImRejected, ModelBlocked, ModelUnavailable
from relay.messages import message_hash
from tests.kit import RelayKit
from tests.operations.operating import OperatorKit


def found(operator: OperatorKit, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert operator.run("find", *arguments, "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_what_a_log_line_shows_is_found(
    operator: OperatorKit,
    relay: RelayKit,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    relay.post("hello", client_id="7", msgidServer="4711")
    ids = dict(
        re.findall(r"(message|conversation)=(\w+)", next(m for m in caplog.messages if "turn done" in m))
    )
    told = found(operator, capsys, ids["message"], "--conversation", ids["conversation"])
    assert (told["state"], told["bot"], told["sender"], told["server_id"]) == (
        "answered",
        "helper",
        "alice",
        "4711",
    )
    assert told["reply"]["client_id"] == relay.im.shown[0].client_id
    assert told["logs"] == f"python -m relay logs --message {ids['message']}"
    assert operator.said == []  # nothing was looked through


@pytest.mark.parametrize("team", [None, "42"])
@pytest.mark.parametrize("by", ["hash", "server id", "reply"])
def test_any_name_of_a_message_finds_it(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str], by: str, team: str | None
) -> None:
    relay.post("@Helper first", client_id="6", team=team)
    relay.clock.advance(1)
    relay.post("@Helper hello", client_id="7", msgidServer="4711", team=team)
    names = {"hash": message_hash("c:alice:7"), "server id": "4711", "reply": relay.im.shown[-1].client_id}
    assert found(operator, capsys, names[by])["message"] == message_hash("c:alice:7")
    assert "reads every row of 3 days" in operator.said[0]


def test_a_client_id_in_a_private_chat_is_computed(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("hello", client_id="7")
    assert found(operator, capsys, "7", "--from", "Alice")["state"] == "answered"
    assert operator.said == []


def test_a_message_in_a_topic_is_found(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    body = relay.chatbot("hello", client_id="7", robotInfo={"topic": "cats"})
    relay.post_body(body)
    assert found(operator, capsys, "7", "--from", "alice")["state"] == "answered"
    assert found(operator, capsys, message_hash("c:alice:7"))["state"] == "answered"


def state(operator: OperatorKit, capsys: pytest.CaptureFixture[str]) -> str:
    return str(found(operator, capsys, "7", "--from", "alice")["state"])


def test_the_state_says_what_has_become_of_it(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    body = relay.copy("hello", client_id="7")
    release = relay.hold_lease()
    relay.post_body(body, run=False)
    relay.queues.queues["relay-turns"][-1].visible_at -= 1
    told = found(operator, capsys, "7", "--from", "alice")
    assert told["turn"] == {"queue": "relay-turns", "attempt": 0, "failure": ""}
    relay.run()
    told = found(operator, capsys, "7", "--from", "alice")
    assert (told["state"], told["turn"], bool(told["turn_until"])) == ("waiting", None, True)
    release()
    relay.settle()
    assert state(operator, capsys) == "answered"
    relay.recall(body)
    relay.settle()
    assert state(operator, capsys) == "recalled"


def test_the_state_says_that_it_is_forgotten(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post("hello", client_id="7")
    relay.clock.advance(1)
    relay.post("/forget")
    assert state(operator, capsys) == "forgotten"


def test_the_state_says_that_it_was_blocked(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.model.default = ModelBlocked("content_filter")
    relay.post("hello", client_id="7")
    assert state(operator, capsys) == "blocked"


def test_the_state_says_that_it_has_failed_and_why(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.model.default = ModelUnavailable("HTTP 503")
    relay.post("hello", client_id="7")
    relay.settle()
    told = found(operator, capsys, "7", "--from", "alice")
    assert (told["state"], told["records"]) == ("failed", [told["cause"]])
    assert "HTTP 503" in told["cause"]


def test_a_reply_that_cannot_be_delivered_has_failed(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.im.default = ImRejected("result code 403")
    relay.post("hello", client_id="7")
    told = found(operator, capsys, "7", "--from", "alice")
    assert (told["state"], told["reply"]["state"]) == ("failed", "undelivered")


def test_no_word_is_shown(operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]) -> None:
    relay.post("my secret", client_id="7")
    assert operator.run("find", "7", "--from", "alice") == 0
    out = capsys.readouterr().out
    assert "my secret" not in out
    assert "Hi alice" not in out
    assert re.search("^state +answered$", out, re.M)
    assert re.search("^queue +relay-turns is empty$", out, re.M)


def test_a_message_that_waits_and_is_not_visible_is_said_to_be_hidden(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.hold_lease()
    relay.post("hello", client_id="7")
    assert operator.run("find", "7", "--from", "alice") == 0
    assert "which holds about 2; it may be hidden" in capsys.readouterr().out


def test_what_is_not_there_is_told_with_what_was_looked_at(operator: OperatorKit, relay: RelayKit) -> None:
    relay.post("hello")
    assert operator.run("find", "4711") == 1
    assert "not stored in the 3 days that are kept" in operator.said[-2]


def test_what_is_no_name_of_a_message_is_told(operator: OperatorKit) -> None:
    with pytest.raises(ConfigError, match="accepted: the 24 characters behind message="):
        operator.run("find", "hello")
