"""The mutants fit the code and the tests as they are now; ``python -m tests.mutants`` tells whether they are killed."""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.__main__ import part
from tests.mutants.chance import changes_of, draw, every_change, shown
from tests.mutants.mutant import ROOT, Mutant, all_mutants
from tests.mutants.runner import our_modules, run_tests


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_applies_to_the_code_and_is_code(mutant: Mutant, tmp_path: Path) -> None:
    for name in mutant.files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    mutant.apply(tmp_path)
    for name in mutant.files():
        if name.endswith(".py"):
            ast.parse((tmp_path / name).read_text(encoding="utf-8"), name)


def test_every_promise_has_two_mutants_named_after_it() -> None:
    mutants = all_mutants()
    assert all(mutant.name.startswith(f"p{mutant.promise:02d}-") for mutant in mutants)
    count = Counter(mutant.promise for mutant in mutants)
    assert {promise for promise in count if count[promise] >= 2} == {*range(1, 15)}


def test_every_test_that_kills_a_mutant_exists() -> None:
    killers = sorted({killer for mutant in all_mutants() for killer in mutant.tests})
    run = run_tests(ROOT, ["--collect-only", *killers])
    assert run.returncode == 0, run.stdout


def test_only_the_exploration_is_said_to_explore() -> None:
    for mutant in all_mutants():
        explores = [killer.startswith("tests/exploration/") for killer in mutant.tests]
        assert explores == [mutant.exploration] * len(explores), mutant.name


def test_a_run_finds_the_packages_of_others_loaded() -> None:
    assert {"relay", "tests", "playground", "function_app"} <= our_modules()
    assert "azure" not in our_modules()  # there is an azure.yaml


def test_a_run_takes_all_that_is_ours_from_its_tree_and_says_what_failed(tmp_path: Path) -> None:
    for package in ("relay", "tests"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "tests" / "test_tree.py").write_text(
        f"import relay\ndef test_tree(): assert relay.__path__ == [{str(tmp_path / 'relay')!r}]\n"
        "def test_failing(): assert not relay.__path__\n"
    )
    assert run_tests(tmp_path, ["tests/test_tree.py::test_tree"]).returncode == 0
    run = run_tests(tmp_path, ["tests/test_tree.py"])
    assert run.returncode == 1
    assert "FAILED tests/test_tree.py::test_failing" in run.stdout


def test_mistakes_by_chance_are_the_same_for_a_seed() -> None:
    assert draw(1, 20) == draw(1, 20) != draw(2, 20)
    assert len({change.name for change in draw(1, 20)}) > 10


def test_what_is_changed_by_chance_is_code_whose_change_a_test_should_notice() -> None:
    source = b'''"""Not 1 of these."""
import logging

LIMIT: int = 3

def check(count: int = 4, *, strict: bool = True) -> bool:
    """A docstring with 5."""
    log.info("%d of 6", count + 7)
    release(count)
    if count >= LIMIT and not strict:
        raise ValueError(f"{count + 8} of 9")
    with spans.span("x", attributes={"n": 10}):
        return count - 1 == 0 or False
'''
    assert [(change.old, change.new) for change in changes_of("a.py", source)] == [
        ("3", "7"),
        ("release(count)", "pass"),
        ("and", "or"),
        (">=", ">"),
        ("not", ""),
        ("or", "and"),
        ("==", "!="),
        ("-", "+"),
        ("1", "3"),
        ("0", "1"),
        ("False", "True"),
    ]


def test_a_mistake_by_chance_changes_one_token(tmp_path: Path) -> None:
    change = draw(3, 1)[0]
    (tmp_path / change.file).parent.mkdir(parents=True)
    shutil.copyfile(ROOT / change.file, tmp_path / change.file)
    (tmp_path / "shared").hardlink_to(tmp_path / change.file)
    change.apply(tmp_path)
    assert (tmp_path / "shared").read_bytes() == (ROOT / change.file).read_bytes(), "another tree has changed"
    before, after = ((tree / change.file).read_bytes() for tree in (ROOT, tmp_path))
    assert before[: change.start] + change.new.encode() == after[: change.start + len(change.new.encode())]
    assert before[change.end :] == after[change.start + len(change.new.encode()) :]
    compile(after, change.file, "exec")


def test_what_is_said_to_change_nothing_can_be_changed_so() -> None:
    possible = {(change.file, change.source, change.old, change.new) for change in every_change()}
    for each in shown():
        assert (each["file"], each["source"], each["old"], each["new"]) in possible, each
        assert each["why"]


def test_each_mutant_is_in_one_of_three_parts() -> None:
    everything = all_mutants()
    parts = [mutant.name for number in (7, 8, 9) for mutant in part(everything, (number, 3))]
    assert sorted(parts) == sorted(mutant.name for mutant in everything)
    assert part(everything, None) == everything
