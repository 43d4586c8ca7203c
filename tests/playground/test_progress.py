"""How slow steps are shown: on a terminal on one line, elsewhere by whole lines."""

import io
import re

import pytest

from playground import progress
from playground.progress import Progress


class Terminal(io.StringIO):
    """Something that says that a person looks at it."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What has stood on it, one line after the other."""
        return [line.rstrip() for line in re.split(r"[\r\n]", self.getvalue()) if line.strip()]


def test_steps_that_run_side_by_side_share_a_line_of_a_terminal() -> None:
    terminal = Terminal()
    with Progress("Azurite", terminal) as azurite:
        azurite.say("3 of 374 npm packages")
        with Progress("checkov", terminal) as checkov:
            checkov.say("unpacking")
    assert terminal.lines()[1:4] == [
        "  Azurite: 3 of 374 npm packages",
        "  Azurite: 3 of 374 npm packages · checkov: …",
        "  Azurite: 3 of 374 npm packages · checkov: unpacking",
    ]


def test_when_one_of_them_ends_a_terminal_says_so_and_shows_the_rest() -> None:
    terminal = Terminal()
    with Progress("Azurite", terminal):
        with pytest.raises(RuntimeError), Progress("checkov", terminal):
            raise RuntimeError
        failed, rest = terminal.lines()[-2:]
        assert re.fullmatch(r"  checkov: failed in \d+\.\d s", failed)
        assert rest == "  Azurite: …"
    assert re.fullmatch(r"  Azurite: done in \d+\.\d s", terminal.lines()[-1])


def test_in_a_log_each_line_names_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    log = io.StringIO()
    with Progress("Azurite", log) as azurite, Progress("checkov", log) as checkov:
        azurite.say("3 of 374 npm packages")
        checkov.say("unpacking")
    said = log.getvalue().splitlines()
    assert said[:4] == [
        "  Azurite: …",
        "  checkov: …",
        "  Azurite: 3 of 374 npm packages",
        "  checkov: unpacking",
    ]
    assert [line.split(" in ")[0] for line in said[4:]] == ["  checkov: done", "  Azurite: done"]
