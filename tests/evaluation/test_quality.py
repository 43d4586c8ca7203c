"""What a reply is like is told by rules."""

from __future__ import annotations

from typing import Any

import pytest

from playground.scenario import quality
from playground.scenario.expectation import Expectation
from playground.scenario.quality import REFUSALS, language_of, shortcomings
from relay.texts import RELAYS_OWN


def short_of(text: str, **expected: Any) -> list[str]:
    """What a reply is not."""
    return list(shortcomings(Expectation.model_validate(expected), text))


@pytest.mark.stack
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We are open from nine to five.", "en"),
        ("我们的营业时间是九点到五点。", "zh"),
        ("Wir haben von neun bis fünf geöffnet.", "de"),
        ("En un día puedes visitar el Museo del Prado.", "es"),
    ],
)
def test_the_language_of_a_sentence_is_told(text: str, language: str) -> None:
    assert language_of(text) == language
    assert short_of(text, language=language) == []


@pytest.mark.stack
def test_another_language_is_named() -> None:
    assert short_of("Wir haben geöffnet.", language="en") == ['it is in "de"']


def test_where_nothing_tells_languages_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "can_tell_languages", lambda: False)
    assert short_of("hello", language="en") == [
        "its language cannot be told here; python3 dev.py eval installs what tells it"
    ]


@pytest.mark.parametrize(
    ("length", "text", "said"),
    [
        (5, "hello", []),
        (4, "hello", ["it has 5 characters"]),
        ([5, 9], "hello", []),
        ([6, 9], "hello", ["it has 5 characters"]),
    ],
)
def test_the_length_is_at_most_or_between_two_numbers(
    length: int | list[int], text: str, said: list[str]
) -> None:
    assert short_of(text, length=length) == said


REFUSING = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I am afraid I am unable to do this.",
    "I cannot provide instructions for that.",
    "抱歉，我不能提供这方面的帮助。",
    "对不起，这个问题我无法回答。",
    RELAYS_OWN.blocked.en,
    RELAYS_OWN.blocked.zh,
]

HELPING = [
    "The process cannot be killed without its number.",
    "You can't go wrong with the Prado.",
    "I'm sorry to hear that! Take a break and drink some water.",
    "Find its number with ps, then end it.",
    "我不知道你早餐吃了什么。",
]


@pytest.mark.parametrize("text", REFUSING)
def test_a_refusal_is_found(text: str) -> None:
    assert REFUSALS.search(text)
    assert short_of(text, refuses=False) == ["it refuses"]


@pytest.mark.parametrize("text", HELPING)
def test_what_is_none_is_not_taken_for_one(text: str) -> None:
    assert short_of(text, refuses=False) == []
    assert short_of(text, refuses=True) == ["it does not refuse"]
