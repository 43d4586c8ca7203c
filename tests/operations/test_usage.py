"""``python -m relay usage``: the same figures from the tables, from the log, and with prices of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from relay.errors import ConfigError
from relay.operations import usage
from relay.ports import Completion
from tests.kit import RelayKit
from tests.operations.az import Az, workspace
from tests.operations.operating import OperatorKit

ANSWER = Completion("Hi", model="luna", prompt_tokens=1000, completion_tokens=200, cached_tokens=400)
PRICES = '["luna"]\ninput = 1.0\ncached = 0.1\noutput = 10\n'


@pytest.fixture
def used(relay: RelayKit) -> RelayKit:
    """Two answers of one day, to two people, and one of the next."""
    relay.model.default = lambda prompt: ANSWER
    relay.post("one")
    relay.post("two", sender="bob")
    relay.clock.advance(86_400)
    relay.post("@Helper three", team="42")
    return relay


def rows(operator: OperatorKit, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert operator.run("usage", "--json", *arguments) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_the_tables_tell_what_was_used_by_day_and_bot(
    operator: OperatorKit, used: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rows(operator, capsys) == [
        {
            "day": day,
            "bot": "helper",
            "model": "luna",
            "answers": answers,
            "messages": answers,
            "prompt": 1000 * answers,
            "cached": 400 * answers,
            "completion": 200 * answers,
        }
        for day, answers in (("2026-11-23", 2), ("2026-11-24", 1))
    ]
    assert "reads every row of 3 days" in operator.said[0]


def test_one_persons_use_may_be_asked_for(
    operator: OperatorKit, used: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [row["answers"] for row in rows(operator, capsys, "--sender", "Bob")] == [1]


def test_prices_are_those_of_ones_own_file(
    operator: OperatorKit, used: RelayKit, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    # 600 fresh at 1, 400 cached at 0.1 and 200 out at 10, for a million.
    expected = [0.00528, 0.00264]
    prices = ("--prices", str(tmp_path / "prices.toml"))
    assert [row["cost"] for row in rows(operator, capsys, *prices)] == expected
    (tmp_path / "prices.toml").write_text(PRICES.replace("luna", "another"))
    assert [row["cost"] for row in rows(operator, capsys, *prices)] == [None, None]
    (tmp_path / "prices.toml").write_text(PRICES.replace("luna", "*"))
    assert [row["cost"] for row in rows(operator, capsys, *prices)] == expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("x", "is not TOML"), ('["luna"]\ninput = 1', "needs input and output"), ("input = 1", "needs input")],
)
def test_a_wrong_file_of_prices_is_told(operator: OperatorKit, tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(ConfigError, match=wrong):
        operator.run("usage", "--prices", str(tmp_path / "prices.toml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        operator.run("usage", "--prices", str(tmp_path / "none.toml"))


def test_the_table_ends_with_the_sum(
    operator: OperatorKit, used: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operator.run("usage") == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "3", "3", "3000", "1200", "600"]


def test_the_log_of_an_app_is_asked_where_there_is_a_workspace(
    operator: OperatorKit, az: Az, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"answers": 2, "messages": 3, "prompt": 10, "cached": 0, "completion": 5}
    az.answer([{"day": "2026-11-23", "bot": "helper", **figures}])
    found = rows(operator, capsys, "--workspace", workspace(1), "--since", "7d")
    assert (found[0]["bot"], found[0]["messages"], found[0]["completion"]) == ("helper", 3, 5)
    assert az.query == usage.kql("7d")


def test_the_query_reads_the_line_that_the_relay_writes(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    relay.post("hello")
    line = next(message for message in caplog.messages if message.startswith("turn done "))
    (parse,) = re.findall(r"parse Message with (.*)", usage.kql("1h"))
    pattern = ""
    for literal, wild, column in re.findall(r'"([^"]*)"|(\*)|(\w+)(?::long)?', parse):
        pattern += re.escape(literal) if literal else ".*?" if wild else f"(?P<{column}>\\S+?)"
    found = re.fullmatch(pattern.removesuffix(".*?") + ".*", line)
    assert found is not None
    told = found.groupdict()
    assert (told.pop("bot"), told["batch"]) == ("helper", "1")
    assert all(value.isdigit() for value in told.values())
