"""What of an answer is thinking, and what is an answer about thinking."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.model.thinking import Thinking, without_thinking

THOUGHT = "The user says hello.\nI say hello."

BEGINNINGS = [
    f"<think>{THOUGHT}</think>Hello!",
    f"<think>\n{THOUGHT}\n</think>\n\nHello!",
    f"\n\n<think>{THOUGHT}</think>Hello!",
    f"<THINK>{THOUGHT}</THINK>\nHello!",
    f"<Thinking>{THOUGHT}</Thinking>\nHello!",
    f"< think >{THOUGHT}</ think >Hello!",
    f"<thought>{THOUGHT}</thought>Hello!",
    f"<reasoning>{THOUGHT}</reasoning>Hello!",
    f"<seed:think>{THOUGHT}</seed:think>Hello!",
    f"<longcat_think>{THOUGHT}</longcat_think>Hello!",
    f"[THINK]{THOUGHT}[/THINK]Hello!",
    f"◁think▷{THOUGHT}◁/think▷Hello!",
    f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|>Hello!",
    f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>Hello!",
    f"<|start|>assistant<|channel|>analysis<|message|>{THOUGHT}<|channel|>final<|message|>Hello!",
    f"<|channel>thought\n{THOUGHT}<channel|>Hello!",
    "<|channel|>final<|message|>Hello!<|return|>",
    "<think></think>Hello!",
    "<think>One.</think>\n<think>Two.</think>\nHello!",
    "<think>The mark `</think>` ends it.</think>Hello!",
    f"{THOUGHT}\n</think>\n\nHello!",
    f"{THOUGHT}\n  </think>  \nHello!",
    f"{THOUGHT}\n```\nx\n```\n</think>\nHello!",
    f"[1] {THOUGHT}\n</think>\nHello!",
]

ABOUT_MARKS = [
    "`<think>` opens it and `</think>` closes it.",
    "The tag <think> opens it, and </think> closes it.",
    "Models write <think>so</think> before they answer.",
    "Use\n```\n<think>\nso\n</think>\n```\nas above.",
    "Use\n~~~\n</think>\n~~~\nas above.",
    "First <think> comes,\nthen\n</think>\nand the answer.",
    "The closing tag is\n</think>",
    "The closing tag is </think>\nand nothing else.",
    "</think> closes it.",
    "I think so.",
    "<thinker>no mark</thinker>",
    "<b>think</b> again",
    "<html><think></html>",
    "[thinking of you](https://example.com)",
    "[1] think\n[2] act",
    "<",
    "[",
    "< 5 and > 3",
    "<think>",
    "Think: </think> is a mark, so is </thinking>.",
    "if a < think and think > b:",
    "An answer ends with <|return|>",
    "<|channel|> is a token of gpt-oss.",
]


@pytest.mark.parametrize("answer", BEGINNINGS)
def test_thinking_that_begins_an_answer_is_not_shown(answer: str) -> None:
    assert without_thinking(answer, cut=False) == "Hello!"
    assert without_thinking(answer, cut=True) == "Hello!"


@pytest.mark.parametrize("answer", ABOUT_MARKS)
def test_an_answer_about_marks_stays_as_it_is(answer: str) -> None:
    assert without_thinking(answer, cut=False) == answer


def test_thinking_without_its_end_is_nothing_where_it_was_cut_and_shown_where_it_was_not() -> None:
    unclosed = "<think>\nThe user says"
    assert without_thinking(unclosed, cut=True) == ""
    assert without_thinking(unclosed, cut=False) == unclosed


def test_nothing_but_thinking_is_no_answer() -> None:
    assert without_thinking("<think>so</think>\n", cut=False) == ""


@settings(derandomize=True, deadline=None, database=None)
@given(st.sampled_from(BEGINNINGS + ABOUT_MARKS), st.lists(st.integers(1, 40)), st.booleans())
def test_pieces_come_to_the_same_as_the_whole(answer: str, sizes: list[int], cut: bool) -> None:
    thinking, rest = Thinking(), answer
    shown = ""
    for size in sizes:
        shown = thinking.feed(rest[:size])
        rest = rest[size:]
        assert shown in answer
    shown = thinking.feed(rest)
    whole = thinking.finish(cut=cut)
    assert whole == without_thinking(answer, cut=cut)
    assert not shown or shown.strip().startswith(whole)


def test_what_was_shown_grows_while_pieces_come() -> None:
    thinking = Thinking()
    pieces = ["<thi", "nk>I say", " hello.</th", "ink>\n", "Hel", "lo!"]
    assert [thinking.feed(piece) for piece in pieces] == ["", "", "", "", "Hel", "Hello!"]


def test_a_long_answer_is_read_in_time_that_grows_with_its_length() -> None:
    """Each line is looked at once, and thinking without an end is not searched again for each piece."""
    slow = Thinking()
    for _ in range(3_000):
        slow.feed("<think>" + "so " * 30)
    assert slow.finish(cut=True) == ""
    assert without_thinking("<" * 100_000, cut=False) == "<" * 100_000
    assert without_thinking("a <think\n" * 20_000, cut=False).count("\n") == 19_999
