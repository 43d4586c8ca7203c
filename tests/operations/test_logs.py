"""``python -m relay logs``: lines of an app on Azure, or of the local stack."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError
from relay.keys import conversation_key
from relay.messages import Message
from relay.operations import logs
from tests.kit import RelayKit
from tests.operations.az import Az, workspace
from tests.operations.operating import OperatorKit

NAME = "3eb3ec87235b2b634cd10170"
PRIVATE = conversation_key(Message(bot="helper", sender="alice", id="", at=0, text=""))


def line(said: str, *, level: str = "INFO", minutes_ago: float = 1) -> str:
    at = datetime.now() - timedelta(minutes=minutes_ago)
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {level} {said}"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of the newest function host of the local stack."""
    monkeypatch.setattr(logs, "LOGS", tmp_path / "logs")
    path = tmp_path / "logs" / "play-1" / "functions.log"
    path.parent.mkdir(parents=True)
    path.write_text(
        "\n".join(
            (
                line(f"relay.inbound.webhook queued message={NAME}", minutes_ago=90),
                line(f"relay.inbound.webhook queued conversation={PRIVATE} message={NAME}"),
                line("relay.turn.turn turn failed message=another", level="WARNING"),
                line("host it broke", level="ERROR"),
                "Traceback (most recent call last):",
                line(f"relay.turn.step turn done message=another,{NAME} outcome=answered"),
            )
        )
    )
    return path


def lines(operator: OperatorKit, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert operator.run("logs", "--json", *arguments) == 0
    return [each["line"] for each in json.loads(capsys.readouterr().out)]


def test_the_lines_about_a_message_are_those_of_the_newest_host(
    operator: OperatorKit, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = lines(operator, capsys, "--message", NAME)
    assert [said.split()[1] for said in found] == ["queued", "turn"]
    assert len(lines(operator, capsys, "--message", NAME, "--since", "2h")) == 3


def test_what_went_wrong_is_told_with_what_belongs_to_it(
    operator: OperatorKit, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines(operator, capsys, "--failed") == [
        "relay.turn.turn turn failed message=another",
        "host it broke",
        "Traceback (most recent call last):",
    ]


def test_a_persons_lines_are_those_of_their_conversations(
    operator: OperatorKit, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines(operator, capsys, "--user", "Alice") == [
        f"relay.inbound.webhook queued conversation={PRIVATE} message={NAME}"
    ]


def test_the_query_is_printed_for_the_portal(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.post_chatbot("hello", topic="cats")
    assert operator.run("logs", "--user", "alice", "--since", "2d", "--print") == 0
    query = capsys.readouterr().out
    assert "ago(2d)" in query
    assert PRIVATE in query
    assert (
        conversation_key(Message(bot="helper", sender="alice", id="", at=0, text="", topic="cats")) in query
    )


def test_an_app_on_azure_is_asked_with_az_rest(
    operator: OperatorKit, az: Az, capsys: pytest.CaptureFixture[str]
) -> None:
    az.answer([{"TimeGenerated": "2026-11-27T12:00:00Z", "Level": "ERROR", "Message": "gave up"}])
    assert lines(operator, capsys, "--failed", "--workspace", workspace(7)) == ["gave up"]
    assert az.called[:3] == ["rest", "--method", "post"]
    assert f"https://api.loganalytics.io/v1/workspaces/{workspace(7)}/query" in az.called
    assert 'has_any ("turn failed", "gave up"' in az.query


def test_what_az_says_is_told(operator: OperatorKit, az: Az) -> None:
    az.refuse("ERROR: Please run 'az login'")
    assert operator.run("logs", "--workspace", workspace(7)) == 1
    assert "Please run 'az login'" in operator.said[-1]


def test_what_is_missing_is_told(
    operator: OperatorKit, az: Az, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrongs: list[tuple[str, Any]] = [
        ("is no Workspace ID", ("--workspace", "mine")),
        ("cannot be read", ("--file", str(tmp_path / "none"))),
        ("name a --workspace, or a --file", ()),
    ]
    monkeypatch.setattr(logs, "LOGS", APP_FOLDER / "none")
    for wrong, arguments in wrongs:
        with pytest.raises(ConfigError, match=wrong):
            operator.run("logs", *arguments)
    (az.folder / "az").unlink()
    with pytest.raises(ConfigError, match="az\\) is not on PATH"):
        operator.run("logs", "--workspace", workspace(7))


def test_a_time_that_is_none_is_told(operator: OperatorKit, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        operator.run("logs", "--since", "yesterday")
    assert "is no time: a whole number of minutes, hours, days, such as 1h" in capsys.readouterr().err


def test_a_quote_in_a_name_stays_inside_the_query() -> None:
    assert 'has_any ("a\\"b")' in logs.kql(['a"b'], "1h", failed=False)


def test_the_words_of_failures_are_those_that_the_relay_logs() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (APP_FOLDER / "relay").rglob("*.py")
        if "operations" not in path.parts
    )
    assert [words for words in logs.FAILURES if words not in source] == []
