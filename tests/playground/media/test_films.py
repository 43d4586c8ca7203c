"""Films are made of a few words, and their first picture is taken out."""

from __future__ import annotations

import pytest

from playground.media import Unreadable, films, pictures, sounds


def test_a_film_is_as_long_as_it_was_described_and_begins_with_its_picture() -> None:
    film = films.shoot("blue 320x240 2s")
    assert film.milliseconds == 2000
    assert str(pictures.look(films.first_frame(film.content))) == "320 × 240, blue"
    assert str(pictures.look(films.first_frame(film.content, 80, 80))) == "80 × 60, blue"


@pytest.mark.parametrize("described", ["blue 320x240", "blue 320x240 0s", "nothing", "mauve 9x9 1s"])
def test_what_describes_no_film_is_refused(described: str) -> None:
    with pytest.raises(Unreadable):
        films.shoot(described)


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\x18ftypmp42", sounds.tone(0.1), pictures.draw("red 9x9", "JPEG")]
)
def test_other_films_are_not_decoded(content: bytes) -> None:
    with pytest.raises(Unreadable, match="Motion JPEG"):
        films.first_frame(content)
