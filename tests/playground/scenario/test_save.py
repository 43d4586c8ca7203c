"""A chat that is saved is a scenario that expects what happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.scenario.expectation import Expectation
from playground.scenario.format import parse
from playground.scenario.save import Line, to_toml
from playground.scenario.tables import Step

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def steps_of(*lines: Line) -> list[Step]:
    return parse(to_toml("saved", lines), "saved.toml").steps


def test_a_reply_is_the_expectation_of_the_message_before_it() -> None:
    saved = to_toml(
        "A greeting",
        [Line("alice", "helper", "hello"), Line("helper", "alice", "You said: hello", by_bot=True)],
    )
    assert saved == (
        'title = "A greeting"\n\n'
        '[[steps]]\nas = "alice"\nto = "helper"\nsay = "hello"\nexpect = "You said: hello"\n'
    )


def test_a_second_reply_and_one_to_an_earlier_message_are_steps_of_their_own() -> None:
    steps = steps_of(
        Line("alice", "helper", "one"),
        Line("bob", "helper", "two"),
        Line("helper", "alice", "reply to one", by_bot=True),
        Line("helper", "bob", "reply to two", by_bot=True),
    )
    assert [(step.sender, step.say, step.expect and step.expect.text) for step in steps] == [
        ("alice", "one", None),
        ("bob", "two", None),
        ("alice", None, "reply to one"),
        ("bob", None, "reply to two"),
    ]


def test_in_a_group_the_expectation_says_who_replies() -> None:
    lines = [
        Line("alice", "", "@Helper hi", team="4711"),
        Line("helper", "", "hi", team="4711", by_bot=True),
        Line("translator", "", "salut", team="4711", by_bot=True),
    ]
    scenario = parse(to_toml("g", lines, groups={"4711": ["alice", "helper", "translator"]}), "g.toml")
    assert scenario.groups == {"4711": ["alice", "helper", "translator"]}
    assert [(step.team, step.expect and step.expect.sender) for step in scenario.steps] == [
        ("4711", "helper"),
        ("4711", "translator"),
    ]


def test_robot_info_input_and_faults_of_a_message_are_kept() -> None:
    robot = {"function": "french", "topic": "", "customContent": 'a "b"\n', "account": "helper"}
    (step,) = steps_of(
        Line("alice", "helper", "hi", robot=robot, input="both", faults=("deliver-twice", "model-429"))
    )
    assert step.robot is not None
    assert (step.robot.model_dump(), step.input) == (robot, "both")
    assert step.fault == ["deliver-twice", "model-429"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            Line("alice", "bob", "hi", reason="unknown_bot"),
            Expectation(answer={"status": "ignored", "reason": "unknown_bot"}),
        ),
        (Line("alice", "helper", "hi", status=401), Expectation(status=401)),
        (Line("alice", "helper", "hi", status=None), None),
    ],
)
def test_what_the_webhook_did_not_take_is_expected_again(line: Line, expected: Expectation | None) -> None:
    assert steps_of(line)[0].expect == expected


def test_a_reply_after_a_refused_message_is_not_taken_for_its_own() -> None:
    steps = steps_of(Line("alice", "helper", "hi", status=401), Line("helper", "alice", "late", by_bot=True))
    assert [step.expect for step in steps] == [Expectation(status=401), Expectation(text="late")]


def test_names_and_the_answers_of_a_real_model_are_written_for_the_scripted_one() -> None:
    lines = [Line("alice", "helper", "hi"), Line("helper", "alice", "Hello!", by_bot=True)]
    scenario = parse(
        to_toml("t", lines, users={"alice": "Alice L."}, model_answers=["Hello!", "Bye\n"]), "t.toml"
    )
    assert scenario.users == {"alice": "Alice L."}
    assert [rule.reply for rule in scenario.script] == ["Hello!", "Bye\n"]


@given(title=texts, said=texts, reply=texts, answer=texts)
def test_every_text_survives_the_file(title: str, said: str, reply: str, answer: str) -> None:
    lines = [Line("alice", "helper", said), Line("helper", "alice", reply, by_bot=True)]
    scenario = parse(to_toml(title, lines, model_answers=[answer]), "saved.toml")
    (step,) = scenario.steps
    assert step.expect is not None
    assert (scenario.title, step.say, step.expect.text, scenario.script[0].reply) == (
        title,
        said,
        reply,
        answer,
    )
