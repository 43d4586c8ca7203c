"""Attachments as everybody writes them: in strings or numbers, with much missing and much beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.attachments import MEDIUM_KINDS, Attachment, MediumKind


@pytest.mark.parametrize(
    ("kind", "attach", "described"),
    [
        ("picture", {"url": "u", "w": 500, "h": "400"}, "a picture, 500 × 400"),
        (
            "picture",
            {"url": "u", "width": 500, "height": 400, "ext": ".JPG", "sceneName": "x"},
            "a picture, 500 × 400",
        ),
        ("picture", {}, "a picture"),
        ("picture", {"w": 0, "h": -1}, "a picture"),
        ("audio", {"dur": 3900}, "a voice message, 4 s"),
        ("audio", {"dur": "12"}, "a voice message, 12 s"),
        ("audio", {"duration": 4551}, "a voice message, 5 s"),
        ("audio", {"dur": True}, "a voice message"),
        ("video", {"w": 360, "h": 480, "dur": 1456}, "a video, 360 × 480, 1 s"),
        ("file", {"name": "a.pdf", "size": "1234567"}, "a file, a.pdf, 1.2 MB"),
        ("file", {"name": "a.txt", "size": 12}, "a file, a.txt, 12 bytes"),
        (
            "location",
            {"lat": 30.18704515647036, "lng": 120.19, "title": "here"},
            "a place, here, 30.187, 120.19",
        ),
        ("location", {"latitude": "1", "longitude": "-2", "address": "there"}, "a place, there, 1, -2"),
        ("location", {"lat": 100, "lng": 0, "title": "nowhere"}, "a place, nowhere"),
        ("custom", {"type": 1, "data": {"value": 2}}, "rock, paper, scissors: scissors"),
        ("custom", {"order": 7}, 'a message of the app\'s own kind, {"order": 7}'),
        ("custom", {}, "a message of the app's own kind"),
        ("tip", {"msg": "Bob left"}, "a notice of the app, Bob left"),
    ],
)
def test_an_attachment_is_described(kind: MediumKind, attach: dict[str, Any], described: str) -> None:
    read = Attachment.read(kind, attach)
    assert read.described() == described
    assert Attachment.from_json(read.to_json()) == read


def test_an_address_that_is_too_long_is_none() -> None:
    assert Attachment.read("picture", {"url": "x" * 2049}).url == ""
    assert Attachment.read("picture", {"url": "x" * 2048}).url


def test_a_kind_of_a_newer_version_is_passed_over() -> None:
    assert Attachment.from_json('{"kind": "hologram"}') is None
    assert Attachment.from_json('{"kind": "file", "name": "a", "smell": 1}') == Attachment("file", name="a")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_half_a_surrogate_pair_is_stored_by_nobody() -> None:
    Attachment.read("file", {"name": "a\ud83d"}).to_json().encode()
    Attachment.read("custom", {"name": "a\ud83d"}).to_json().encode()


KEYS = st.sampled_from(
    ["url", "name", "ext", "md5", "size", "w", "h", "dur", "lat", "lng", "title", "msg", "type"]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(MEDIUM_KINDS), st.dictionaries(KEYS, JSON, max_size=6))
def test_nothing_that_anybody_sends_fails(kind: MediumKind, attach: dict[str, Any]) -> None:
    read = Attachment.read(kind, attach)
    text = read.to_json()
    json.dumps(text)
    assert Attachment.from_json(text) == read
    assert read.described()
