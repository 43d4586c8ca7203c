"""Sounds are made, measured, and turned into MP3."""

from __future__ import annotations

import pytest

from playground.media import Unreadable, sounds


def test_a_wav_is_as_long_as_it_was_made() -> None:
    assert sounds.seconds_of(sounds.tone(3.2)) == pytest.approx(3.2)


def test_an_mp3_is_as_long_as_the_wav_that_it_was_made_of() -> None:
    mp3 = sounds.to_mp3(sounds.tone(3.2))
    assert sounds.is_mp3(mp3)
    assert sounds.seconds_of(mp3) == pytest.approx(3.2, abs=0.15)
    assert sounds.seconds_of(b"ID3\x04\0\0\0\0\0\x05hello" + mp3) == sounds.seconds_of(mp3)


def test_the_same_sound_is_the_same_mp3() -> None:
    assert sounds.to_mp3(sounds.tone(1, "a")) == sounds.to_mp3(sounds.tone(1, "a"))
    assert sounds.to_mp3(sounds.tone(1, "a")) != sounds.to_mp3(sounds.tone(1, "b"))


def test_more_words_take_longer_to_say_and_other_words_are_other_bytes() -> None:
    short, long = sounds.spoken("hello"), sounds.spoken("hello, how are you this morning?")
    assert (sounds.seconds_of(short) or 0) < (sounds.seconds_of(long) or 0)
    assert sounds.spoken("hello") == short != sounds.spoken("hallo")


@pytest.mark.parametrize("content", [b"", b"OggS", b"#!AMR\n", b"RIFF\0\0\0\0WAVE", b"\xff\xff\xff\xff"])
def test_of_other_bytes_nobody_says_how_long_they_are_or_makes_an_mp3(content: bytes) -> None:
    assert sounds.seconds_of(content) is None
    with pytest.raises(Unreadable):
        sounds.to_mp3(content)
