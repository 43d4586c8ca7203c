"""What is written as a scenario is read as it was meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playground.scenario.format import parse
from playground.scenario.save import to_toml

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_a_small_file() -> None:
    step = {"as": "alice", "to": "helper", "say": "hello", "expect": "You said: hello"}
    assert to_toml("A greeting", [step]) == (
        'title = "A greeting"\n\n'
        '[[steps]]\nas = "alice"\nto = "helper"\nsay = "hello"\nexpect = "You said: hello"\n'
    )


def test_everything_that_a_file_may_have() -> None:
    saved = to_toml(
        "g",
        [{"team": "4711", "members": ["alice", "helper"]}, {"recall": "hi"}, {"down": "host"}],
        groups={"4711": ["alice"]},
        script=[{"when": "hi", "hold": True, "times": 1}],
        remarks=["Left out: a sticker,\nof a cat."],
        unfinished=True,
    )
    assert saved.startswith("# Left out: a sticker, of a cat.\n")
    scenario = parse(saved, "g.toml")
    assert (scenario.groups, scenario.unfinished) == ({"4711": ["alice"]}, True)
    assert (scenario.script[0].hold, scenario.script[0].times) == (True, 1)
    assert [(step.members, step.recall, step.down) for step in scenario.steps] == [
        (["alice", "helper"], None, None),
        (None, "hi", None),
        (None, None, "host"),
    ]


@given(title=texts, said=texts, reply=texts, answer=texts)
def test_every_text_survives_the_file(title: str, said: str, reply: str, answer: str) -> None:
    saved = to_toml(title, [{"say": said, "expect": reply}], script=[{"when": said, "reply": answer}])
    scenario = parse(saved, "saved.toml")
    (step,), (rule,) = scenario.steps, scenario.script
    assert step.expect is not None
    assert (scenario.title, step.say, step.expect.text) == (title, said, reply)
    assert (rule.when, rule.reply) == (said, answer)
