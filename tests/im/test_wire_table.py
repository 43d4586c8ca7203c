"""How every kind of message is on the wire, in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.attachments import MEDIUM_KINDS, Attachment
from relay.im.requests import MESSAGE_TYPES, attachment
from tests.im.__main__ import in_document
from tests.im.wire_table import IN, OUT, sent, table, taken


def test_the_table_in_the_docs_is_what_the_relay_writes_and_reads() -> None:
    assert in_document() == table(), "python -m tests.im --write"


def test_both_directions_have_every_kind() -> None:
    assert set(OUT) == set(IN) == {"text", *MEDIUM_KINDS}


@pytest.mark.parametrize("kind", MEDIUM_KINDS)
def test_the_numbers_are_the_same_in_both_directions(kind: str) -> None:
    assert MESSAGE_TYPES[kind] == IN[kind][1]  # type: ignore[index]


DOCUMENTED: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "text": ({"message_type": 0, "text": "hello"}, "0", {"msg": "hello"}),
    "picture": (
        {"message_type": 1},
        "1",
        {
            **{"name": "a.jpg", "md5": "d0323f8d447abf3df7256bd66f9d5b62"},
            **{"url": "https://cdn.example.com/a.jpg", "ext": "jpg", "w": 6814, "h": 2332, "size": 388245},
        },
    ),
    "audio": (
        {"message_type": 2},
        "2",
        {
            **{"dur": 4551, "md5": "d0323f8d447abf3df7256bd66f9d5b62"},
            **{"url": "https://cdn.example.com/b.mp3", "ext": "mp3", "size": 16420},
        },
    ),
    "video": (
        {"message_type": 3},
        "3",
        {
            **{"dur": 8003, "md5": "d0323f8d447abf3df7256bd66f9d5b62", "name": "c.mp4"},
            **{"url": "https://cdn.example.com/c.mp4", "w": 360, "h": 480, "ext": "mp4", "size": 16420},
        },
    ),
    "location": ({"message_type": 4}, "4", {"title": "杭州市", "lng": 120.19, "lat": 30.18}),
    "file": (
        {"message_type": 6},
        "6",
        {
            **{"name": "d.pdf", "md5": "d0323f8d447abf3df7256bd66f9d5b62"},
            **{"url": "https://cdn.example.com/d.pdf", "ext": "pdf", "size": 91680},
        },
    ),
    "tip": ({"message_type": 10, "text": "Alice joined"}, "10", {"msg": "Alice joined"}),
    "custom": ({"message_type": 100}, "100", {"type": "order", "id": 7}),
}
"""Kind → v2's ``message`` without its attachment, v1's ``type``, and the JSON of both (docs TEzMDQwODc, DQ2NTg4ODE)."""


@pytest.mark.parametrize("kind", OUT)
def test_each_kind_is_written_as_it_is_documented(kind: str) -> None:
    wire = dict(sent(kind))
    message, number, content = DOCUMENTED[kind]
    expected = message if "text" in message else {**message, "attachment": content}
    assert json.loads("{" + wire["v2"] + "}") == {"message": expected}
    type_, body = wire["v1"].split(" body=")
    assert (type_, json.loads(body)) == (f"type={number}", content)


@pytest.mark.parametrize("kind", MEDIUM_KINDS)
def test_what_is_sent_would_be_read_as_what_it_is(kind: str) -> None:
    medium = OUT[kind]
    assert not isinstance(medium, str)
    read = Attachment.read(medium.kind, attachment(medium))
    for name in ("url", "name", "ext", "md5", "size", "width", "height", "milliseconds", "latitude", "title"):
        if hasattr(medium, name):
            assert getattr(read, name) == getattr(medium, name)


@pytest.mark.parametrize("kind", IN)
def test_each_kind_is_told_alike_whatever_input_it_comes_by(kind: str) -> None:
    ways = list(taken(kind))
    assert len(ways) == 3
    assert len({told for _, _, told in ways}) == 1
