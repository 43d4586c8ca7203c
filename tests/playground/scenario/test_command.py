"""``dev.py play --scenario``, headless: what is printed, and the exit code."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.scenario.command import play_scenarios

BOT = '[[bots]]\naccid = "own.bot"\nname = "Own"\nsystem_prompt = "You are \\"Own\\"."\n'


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The command takes signals over; here they are given back."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_mistakes_stops_all_of_them_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path, "one.toml", "titel = 'x'")
    missing = tmp_path / "two.toml"
    assert play_scenarios([one, missing], None, "builtin", None) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert 'one.toml: key "titel": unknown; did you mean "title"?' in err
    assert f"{missing}: cannot be read" in err


@pytest.mark.stack
def test_each_step_is_shown_and_a_failure_is_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = written(
        tmp_path,
        "right.toml",
        f'title = "Right"\n{BOT}[[steps]]\nsay = "hello"\nexpect = "You said: hello"',
    )
    wrong = written(
        tmp_path,
        "wrong.toml",
        f'title = "Wrong"\n{BOT}[[steps]]\nsay = "hello"\nexpect = "Hello!"\n[[steps]]\nsay = "bye"',
    )
    assert play_scenarios([right], None, "builtin", None) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Right (right.toml)\n  ✓ alice → own.bot: hello · 200 queued · ")
    assert shown.endswith("1 of 1 as expected\n")
    assert play_scenarios([wrong], None, "builtin", None) == 1
    shown = capsys.readouterr().out
    assert '  ✗ own.bot answers "Hello!" · own.bot said "You said: hello" · ' in shown
    assert "steps not played: 1" in shown
    assert shown.endswith("0 of 1 as expected\n")
