"""``dev.py eval`` plays what it is given, and says what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.evaluation import command
from playground.scenario import performance
from playground.scenario.expectation import Expectation
from playground.scenario.format import load
from playground.scenario.tables import Scenario

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("quick_stack")]

STARTER = sorted((Path(__file__).parent / "starter").glob("*.toml"))

TINY_SECONDS = 170
"""What a tiny model may take for an answer where four of them share two cores."""

BOT = '[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "Help."\n'


@pytest.fixture(autouse=True)
def last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the evaluation is remembered."""
    path = tmp_path / "last.json"
    monkeypatch.setattr(command, "LAST", path)
    monkeypatch.setattr(
        performance, "QUIET_SECONDS", 0.1
    )  # that nothing else is said is for other tests to see
    return path


def test_the_twenty_to_begin_with_go_well_with_the_scripted_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "exchanges.jsonl"
    code = command.evaluate(STARTER, None, 1, None, out)
    said = capsys.readouterr().out
    assert code == 0, said
    assert len(STARTER) == 20
    assert "20 of 20 files as expected in every run" in said
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {
        "query": "What is my name?",
        "response": "Your name is Marisol.",
        "context": "My name is Marisol.\nNice to meet you, Marisol!",
        "ground_truth": "Marisol",
    } in lines


def file(tmp_path: Path, name: str, steps: str) -> Path:
    """A scenario with a bot of its own."""
    path = tmp_path / f"{name}.toml"
    path.write_text(f'title = "{name}"\n{BOT}{steps}', encoding="utf-8")
    return path


def judged(tmp_path: Path, name: str, verdict: str) -> Path:
    """A scenario whose reply is judged so."""
    script = f'[[script]]\nwhen = "names the city"\nreply = "{verdict}"\n'
    step = '[[steps]]\nsay = "capital?"\nexpect = { judge = "It names the city." }\n'
    return file(tmp_path, name, script + step)


def test_runs_are_judged_counted_and_compared_and_do_not_hear_of_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], last: Path
) -> None:
    step = '[[steps]]\nsay = "hello"\nexpect = { text = "You said: hello", window = ["hello"] }\n'
    files = [
        file(tmp_path, "first", step),
        judged(tmp_path, "good", "YES: it does."),
        judged(tmp_path, "bad", "No - it repeats the question."),
        judged(tmp_path, "unclear", "Perhaps."),
    ]
    last.write_text(json.dumps({"model": "scripted", "shares": {"first.toml": 0.5}}))
    assert command.evaluate(files, "scripted", 2, "helper", None) == 1
    _, first, good, bad, unclear = capsys.readouterr().out.split("\n\n")[0].strip().splitlines()[-5:]
    assert first.split()[:5] == ["first.toml", "2", "of", "2", "50%"]
    assert good.split()[:5] == ["good.toml", "2", "of", "2", "-"]
    assert bad.endswith("the judge says no: it repeats the question.")
    assert unclear.endswith("the judge says neither yes nor no")


def test_a_judge_that_is_no_bot_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(command, "stack_for")
    assert command.evaluate([judged(tmp_path, "good", "YES")], None, 1, "nobody", None) == 1
    assert capsys.readouterr().err == "--judge: there is no bot nobody; there are: helper\n"


def plumbing(scenario: Scenario) -> Scenario:
    """The same, as far as a tiny model can be held to it: that it answers, and not without end."""
    asked = [
        step.model_copy(
            update={"expect": Expectation(length=[1, 8000], within=TINY_SECONDS)} if step.expect else {}
        )
        for step in scenario.steps
    ]
    return scenario.model_copy(update={"steps": asked})


def test_the_tiny_model_answers_one_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [path for path in STARTER if path.stem == "greets"]
    monkeypatch.setattr(command, "load_all", lambda paths: [(path, plumbing(load(path))) for path in paths])
    code = command.evaluate(files, "tiny", 1, None, None)
    assert code == 0, capsys.readouterr().out
