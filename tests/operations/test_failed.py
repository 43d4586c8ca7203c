"""``python -m relay failed``: records are listed and dropped, and what could not be delivered is sent again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from relay.errors import ConfigError, ImRejected, ImUnavailable, ModelUnavailable
from relay.messages import message_hash
from relay.outbox import FAILED
from tests.kit import RelayKit
from tests.operations.operating import OperatorKit

NAME = message_hash("c:alice:7")


def undelivered(relay: RelayKit, **fields: Any) -> None:
    """A reply that the IM server has refused."""
    relay.im.default = ImRejected("result code 403")
    relay.post("@Helper hello", client_id="7", **fields)
    assert [record.message for record in relay.failed] == [NAME]
    relay.im.default = None


def states(relay: RelayKit) -> list[Any]:
    return [row["state"] for row in relay.tables.rows("reply")]


def test_records_are_listed_and_stay(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    undelivered(relay)
    for _ in range(2):
        assert operator.run("failed", "list", "--json") == 0
        (record,) = json.loads(capsys.readouterr().out)
        assert (record["message"], record["bot"], record["sender"]) == (NAME, "helper", "alice")
        assert "result code 403" in record["cause"]


def test_more_records_than_one_look_shows_are_listed(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.im.default = ImRejected("result code 403")
    for number in range(40):
        relay.post("hello", sender=f"user{number}")
    assert operator.run("failed", "list") == 0
    assert len(capsys.readouterr().out.splitlines()) == 41


@pytest.mark.parametrize("team", [None, "42"])
def test_what_could_not_be_delivered_is_sent_under_its_stored_ids_and_its_record_goes(
    operator: OperatorKit, relay: RelayKit, team: str | None
) -> None:
    undelivered(relay, team=team)
    refused = relay.im.attempts[-1]
    assert operator.run("failed", "resend", NAME) == 0
    assert [shown.text for shown in relay.im.shown] == ["Hi alice"]
    assert (relay.im.shown[0].client_id, relay.im.shown[0].to) == (refused.client_id, refused.to)
    assert (states(relay), relay.failed) == (["sent"], [])


def test_of_what_was_given_up_there_is_nothing_to_send_and_that_is_said(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.model.default = ModelUnavailable("HTTP 503")
    relay.post("hello", client_id="7")
    relay.settle()
    shown = len(relay.im.shown)
    assert operator.run("failed", "resend", "--all") == 1
    assert "nothing to send: was given up, and its user was told" in capsys.readouterr().out
    assert (len(relay.im.shown), len(relay.failed)) == (shown, 1)


def test_what_is_refused_again_has_a_new_record(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    undelivered(relay)
    relay.im.default = ImRejected("result code 7101")
    assert operator.run("failed", "resend", NAME) == 0
    assert "refused again" in capsys.readouterr().out
    assert [record.cause for record in relay.failed] == ["the IM server refused the reply: result code 7101"]
    assert states(relay) == ["undelivered"]


def test_what_meets_an_outage_may_be_sent_again_or_goes_with_the_next_message(
    operator: OperatorKit, relay: RelayKit
) -> None:
    undelivered(relay)
    relay.im.default = ImUnavailable("no answer")
    assert operator.run("failed", "resend", NAME) == 1
    assert (states(relay), len(relay.failed)) == (["stored"], 1)
    relay.im.default = None
    assert operator.run("failed", "resend", NAME) == 0
    assert relay.replies == ["Hi alice"]


def test_a_conversation_in_which_a_turn_works_is_left_alone(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    undelivered(relay)
    relay.hold_lease()
    assert operator.run("failed", "resend", NAME) == 1
    assert "a turn works in this conversation" in capsys.readouterr().out
    assert relay.replies == []


def test_what_is_forgotten_is_not_sent(operator: OperatorKit, relay: RelayKit) -> None:
    undelivered(relay)
    assert operator.run("history", "delete", "alice", "--yes") == 0
    assert operator.run("failed", "resend", NAME) == 1
    assert relay.replies == []


def test_a_record_is_dropped_and_others_stay(operator: OperatorKit, relay: RelayKit) -> None:
    undelivered(relay)
    relay.im.default = ImRejected("result code 403")
    relay.post("hello", sender="bob")
    assert operator.run("failed", "drop", NAME) == 1
    assert operator.asked == ["Drop 1 record?"]
    operator.answer = True
    assert operator.run("failed", "drop", NAME) == 0
    assert [record.sender for record in relay.failed] == ["bob"]
    assert len(asyncio.run(relay.queues.peek(FAILED))) == 1


def test_what_nobody_names_is_neither_sent_nor_dropped(operator: OperatorKit, relay: RelayKit) -> None:
    undelivered(relay)
    for what in ("resend", "drop"):
        with pytest.raises(ConfigError, match=f"which ones to {what}"):
            operator.run("failed", what)
    assert operator.run("failed", "drop", "nothing", "--yes") == 1
    assert len(relay.failed) == 1
