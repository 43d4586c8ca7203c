"""The fuzzer's quick part; ``python -m tests.attacks.fuzz`` is the long one. And that it notices what it is for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from relay import outbox
from relay.errors import BadSignature, RequestRefused
from relay.inbound import webhook
from relay.signature import verify
from tests.attacks.fuzz import __main__ as command
from tests.attacks.fuzz import answers, target
from tests.attacks.fuzz.attack import SECRET, make_attack
from tests.attacks.fuzz.run import run, run_one

SEED = 1
QUICK = 3000
ENOUGH_TO_NOTICE = 200


def test_three_thousand_requests_get_the_answers_that_are_documented() -> None:
    report = run(SEED, QUICK)
    assert [(attack.index, outcome.problems) for attack, outcome in report.findings] == []
    assert report.shortcomings() == []
    assert report.broken > QUICK / 2


def test_a_request_is_the_same_whenever_it_is_made() -> None:
    assert [make_attack(5, index) for index in range(20)] == [make_attack(5, index) for index in range(20)]
    assert make_attack(5, 1) != make_attack(6, 1)


def test_a_run_can_be_repeated() -> None:
    assert run(7, 100).fingerprint == run(7, 100).fingerprint != run(8, 100).fingerprint


def test_what_is_not_broken_has_to_get_the_answer_it_was_built_for() -> None:
    attacks = [make_attack(SEED, index) for index in range(500)]
    certain = [attack for attack in attacks if attack.signed and not attack.broken]
    assert len(certain) > 100
    assert all(attack.expected == attack.intent for attack in certain)


Patch = Callable[[pytest.MonkeyPatch], None]


def _says_what_was_said(patch: pytest.MonkeyPatch) -> None:
    def log(outcome: str, message: Any) -> None:
        logging.getLogger("relay").debug("%s %s", outcome, message.text)

    patch.setattr(webhook, "_log_accepted", log)


def _lets_a_client_write_log_lines(patch: pytest.MonkeyPatch) -> None:
    def checked(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> None:
        logging.getLogger("relay").debug("agent %s", headers.get("user-agent"))
        verify(secrets, headers, body)

    patch.setattr(webhook, "verify", checked)


def _fails(patch: pytest.MonkeyPatch) -> None:
    def route(*_: object, **__: object) -> None:
        raise KeyError("to")

    patch.setattr(webhook, "route", route)


def _forgets_to_verify(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "verify", lambda *_: None)


def _refuses_everybody(patch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BadSignature("no")

    patch.setattr(webhook, "verify", refuse)


def _forgets_to_queue(patch: pytest.MonkeyPatch) -> None:
    async def enqueue(*_: object) -> None:
        return

    patch.setattr(outbox.Outbox, "enqueue", enqueue)


def _quotes_the_body(patch: pytest.MonkeyPatch) -> None:
    def parse(body: bytes) -> dict[str, Any]:
        raise RequestRefused(400, "bad_request", f"what is {body.decode('utf-8', 'replace')[:3000]}?")

    patch.setattr(webhook, "parse_object", parse)


def _answers_in_its_own_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "_ignored", lambda reason: webhook.HttpAnswer(200, {"ignored": reason}))


def _takes_too_long(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(target, "CPU_MAX_MS", 0)


@pytest.mark.parametrize(
    ("mistake", "problem"),
    [
        (_says_what_was_said, "a text or secret in the log of relay"),
        (_lets_a_client_write_log_lines, "more than one plain line in the log of relay"),
        (_fails, "unhandled KeyError"),
        (_forgets_to_verify, "answered as queued, documented is 401 signature"),
        (_refuses_everybody, "a valid signature was refused"),
        (_forgets_to_queue, "0 messages on the queue, not 2"),
        (_quotes_the_body, "the answer quotes the request, or a secret"),
        (_answers_in_its_own_way, "not in the answer table"),
        (_takes_too_long, "ms of processor time"),
    ],
)
def test_a_mistake_is_noticed(monkeypatch: pytest.MonkeyPatch, mistake: Patch, problem: str) -> None:
    mistake(monkeypatch)
    monkeypatch.setattr("tests.attacks.fuzz.run.FINDINGS_MAX", ENOUGH_TO_NOTICE)
    report = run(SEED, ENOUGH_TO_NOTICE)
    assert any(problem in found for _, outcome in report.findings for found in outcome.problems)
    assert f"{report.failed} requests broke a promise" in report.shortcomings()


def _first(intent: str, holding: bytes = b"") -> int:
    """The first request that is built for a row, and not broken."""
    attacks = (make_attack(SEED, index) for index in range(5000))
    return next(a.index for a in attacks if a.intent == intent == a.expected and holding in a.body)


def test_a_turn_that_no_queue_takes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "QUEUE_MESSAGE_ROOM_BYTES", -100_000)
    _, outcome = run_one(SEED, _first(answers.TURN_TOO_LARGE, b"&&"))
    assert "a queue message over 64 KiB" in outcome.problems


def test_a_message_that_no_table_takes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "PROPERTY_MAX_BYTES", 8)
    _, outcome = run_one(SEED, _first(answers.QUEUED))
    assert any(problem.startswith("unhandled DoesNotFit") for problem in outcome.problems)


def test_the_command_names_the_request_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(monkeypatch)
    assert command.main(["--seed", "3", "--requests", "50"]) == 1
    printed = capsys.readouterr().out
    index = printed.partition("python -m tests.attacks.fuzz --seed 3 --only ")[2].partition("\n")[0]
    assert command.main(["--seed", "3", "--only", index]) == 1
    assert "PROBLEM: unhandled KeyError" in capsys.readouterr().out


def test_the_command_is_content_with_a_request_that_is_answered_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--seed", "3", "--only", "0"]) == 0
    assert "PROBLEM" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"status":"fine"}'),
        (200, b'{"status":"ignored","reason":"mood"}'),
        (200, b'{"status":"ignored"}'),
        (200, b'{"errCode":1}'),
        (200, b'{"errCode":0,"reply":{"type":0,"text":""}}'),
        (200, b"[]"),
        (200, b""),
        (201, b"{}"),
        (204, b""),
        (400, b'{"error":"bad_request"}'),
        (400, b'{"error":"bad_request","detail":""}'),
        (400, b'{"error":"bad_request","detail":"why","more":1}'),
        (401, b'{"error":"bad_request","detail":"why"}'),
        (400, b'{"error":"bad_request","detail":"' + b"x" * 5000 + b'"}'),
        (500, b'{"error":"bad_request","detail":"why"}'),
        (200, b'{"status":"\xff"}'),
    ],
)
def test_an_answer_of_another_form_is_not_in_the_table(status: int, body: bytes) -> None:
    with pytest.raises(answers.NotInTable):
        answers.row_of(status, body)


def test_the_secret_is_one_that_no_request_holds_by_chance() -> None:
    assert not any(SECRET.encode() in make_attack(SEED, index).body for index in range(100))
