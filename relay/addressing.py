"""Mentions: which bot a group message addresses by ``@name`` or ``@accid``.

The platform has no mention field in a message copy: "@" is a list of accids to push to, and that list is not
copied. So the text itself is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from relay.bots import Bot

_ASCII_WORD = re.compile(r"[A-Za-z0-9_]")
_SPACES = " \t\u00a0\u2005\u3000"
"""U+2005 is what mobile clients put behind a mention; U+3000 is the Chinese space."""


def find_mention(text: str, bots: Iterable[Bot]) -> tuple[Bot, str] | None:
    """The bot that is mentioned first in ``text``, and the text without that mention.

    Names and accids count in any case, after ``@`` or ``＠``; of two that fit at one place, the longer wins.
    A name that ends in an ASCII letter or digit ends there in the text too (``@bot`` is not in ``@bots``, nor
    in ``@bot.two``); an ``@`` right behind one is an e-mail address. A text of nothing but the mention stays
    as it is.
    """
    if "@" not in text and "＠" not in text:
        return None
    candidates = tuple(bots)
    names, pattern = _mentions(tuple((bot.accid, bot.name) for bot in candidates))
    match = pattern.search(text)
    if match is None or match.lastindex is None:
        return None
    return candidates[names[match.lastindex - 1]], _without(text, match)


def strip_mention(text: str, bot: Bot) -> str:
    """The text without a leading mention of ``bot``, which the message addresses in another way already."""
    _, pattern = _mentions(((bot.accid, bot.name),))
    match = pattern.match(text, len(text) - len(text.lstrip()))
    return _without(text, match) if match else text


@lru_cache(maxsize=64)
def _mentions(bots: tuple[tuple[str, str], ...]) -> tuple[list[int], re.Pattern[str]]:
    """One group per name, the longest first, accids before names; and the index of the bot of each group."""
    names = [(accid, index) for index, (accid, _) in enumerate(bots)]
    names += [(name, index) for index, (_, name) in enumerate(bots)]
    names.sort(key=lambda entry: -len(entry[0]))
    groups = "|".join(f"({re.escape(name)}){_boundary(name)}" for name, _ in names)
    return [index for _, index in names], re.compile(rf"(?<![A-Za-z0-9])[@＠](?:{groups})", re.IGNORECASE)


def _boundary(name: str) -> str:
    return r"(?![A-Za-z0-9_]|[.\-][A-Za-z0-9])" if _ASCII_WORD.match(name[-1:]) else ""


def _without(text: str, match: re.Match[str]) -> str:
    before, after = text[: match.start()], text[match.end() :]
    if not before.strip():
        return after.lstrip() or text
    if not after.strip():
        return before.rstrip()
    kept = before.rstrip(_SPACES), after.lstrip(_SPACES)
    # One space stays between two words; none between a word and a comma, or two Chinese characters.
    spaced = kept[0] != before and kept[1] != after
    return (" " if spaced else "").join(kept)
