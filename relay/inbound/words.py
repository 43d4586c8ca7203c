"""Where a word begins and ends, as far as one can tell from the characters around that place."""

from __future__ import annotations

import re
import unicodedata

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf\U00011700-\U0001174f"  # Tai scripts, Ahom
    "\u1b00-\u1b7f\ua980-\ua9df"  # Balinese, Javanese
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # hangul: has spaces, but particles stand right behind a name
    "\u2e80-\ua4cf\uf900-\ufaff\uff66-\uffdc"  # Han, kana, bopomofo, hangul, Yi
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U00020000-\U0003fffd"  # the rest of these
)
"""Inside of a character class: scripts in which a text goes on behind a name without a space."""

_UNSPACED = re.compile(f"[{UNSPACED}]")
_WORD = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "Pc"}
_JAMO = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and final consonants of decomposed hangul: the rest of a syllable."""
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")


def in_spaced_word(character: str) -> bool:
    """Whether it is a letter, mark, digit or underscore of a script that puts spaces between words."""
    return unicodedata.category(character) in _WORD and not _UNSPACED.match(character)


def carries_on(character: str) -> bool:
    """Whether it belongs to the character before it, in any script."""
    # A half-width voiced sound mark, or the Thai vowel am, is a letter by itself and begins with a mark decomposed.
    begins = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.category(begins)[0] == "M" or bool(
        _JAMO.match(character) or _SKIN_TONES.match(character)
    )
