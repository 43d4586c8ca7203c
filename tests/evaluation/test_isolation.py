"""Runs that share a stack do not meet."""

from __future__ import annotations

from playground.evaluation.isolation import alone, for_another_model
from playground.scenario.format import parse

FILE = """
title = "two people"
users = { alice = "Alice" }
groups = { 4711 = ["alice", "bob", "helper"] }
[[script]]
reply = "yes"
[[steps]]
say = "hello"
[[steps]]
say = "again"
[[steps]]
as = "bob"
team = "4711"
picture = "red 8x8"
"""


def test_people_and_groups_are_others_in_each_run_and_bots_are_not() -> None:
    first, second = (alone(parse(FILE, "f.toml"), run, {"helper"}) for run in (1, 2))
    assert first.groups == {"4711.1": ["alice.1", "bob.1", "helper"]}
    assert [(step.sender, step.team) for step in first.steps] == [
        ("alice.1", None),
        (None, None),
        ("bob.1", "4711.1"),
    ]
    assert first.users == {"alice.1": "Alice"}
    assert [step.sender for step in second.steps] == ["alice.2", None, "bob.2"]


def test_what_is_attached_stays_attached() -> None:
    picture = alone(parse(FILE, "f.toml"), 1, {"helper"}).steps[2].medium
    assert picture is not None
    assert picture.content


def test_an_accid_stays_short_enough() -> None:
    long = "a" * 32
    scenario = alone(parse(f'title = "t"\n[[steps]]\nas = "{long}"\nsay = "x"', "f.toml"), 4321, ())
    assert scenario.steps[0].sender == "a" * 24 + ".4321"


def test_what_the_scripted_model_would_say_is_for_it_alone() -> None:
    assert for_another_model(parse(FILE, "f.toml")).script == []
