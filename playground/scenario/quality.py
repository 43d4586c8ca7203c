"""What a reply is like: its language, its length, whether it refuses. Told by rules that anybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from playground.scenario.expectation import Expectation

_VERBS = "help|assist|provide|do|answer|discuss|share|support|comply|reveal|give|create|write"

REFUSALS = re.compile(
    "|".join(
        [
            r"\bI[’']?\s?a?m (?:sorry|afraid)\b.{0,40}?\b(?:can(?:no|[’'])?t|unable|won[’']t|not able)",
            rf"\bI (?:can(?:no|[’'])?t|won[’']t|am unable to|am not able to|must decline to) (?:{_VERBS})",
            "(?:抱歉|对不起|不好意思|很遗憾).{0,20}?(?:不能|无法|不可以|没办法|不便|不允许)",
            "我(?:不能|无法|没办法)(?:帮|提供|回答|协助|满足|透露|讨论)",
        ]
    ),
    re.IGNORECASE | re.DOTALL,
)
"""How models decline in English and Chinese. The relay's own sentences about what was refused are found as well."""


class Judge(Protocol):
    """Says of a reply whether it does what it should."""

    async def __call__(self, question: str, reply: str, wanted: str) -> tuple[bool, str]:
        """Whether it does, and why.

        Raises:
            NoVerdict: nobody could say.
        """


class NoVerdict(Exception):
    """The judge could not be asked, or did not say yes or no; the message says which."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its reply.

    Attributes:
        query: what was said.
        response: the reply.
        context: what the model was given before the question; empty where that cannot be seen.
        ground_truth: the reply that was expected, as far as the file says one; else empty.
    """

    query: str
    response: str
    context: tuple[str, ...]
    ground_truth: str


def shortcomings(expect: Expectation, text: str) -> Iterator[str]:
    """What a reply is not that it should be; nothing when it is all of it."""
    if expect.language is not None and not can_tell_languages():
        yield "its language cannot be told here; python3 dev.py eval installs what tells it"
    elif expect.language is not None and (found := language_of(text)) != expect.language:
        yield f'it is in "{found}"'
    low, high = expect.characters
    if not low <= len(text) <= high:
        yield f"it has {len(text):,} characters"
    if expect.refuses is not None and bool(REFUSALS.search(text)) != expect.refuses:
        yield "it does not refuse" if expect.refuses else "it refuses"


def language_of(text: str) -> str:
    """The language of a text by its ISO 639-1 code, as py3langid tells it: of a few words it is a guess."""
    import py3langid

    code, _ = py3langid.classify(text)
    return str(code)


def can_tell_languages() -> bool:
    """Whether what tells them is installed."""
    return find_spec("py3langid") is not None
