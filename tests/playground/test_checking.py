"""``dev.py check``: the check of the relay, in the environment that it needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground import cli
from playground.runs import ROOT
from tests.mistakes import GOOD_BOT


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that went on in the environment, and what they needed beside the relay's packages."""
    seen: list[list[str]] = []

    def enter(_: object, arguments: list[str], extra: object = ()) -> None:
        assert extra == ()
        seen.append(arguments)

    monkeypatch.setattr(cli, "_enter", enter)
    monkeypatch.chdir(ROOT)
    return seen


def test_it_checks_in_the_environment_and_needs_the_relays_packages_alone(
    entered: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bots = tmp_path / "bots.toml"
    bots.write_text(GOOD_BOT)
    monkeypatch.setenv("RELAY_BOTS_FILE", str(bots))
    command = ["check", "--file-only", "--json"]
    assert cli.main(command) == 0
    assert json.loads(capsys.readouterr().out)["bots"][0]["accid"] == "helper"
    bots.write_text(f"{GOOD_BOT}rewind_minuts = 1\n")
    assert cli.main(command) == 1
    assert entered == [command, command]


def test_options_that_do_not_go_together_are_told_before_anything_is_set_up(
    entered: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["check", "--webhook", "https://relay.example"])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("python3 dev.py check: --webhook needs --live;")
    assert entered == []
