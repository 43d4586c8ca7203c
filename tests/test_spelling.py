"""Two spellings of a word."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.spelling import INVISIBLE, PIECE_MAX_CHARS, fold, is_blank, pieces

WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe\u0301", "Zoé"),
        ("ZOÉ", "zoé"),
        ("e\u0323\u0302", "e\u0302\u0323"),
        ("Ｈｅｌｐｅｒ", "Helper"),
        ("ﾎﾞｯﾄ", "ボット"),
        ("ホ\u3099ット", "ボット"),
        ("\u1112\u1161\u11ab", "한"),
        ("a\u3000b", "a b"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ﬁx", "FIX"),
        ("İSTANBUL", "istanbul"),
        ("IŞIK", "ışık"),
        ("Hel\u00adper\u200d", "\ufeffHelper"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_two_spellings_of_a_word_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Zoe", "Zoé"), ("하", "한"), ("ホ", "ボ"), ("a b", "ab"), ("и", "й"), ("Бот", "Bot")]
)
def test_two_words_are_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(WORDS)
def test_the_normal_form_of_a_word_makes_no_difference(word: str) -> None:
    assert {fold(unicodedata.normalize(form, word)) for form in ("NFC", "NFD")} == {fold(word)}


@given(WORDS)
def test_the_pieces_are_the_whole_text(word: str) -> None:
    ends = [end for end, _ in pieces(word)]
    assert ends == sorted(set(ends))
    assert ends[-1:] == [len(word)][: len(word)]


def test_any_number_of_marks_is_read_in_bounded_pieces() -> None:
    text = "a" + "\u0301\u0323" * 30_000
    begin = 0
    for end, _ in pieces(text):
        assert end - begin <= PIECE_MAX_CHARS
        begin = end


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\ufeff \u3164", "\u2800", "\U000e0041"])
def test_nothing_to_see_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "。", "👍", "\u0600", "\u0301"])
def test_something_to_see_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_no_letter_number_or_punctuation_is_invisible_but_the_fillers() -> None:
    seen = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code))[0] in "LNP"]
    assert [character for character in seen if INVISIBLE.match(character)] == [*"\u115f\u1160\u3164\uffa0"]
