"""What a bot may send, and the form in which a row keeps it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from relay.outgoing import (
    Custom,
    File,
    Medium,
    Picture,
    Place,
    Tip,
    Video,
    Voice,
    extension_of,
    from_fields,
    line_of,
    to_fields,
)

URL = "https://cdn.example.com/a.png"
EVERY: list[Medium] = [
    Picture(URL, name="A.png", ext="png", md5="d0323f8d447abf3df7256bd66f9d5b62", size=9, width=2, height=1),
    Voice("https://cdn.example.com/b.mp3", 3900, ext="mp3", size=14181),
    Video("https://cdn.example.com/c.mp4", 1456, name="c", ext="mp4", width=360, height=480),
    File("https://cdn.example.com/d.pdf", "报告.pdf", ext="pdf"),
    Place(0.0, 120.19, "杭州市"),
    Place(-30.5, 0),
    Tip("Alice joined"),
    Custom({"type": "order", "lines": [1, 2]}),
]


@pytest.mark.parametrize("medium", EVERY, ids=lambda medium: medium.kind)
def test_what_a_row_keeps_is_what_was_sent(medium: Medium) -> None:
    fields = json.loads(json.dumps(to_fields(medium)))
    assert from_fields(fields) == medium
    assert hash(medium) == hash(from_fields(fields))


def test_what_is_not_known_takes_no_room_in_a_row() -> None:
    assert to_fields(Picture(URL)) == {"kind": "picture", "url": URL}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "hologram", "url": URL},
        {},
        {"kind": "picture"},
        {"kind": "picture", "url": "ftp://cdn.example.com/a.png"},
    ],
)
def test_what_this_version_does_not_know_or_would_not_send_is_none(fields: dict[str, object]) -> None:
    assert from_fields(fields) is None


def test_fields_of_a_newer_version_are_passed_over() -> None:
    assert from_fields({"kind": "picture", "url": URL, "depth": 3}) == Picture(URL)


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: Picture("http://cdn.example.com/a.png"), "Picture.url: does not begin with https://"),
        (lambda: Picture("//cdn.example.com/a.png"), "Picture.url: does not begin with https://"),
        (lambda: Picture("https://"), "Picture.url: does not begin with https://"),
        (lambda: Picture("https://[::1"), "Picture.url: is no URL"),
        (lambda: Picture("https://a.example:x/"), "Picture.url: is no URL"),
        (lambda: Picture("https://a.example/a b"), "Picture.url: has a space"),
        (lambda: Picture("https://a.example/" + "a" * 2048), "Picture.url: is 2066 characters long"),
        (lambda: Picture(7), "Picture.url: is no text"),  # type: ignore[arg-type]
        (lambda: Picture(URL, name="n" * 256), "Picture.name: is 256 characters long"),
        (lambda: Picture(URL, name="\ud83d"), "Picture.name: has half of a character"),
        (lambda: Picture(URL, ext=".png"), "Picture.ext: is not valid"),
        (lambda: Picture(URL, md5="D0"), "Picture.md5: is not valid"),
        (lambda: Picture(URL, width="2"), "Picture.width: is not valid"),  # type: ignore[arg-type]
        (lambda: Picture(URL, size=-1), "Picture.size: is not valid"),
        (lambda: Voice(URL, True), "Voice.milliseconds: is not valid"),
        (lambda: File(URL, " "), "File.name: is blank"),
        (lambda: Place(91, 0), "Place.latitude: is not valid; accepted: degrees, -90 to 90"),
        (lambda: Place(0, float("nan")), "Place.longitude: is not valid"),
        (lambda: Place(0, "1"), "Place.longitude: is not valid"),  # type: ignore[arg-type]
        (lambda: Tip(""), "Tip.text: is 0 characters long"),
        (lambda: Tip("x" * 501), "Tip.text: is 501 characters long; accepted: 1 to 500"),
        (lambda: Custom([1]), "Custom.data: is no object"),  # type: ignore[arg-type]
        (lambda: Custom({}), "Custom.data: is no object, or an empty one"),
        (lambda: Custom({"at": float("inf")}), "Custom.data: cannot be written as JSON"),
        (lambda: Custom({"of": object()}), "Custom.data: cannot be written as JSON"),
        (lambda: Custom({"x": "x" * 4096}), "Custom.data: is 4104 characters long"),
    ],
)
def test_what_may_not_be_sent_cannot_be_made(make: Callable[[], Medium], wrong: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(wrong)):
        make()


def test_the_storage_of_the_playground_is_on_this_machine_and_speaks_http() -> None:
    assert Picture("http://127.0.0.1:8766/a.png").url


@pytest.mark.parametrize(
    ("medium", "line"),
    [
        (Picture(URL), URL),
        (Picture(URL, name="A cat"), f"A cat: {URL}"),
        (Voice(URL), URL),
        (File(URL, "a.pdf"), f"a.pdf: {URL}"),
        (Place(30.184, 120.19, "Hangzhou"), "Hangzhou (30.184, 120.19)"),
        (Place(30.184, 120.19), "30.184, 120.19"),
        (Tip("Alice joined"), "Alice joined"),
        (Custom({"type": 1}), ""),
    ],
)
def test_a_line_stands_for_it_where_there_is_only_text(medium: Medium, line: str) -> None:
    assert line_of(medium) == line


@pytest.mark.parametrize(
    ("path", "ext"),
    [("/a/b.PNG", "png"), ("a.tar.gz", "gz"), ("/a.b/c", ""), (".profile", ""), ("a.", ""), ("", "")],
)
def test_an_extension_is_behind_the_last_dot_of_the_name(path: str, ext: str) -> None:
    assert extension_of(path) == ext
