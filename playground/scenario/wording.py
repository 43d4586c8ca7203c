"""What a scenario's results say: what should happen, and what did, each on one line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from playground.scenario.expectation import Expectation, ToolCall
from playground.scenario.stage import Chat, Reply
from playground.scenario.tables import Step

SHOWN_CHARACTERS = 60
"""Texts are cut after so many."""

BEFORE_CHARACTERS = 20
"""Of two texts that differ, so many are shown before they part."""


def saying(chat: Chat, step: Step) -> str:
    """Who says what to whom, and what goes wrong with it."""
    faults = f" [{', '.join(step.fault)}]" if step.fault else ""
    attached = f"[{' '.join(step.attaches)}]" if step.attaches else ""
    said = " ".join(filter(None, [short(attached), short(step.say or "")]))
    return f"{chat.user} → {chat}: {said}{faults}"


def answer(expect: Expectation) -> str:
    """What the webhook should answer."""
    fields = "" if expect.answer is None else json.dumps(expect.answer, ensure_ascii=False)
    return " ".join(filter(None, ["the webhook answers", str(expect.status or ""), fields]))


def replies(chat: Chat, expect: Expectation) -> str:
    """What which bot should say how often."""
    who = expect.sender or ("a bot" if chat.team else chat.bot)
    if expect.count == 0:
        return f"{who} says nothing"
    wanted = [
        f'"{short(expect.text)}"' if expect.text is not None else "",
        f'with "{short(expect.contains)}"' if expect.contains is not None else "",
        f"like {short(expect.matches.pattern)}" if expect.matches is not None else "",
    ]
    times = f"{expect.count} times" if expect.count > 1 else ""
    return " ".join(filter(None, [who, "answers", times, *wanted]))


def quality(expect: Expectation) -> str:
    """What the reply should be like."""
    low, high = expect.characters
    wanted = [
        f'in "{expect.language}"' if expect.language else "",
        f"of {low:,} to {high:,} characters" if expect.length and low else "",
        f"of at most {high:,} characters" if expect.length and not low else "",
        "" if expect.refuses is None else "a refusal" if expect.refuses else "no refusal",
        f"such that: {short(expect.judge)}" if expect.judge else "",
    ]
    return f"the reply is {', '.join(filter(None, wanted))}"


def window(expected: Sequence[str]) -> str:
    """What the model should have been given."""
    return f"the model was given {texts(expected)}"


def called(expect: Expectation) -> str:
    """What the model should have called, how often, and with what result."""
    given = "" if expect.arguments is None else short(json.dumps(expect.arguments, ensure_ascii=False))
    told = "" if expect.result is None else f'and is told "{short(expect.result)}"'
    times = "" if expect.calls in (None, 1) else f"{expect.calls} times"
    return " ".join(filter(None, ["the model calls", expect.call or "tools", given, times, told]))


def calls(all: Sequence[ToolCall]) -> str:
    """Calls and their results."""
    shown = (
        f"{one.name} {short(json.dumps(one.arguments, ensure_ascii=False))} → {short(one.result)}"
        for one in all
    )
    return ", ".join(shown) or "nothing"


def outcomes(posts: Iterable[dict[str, Any]]) -> str:
    """What the webhook answered: ``200 queued``, ``10 × 200 queued``."""
    counts = Counter(_outcome(post) for post in posts)
    return ", ".join(f"{count} × {outcome}" if count > 1 else outcome for outcome, count in counts.items())


def _outcome(post: dict[str, Any]) -> str:
    if post["status"] is None:
        return f"no answer: {post['failure']}"
    body = json_of(post["body"])
    words = [body.get(name) for name in ("status", "reason", "error")] if isinstance(body, dict) else []
    return " ".join([str(post["status"]), *(word for word in words if isinstance(word, str))])


def said(replies: Iterable[Reply], expected: str | None = None) -> str:
    """Who said what, where something else was expected."""
    return ", ".join(f"{reply.sender} said {unlike(reply.text, expected)}" for reply in replies)


def texts(all: Sequence[str], expected: Sequence[str] = ()) -> str:
    """Several texts, in the place of those that were expected."""
    pairs = zip(all, chain(expected, repeat(None)), strict=False)
    return ", ".join(unlike(text, wanted) for text, wanted in pairs) or "nothing"


def short(text: str) -> str:
    """A text on one line, cut where it is long."""
    line = " ⏎ ".join(text.splitlines())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def unlike(found: str, expected: str | None) -> str:
    """A text in quotation marks; of two that differ behind what is shown of them, both from a little before that."""
    if expected is None or found == expected or short(found) != short(expected):
        return f'"{short(found)}"'
    apart = next(
        (n for n, (one, other) in enumerate(zip(found, expected, strict=False)) if one != other), None
    )
    begin = max(0, (min(len(found), len(expected)) if apart is None else apart) - BEFORE_CHARACTERS)
    return " instead of ".join(f'"…{short(text[begin:])}"' for text in (found, expected))


def json_of(text: str) -> Any:
    """The JSON value that a text is, or None."""
    try:
        return json.loads(text)
    except ValueError:
        return None
