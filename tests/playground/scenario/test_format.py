"""A scenario file is read strictly, and what is wrong with it is said where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.scenario.expectation import REPLY_SECONDS, SILENCE_SECONDS
from playground.scenario.format import bots_of, load, parse
from relay.errors import ConfigError

STEP = '[[steps]]\nsay = "hi"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "bug.toml")
    return caught.value.problems


def problem(text: str) -> str:
    (one,) = problems(text)
    return one


def test_the_smallest_useful_file() -> None:
    scenario = parse(
        'title = "t"\n[[steps]]\nsay = "hello"\nfault = "deliver-ten"\nexpect = "You said: hello"', "x"
    )
    (step,) = scenario.steps
    assert (step.say, step.fault, step.expect and step.expect.text) == (
        "hello",
        ["deliver-ten"],
        "You said: hello",
    )
    assert (scenario.model, bots_of(scenario, "x")) == ("scripted", None)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("[[steps]]\nsya = 'hi'", 'step 1, key "sya": unknown; did you mean "say"?'),
        (
            STEP + "[[steps]]\nexpect.contians = 'x'",
            'step 2, key "expect.contians": unknown; did you mean "contains"?',
        ),
        (STEP + "robot.functoin = 'f'", 'step 1, key "robot.functoin": unknown; did you mean "function"?'),
        (
            "[[script]]\nanswer = 'x'\nreply = 'x'\n" + STEP,
            'rule 1, key "answer": unknown; '
            "accepted: when, reply, call, arguments, more, finish, hold, fault, seconds, times",
        ),
        ("[[step]]\nsay = 'x'\n" + STEP, 'key "step": unknown; did you mean "steps"?'),
        ("", 'key "steps": missing; accepted: tables [[steps]]'),
        (
            "[[steps]]\nas = 'alice'",
            "step 1: does nothing; give say, wait, recall, edit, kill or expect",
        ),
        (
            STEP + "to = 'a'\nteam = 'b'",
            'step 1: has both "to" and "team"; a message goes to a bot or to a group',
        ),
        (
            "[[steps]]\nexpect = 'x'\nfault = 'late'",
            'step 1: has "robot", "input", "fault" or "mark" without "say"',
        ),
        (
            STEP + "expect = {}",
            'step 1, key "expect": says nothing; '
            "give text, contains, matches, language, length, refuses, judge, replies, status, "
            "answer, window, call or calls",
        ),
        (
            STEP + "expect.matches = '('",
            'step 1, key "expect.matches": is not valid; accepted: a regular expression, found in the reply',
        ),
        (
            STEP + "expect.within = 0",
            'step 1, key "expect.within": is not valid; accepted: seconds, above 0 and at most 600',
        ),
        (STEP + "fault = 'deliver-tne'", 'step 1, key "fault": is no fault; did you mean "deliver-ten"?'),
        (
            "[[script]]\nfault = 'model-42'\n" + STEP,
            'rule 1, key "fault": is no fault of the model; did you mean "model-429"?',
        ),
        (
            "[[script]]\nfault = 'model-429'\nreply = 'x'\n" + STEP,
            "rule 1: needs reply, call, fault, seconds or hold; a fault excludes reply and call",
        ),
        (
            "[[script]]\nfault = 'model-429'\ncall = 'x'\n" + STEP,
            "rule 1: needs reply, call, fault, seconds or hold; a fault excludes reply and call",
        ),
        (
            "[[script]]\nreply = 'x'\narguments.city = 'Rome'\n" + STEP,
            "rule 1: has arguments or more, but no call",
        ),
        (
            STEP + "expect = { text = 'x', result = 'y' }",
            'step 1, key "expect": has "arguments" or "result" without "call"',
        ),
        (
            "tools_file = '/etc/passwd'\n" + STEP,
            'key "tools_file": is not valid; accepted: the name of a Python file beside the scenario',
        ),
        ("tools_file = 'gone.py'\n" + STEP, 'key "tools_file": there is no such file beside the scenario'),
        (
            "[settings]\nIM_APP_SECRET = 'x'\n" + STEP,
            'key "settings.IM_APP_SECRET": is no setting for a scenario; '
            "accepted: IM_API_VERSION, RELAY_LEASE_MARGIN_SECONDS, RELAY_SEND_SECONDS",
        ),
        (STEP + "team = '4711'", 'step 1, key "team": is not in [groups]; there: none'),
        ("defaults.reply = 'send'\n" + STEP, '"defaults": stands for nothing without [[bots]]'),
        (
            STEP + "[[bots]]\naccid = 'helper'\nname = 'H'\nsystem_promt = 'x'",
            'bot 1 ("helper"), key "system_promt": unknown; did you mean "system_prompt"?',
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(table: str, wrong: str) -> None:
    assert f"bug.toml: {wrong}" in problems(f'title = "t"\n{table}')


def test_every_problem_is_told_at_once() -> None:
    found = problems("titel = 't'\n[[steps]]\nsay = 1\n[[steps]]\nwait = 'x'")
    assert found == [
        'bug.toml: key "title": missing; accepted: text',
        'bug.toml: step 1, key "say": is not valid; accepted: text',
        'bug.toml: step 2, key "wait": is not valid; accepted: "model-request"',
        'bug.toml: key "titel": unknown; did you mean "title"?',
    ]


def test_what_is_not_toml_is_told_with_its_line() -> None:
    assert problem('title = "t"\n[[steps]\n').startswith("bug.toml: is not TOML: ")
    assert problem(f"title = {'[' * 5000}") == "bug.toml: is nested too deeply"
    assert "line 2" in problem('title = "t"\n[[steps]\n')


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "missing.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('title = "Grüße"'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.toml: is not UTF-8"):
        load(latin)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "windows.toml"
    file.write_text(f"title = 't'\n{STEP}", encoding="utf-8-sig")
    assert load(file).title == "t"


def test_bots_of_its_own_are_read_as_in_the_bots_file() -> None:
    scenario = parse(
        f"title = 't'\n{STEP}[defaults]\nreply = 'response'\n"
        "[[bots]]\naccid = 'Own.Bot'\nname = 'Own'\nsystem_prompt = 'x'",
        "x.toml",
    )
    bots = bots_of(scenario, "x.toml")
    assert bots is not None
    assert [(bot.accid, bot.reply) for bot in bots] == [("own.bot", "response")]


def test_how_long_an_expectation_waits() -> None:
    expected = parse(
        "title = 't'\n[[steps]]\nexpect = 'x'\n[[steps]]\nexpect.replies = 0\n"
        "[[steps]]\nexpect = { text = 'x', within = 1.5 }",
        "x.toml",
    )
    assert [step.expect.seconds for step in expected.steps if step.expect] == [
        REPLY_SECONDS,
        SILENCE_SECONDS,
        1.5,
    ]


def test_the_tools_of_a_scenario_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("")
    (tmp_path / "s.toml").write_text(f'title = "t"\ntools_file = "shop.py"\n{STEP}')
    scenario = load(tmp_path / "s.toml")
    assert scenario.tools_path == tmp_path / "shop.py"
