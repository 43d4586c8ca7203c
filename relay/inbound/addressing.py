"""Mentions: which bot a group message addresses by ``@name``, ``@alias`` or ``@accid``.

The platform has no mention field in a message copy: "@" is a list of accids to push to, and that list is not
copied. So the text itself is read, as people read it: a name in any spelling (:mod:`relay.spelling`) that ends where
its word ends (:mod:`relay.inbound.words`), and that is no piece of a link (:mod:`relay.inbound.links`), a path, a
package name or an address. What the model gets is the text as it came, without the mention.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from relay.config.bots import Bot
from relay.inbound.links import at_signs
from relay.inbound.words import carries_on, in_spaced_word
from relay.spelling import INVISIBLE, fold, is_blank, pieces

_SPACES = " \t\u00a0\u2005\u3000"
"""U+2005 is what mobile clients put behind a mention; U+3000 is the Chinese space."""

_OPENERS = "\u2066\u2067\u2068\u202a\u202b"
_CLOSERS = "\u2069\u202c"
"""Direction marks that apps put around a name, so that it reads the right way round in any text."""

_WORD_SPACE = "\u200b"
"""Nobody sees it, and still it parts words."""

_JOINER = "\u200d"

_PROCLITIC = re.compile(r"(?:^|\W)[א-תء-ي]{1,2}\Z")
"""A Hebrew or Arabic "and", "to", "in" is a letter or two, written together with the word behind it."""


def find_mention(text: str, bots: Iterable[Bot]) -> tuple[Bot, str] | None:
    """The bot that is mentioned first in ``text``, and the text without that mention.

    Names, aliases and accids count in any spelling, after ``@`` or ``＠``. Of several that fit at one place
    the longest wins; of the same, an accid, then the bot that comes first. A text of nothing but the mention stays as
    it is.
    """
    if "@" not in text and "＠" not in text:
        return None
    candidates = tuple(bots)
    names = _names(tuple(_called(bot) for bot in candidates))
    for at in at_signs(text):
        if _begins(text, at) and (mention := names.mention(text, at)):
            return candidates[mention.bot], _without(text, mention)
    return None


def strip_mention(text: str, bot: Bot) -> str:
    """The text without a leading mention of ``bot``, which the message addresses in another way already."""
    at = next((index for index, character in enumerate(text) if not is_blank(character)), None)
    if at is None or text[at] not in "@＠":
        return text
    mention = _names((_called(bot),)).mention(text, at)
    return _without(text, mention) if mention else text


@dataclass(frozen=True, slots=True)
class _Mention:
    """``text[start:end]`` mentions a bot, told by its place among the candidates."""

    bot: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Names:
    """What bots are called, folded.

    Attributes:
        bots: the place of the bot that a name belongs to.
        beginnings: every beginning of every name, so that most words are known to be none after a letter or two.
    """

    bots: dict[str, int]
    beginnings: frozenset[str]

    def mention(self, text: str, at: int) -> _Mention | None:
        """The longest name behind the ``@`` at this index whose word ends with it."""
        found: dict[str, tuple[int, str]] = {}
        spelt, last, begin = "", "", at + 1
        for end, piece in pieces(text, begin):
            spelt += piece
            if spelt not in self.beginnings:
                break
            if piece:
                last = text[begin]
            if spelt in self.bots:
                found[spelt] = (end, last)  # what is invisible behind a name belongs to it
            begin = end
        for name, (end, last) in reversed(found.items()):
            if _ends(text, end, last):
                around = text[end - 1] in _CLOSERS and text[at - 1 : at] in tuple(_OPENERS)
                return _Mention(self.bots[name], at - around, end)
        return None


def _called(bot: Bot) -> tuple[str, ...]:
    return (bot.accid, bot.name, *bot.aliases)


@lru_cache(maxsize=64)
def _names(bots: tuple[tuple[str, ...], ...]) -> _Names:
    """The names of bots, each of which is its accid and what else it is called."""
    places: dict[str, int] = {}
    named = [(accid, place) for place, (accid, *_) in enumerate(bots)]
    named += [(name, place) for place, (_, *names) in enumerate(bots) for name in names]
    for name, place in named:
        for folded in _forms(name):
            places.setdefault(folded, place)
    beginnings = {name[:length] for name in places for length in range(len(name) + 1)}
    return _Names(places, frozenset(beginnings))


def _forms(name: str) -> Iterator[str]:
    folded = fold(name).strip()
    # Some write the name in the bots file with the @ of a mention, some apps put another one in front of it.
    yield from filter(None, dict.fromkeys((folded, folded.lstrip("@"))))


def _begins(text: str, at: int) -> bool:
    """Whether a mention may begin here: not behind a word (``me@helper``), a slash (``/@helper``), a ``name=``."""
    while at and INVISIBLE.match(text, at - 1):
        if text[at - 1] in _OPENERS or text[at - 1] == _WORD_SPACE:
            return True
        at -= 1
    further, before = tuple(text[max(at - 2, 0) : at].rjust(2))
    if before in "+-_":  # in the middle of an account's name, or at the end of nothing
        return not in_spaced_word(further)
    if before == "=":
        return not (further == "]" or (in_spaced_word(further) and not further.isdigit()))
    if before in "/\\":
        return False
    return not in_spaced_word(before) or _PROCLITIC.search(text[max(at - 3, 0) : at]) is not None


def _ends(text: str, end: int, last: str) -> bool:
    """Whether a name that ends with the character ``last`` is not merely the beginning of another word here."""
    following, further = text[end : end + 1], text[end + 1 : end + 2]
    if not following or text[end - 1] == _WORD_SPACE or text[end - 1] in _CLOSERS:
        return True
    if carries_on(following):
        return False
    if text[end - 1] == _JOINER and unicodedata.category(following)[0] == "S":
        return False  # one emoji made of several
    if not in_spaced_word(last):
        return True
    if following in "./\\-\u2010\u2011@＠" and further:
        # helper.com, helper-2, the package @helper/core and its like, @helper@host: the word goes on.
        return not (in_spaced_word(further) or following + further == "/*")
    return not in_spaced_word(following)


def _without(text: str, mention: _Mention) -> str:
    before, after = text[: mention.start], text[mention.end :]
    if is_blank(before):
        return text if is_blank(after) else after.lstrip()
    if is_blank(after):
        return before.rstrip()
    kept = before.rstrip(_SPACES), after.lstrip(_SPACES)
    # One space stays between two words; none between a word and a comma, or two Chinese characters.
    spaced = kept[0] != before and (kept[1] != after or not _needs_no_space(kept[1][0]))
    return (" " if spaced else "").join(kept)


def _needs_no_space(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] == "P"
