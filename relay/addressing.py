"""Mentions: which bot a group message addresses by ``@`` and its name, another name of it, or its accid.

The platform has no mention field in a message copy: "@" is a list of accids to push to, and that list is not
copied. So the text itself is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from relay.bots import Bot

_AT = re.compile("[@＠﹫]")
_SPACES = " \t\u00a0\u2005\u3000"
"""U+2005 is what mobile clients put behind a mention; U+3000 is the Chinese space."""

_LINK = re.compile(
    r"(?<![a-z0-9+.\-])(?:[a-z][a-z0-9+.\-]*://|www\.|[a-z0-9\-]+(?:\.[a-z0-9\-]+)+/)"
    # It ends at what ends a sentence in Chinese, and where a comma stands right before a mention.
    r"(?:(?![,;][@＠﹫])[^\s<>\"'，。！？；：、（）【】「」『』《》])*",
    re.IGNORECASE,
)
_HOST = re.compile(r"[@＠:][a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.[a-z]", re.IGNORECASE)
"""Behind a name: the rest of an address, such as ``@name@host.example`` or ``@name:host.example``."""

_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff]"
)
"""Han, kana, hangul, Thai, Lao, Tibetan, Myanmar, Khmer: where a word ends, a text in them does not show."""

_JOINERS = "\u200c\u200d"


def find_mention(text: str, bots: Iterable[Bot]) -> tuple[Bot, str] | None:
    """The bot that is mentioned first in ``text``, and the text without that mention.

    Names and accids are compared by :func:`folded`, behind ``@``; of two that fit at one place the longer wins, then
    an accid before a name, then the order of the bots file. A name ends where its word ends (``@bot`` is not in
    ``@bots``, nor in ``@bot.two``), unless it or what follows is in a script without word ends. An ``@`` in a link, a
    path, a package name or an address mentions nobody. A text of nothing but the mention stays as it is.
    """
    if not _AT.search(text):
        return None
    candidates = tuple(bots)
    names = _names(tuple((bot.accid, bot.name, *bot.aliases) for bot in candidates))
    links = _LINK.finditer(text)
    link = next(links, None)
    for match in _AT.finditer(text):
        while link is not None and link.end() <= match.start():
            link = next(links, None)
        in_link = link is not None and link.start() <= match.start()
        if in_link or not _may_begin(text, match.start()):
            continue
        for name, index in names:
            if (end := _end(text, match.end(), name)) is not None:
                return candidates[index], _without(text, match.start(), end)
    return None


def strip_mention(text: str, bot: Bot) -> str:
    """The text without a leading mention of ``bot``, which the message addresses in another way already."""
    start = len(text) - len(text.lstrip())
    if _AT.match(text, start):
        for name, _ in _names(((bot.accid, bot.name, *bot.aliases),)):
            if (end := _end(text, start + 1, name)) is not None:
                return _without(text, start, end)
    return text


def folded(text: str) -> str:
    """What two spellings of one name have in common: case, composed or decomposed, full or half width (NFKD).

    The compatibility form, since Chinese keyboards write ``＠Ｈｅｌｐｅｒ``; decomposed, since only so the fold of a
    text begins with the fold of its beginning.
    """
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


@lru_cache(maxsize=64)
def _names(bots: tuple[tuple[str, ...], ...]) -> list[tuple[str, int]]:
    """Folded names with the index of their bot, the longest first, accids before names."""
    accids = [(folded(accid), index) for index, (accid, *_) in enumerate(bots)]
    others = [(folded(name), index) for index, (_, *names) in enumerate(bots) for name in names]
    return sorted(accids + others, key=lambda entry: -len(entry[0]))


def _may_begin(text: str, at: int) -> bool:
    """Whether a mention may begin here: not in the middle of an address or a path."""
    before = text[at - 1 : at]
    return not (before and (_continues_word(before) or before in "/\\+%"))


def _end(text: str, start: int, name: str) -> int | None:
    """Where a folded name that begins at ``start`` ends in the text; None when it is not there as a whole."""
    chunk = text[start : start + len(name)]  # no character folds to nothing
    if not folded(chunk).startswith(name):
        return None
    for end in range(start + 1, start + len(chunk) + 1):
        if folded(text[start:end]) == name:
            return end if _may_end(text, end) else None
    return None  # it ends inside of a character


def _may_end(text: str, end: int) -> bool:
    after = text[end : end + 1]
    if not after:
        return True
    if unicodedata.combining(after):
        return False
    beyond = text[end + 1 : end + 2]
    if _HOST.match(text, end) or (after in "/\\" and beyond.isalnum()):
        return False
    if not _continues_word(text[end - 1]):
        return True
    in_word = _continues_word(after) or (after in _JOINERS + ".-" and beyond and _continues_word(beyond))
    return not in_word


def _continues_word(character: str) -> bool:
    """Whether a character is part of a word in a script that shows where words end."""
    if _WITHOUT_SPACES.match(character):
        return False
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")


def _without(text: str, start: int, end: int) -> str:
    before, after = text[:start], text[end:]
    if not before.strip():
        return after.lstrip() or text
    if not after.strip():
        return before.rstrip()
    kept = before.rstrip(_SPACES), after.lstrip(_SPACES)
    # One space stays between two words; none between a word and a comma, or two Chinese characters.
    spaced = kept[0] != before and kept[1] != after
    return (" " if spaced else "").join(kept)
