"""How two spellings of one word compare, and what of a text nobody can see or send."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

PIECE_MAX_CHARS = 32
"""So many characters are compared as one. Unicode's Stream-Safe Text Format allows 30 marks on a character; a text with
more of them is an attack: putting marks in order takes time that grows with the square of their number."""

INVISIBLE = re.compile(
    # Default_Ignorable_Code_Point of Unicode: soft hyphen, joiners, direction marks, BOM, variation selectors, fillers…
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # And what shows nothing without being in it: control characters that are no space, the braille cell without
    # a dot, and the place of an object, which dictation leaves behind.
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u2800\ufffc]"
)


def storable(text: str) -> str:
    """The text without half a surrogate pair, which could be stored, but never be sent again."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_blank(text: str) -> bool:
    """Whether there is nothing to see."""
    return not INVISIBLE.sub("", text).strip()


def one_line(text: str) -> str:
    """A name on one line, without what people cannot see: marks that turn the text around or hide some of it."""
    seen = (character for character in text if unicodedata.category(character) != "Cf")
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in seen).split())


def fold(text: str) -> str:
    """The text as it compares: the same for two that people read as the same word.

    That is Unicode's compatibility caseless match (Unicode Standard, D146) without what is invisible. NFKC is needed
    rather than NFC, because an input method for Chinese writes full-width Latin letters, half-width kana and U+3000
    as easily as the plain ones. The result is in the decomposed form (NFKD), which says the same: decomposing
    works character by character, so that a place in the folded text has its place in the original.

    Also, every i is one letter, with a dot or without, as in Python's ``re.IGNORECASE``: which of them is the small
    form of ``I`` depends on the language.
    """
    return "".join(piece for _, piece in pieces(text))


def pieces(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """The text from ``start``, a character with its marks at a time.

    Yields:
        The index behind the piece in ``text``, and the piece folded: empty for what is invisible.
    """
    while start < len(text):
        end = start + 1
        if INVISIBLE.match(text, start):
            yield end, ""
        else:
            limit = min(len(text), start + PIECE_MAX_CHARS)
            while end < limit and _is_mark(text[end]):
                end += 1
            yield end, _folded(text[start:end])
        start = end


def _is_mark(character: str) -> bool:
    """Whether normalising may move it across its neighbours."""
    # Half-width kana have a mark of their own width, which is a letter until it is decomposed.
    return not character.isascii() and unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0


def _folded(piece: str) -> str:
    if piece.isascii():
        return piece.lower()
    folded = unicodedata.normalize("NFD", piece)
    for _ in range(2):  # what is decomposed may have a capital in it, and a small letter may be decomposed
        folded = unicodedata.normalize("NFKD", folded.casefold())
    return INVISIBLE.sub("", folded).replace("i\u0307", "i").replace("ı", "i")
