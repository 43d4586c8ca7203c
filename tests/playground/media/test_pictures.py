"""Pictures are drawn from a few words, and said to be what they are."""

from __future__ import annotations

import pytest

from playground.media import Unreadable, pictures


@pytest.mark.parametrize("colour", pictures.COLOURS)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_looks_as_it_was_described(colour: str, form: str) -> None:
    drawn = pictures.draw(f"{colour} 64x48", form)
    assert str(pictures.look(drawn)) == f"64 × 48, {colour}"


@pytest.mark.parametrize(
    "described", ["red", "red 0x10", "red 10x9999", "mauve 10x10", "RED 10x10", "red 10x10 2s"]
)
def test_what_is_no_description_is_refused_with_the_colours(described: str) -> None:
    with pytest.raises(Unreadable, match="orange"):
        pictures.draw(described)


def test_the_same_words_are_the_same_bytes() -> None:
    assert pictures.draw("red 10x10") == pictures.draw("red 10x10")


@pytest.mark.parametrize("content", [b"", b"plain text", pictures.draw("red 64x64", "JPEG")[:300]])
def test_what_is_no_picture_or_a_broken_one_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        pictures.look(content)
