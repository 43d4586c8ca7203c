"""An evaluation is told as a table, and compared with the last one."""

from __future__ import annotations

import json
from pathlib import Path

from playground.evaluation.results import (
    Before,
    Outcome,
    json_lines,
    read_before,
    report,
    summary,
    write_before,
)
from playground.scenario.quality import Exchange
from playground.scenario.run import Result, StepResult


def outcome(file: str, *runs: bool) -> Outcome:
    """Runs that went well, or not."""
    steps = {
        True: StepResult("helper answers", True, "", 5),
        False: StepResult("the reply is short", False, "it has 900 characters", 5),
    }
    return Outcome(file, tuple(Result((steps[ok],), 0) for ok in runs), 1.25)


def test_the_table_counts_runs_and_names_the_first_failure() -> None:
    lines = report(
        [outcome("greets.toml", True, True), outcome("short.toml", True, False)], None
    ).splitlines()
    assert [line.split() for line in lines] == [
        ["File", "As", "expected", "Before", "Seconds"],
        ["greets.toml", "2", "of", "2", "-", "1.2"],
        [
            "short.toml",
            "1",
            "of",
            "2",
            "-",
            "1.2",
            *["the", "reply", "is", "short:", "it", "has", "900", "characters"],
        ],
    ]


def test_what_went_better_or_worse_than_the_last_time_is_named() -> None:
    before = Before("tiny", {"a.toml": 1.0, "b.toml": 0.5, "c.toml": 1.0})
    now = [outcome("a.toml", True, False), outcome("b.toml", True, True), outcome("c.toml", True)]
    assert summary([*now, outcome("new.toml", False)], before) == [
        "2 of 4 files as expected in every run",
        "worse than the last time: a.toml",
        "better than the last time: b.toml",
    ]
    assert " 50% " in report(now, before).splitlines()[2]


def test_the_next_evaluation_finds_this_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "evaluation.json"
    write_before(path, "tiny", [outcome("a.toml", True, False)], None)
    write_before(path, "tiny", [outcome("b.toml", True)], read_before(path))
    assert read_before(path) == Before("tiny", {"a.toml": 0.5, "b.toml": 1.0})


def test_another_model_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    write_before(path, "tiny", [outcome("a.toml", True)], None)
    write_before(path, "settings", [outcome("b.toml", True)], read_before(path))
    assert read_before(path) == Before("settings", {"b.toml": 1.0})


def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    assert read_before(path) is None
    for content in ("{", "[]", '{"model": "x"}', '{"model": "x", "shares": 5}'):
        path.write_text(content)
        assert read_before(path) is None


def test_exchanges_are_lines_that_other_evaluators_read() -> None:
    exchange = Exchange("capital?", "It is Paris.\nReally.", ("hello", "hi"), "Paris")
    (line,) = json_lines([exchange]).splitlines()
    assert json.loads(line) == {
        "query": "capital?",
        "response": "It is Paris.\nReally.",
        "context": "hello\nhi",
        "ground_truth": "Paris",
    }
