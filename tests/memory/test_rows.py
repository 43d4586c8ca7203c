"""What a row holds, and what of it ``/forget`` leaves."""

from __future__ import annotations

import dataclasses

import pytest

from relay.keys import message_key
from relay.memory.rows import WORDLESS, Entry
from relay.messages import Message
from relay.outgoing import Custom
from relay.ports import Row, Value

AT = 1_700_000_000_000
WORDS = {
    *("text", "plain", "custom", "parts", "media", "nick", "note", "attached", "words"),
    *("calls", "results", "pending"),
}
NOT_STORED = {"key", "etag", "fresh", "unknown"}


def filled() -> Entry:
    """An entry with something in every property."""
    by_type: dict[str, object] = {"str": "17", "bool": True, "int": 3}
    values: dict[str, object] = {
        field.name: by_type.get(str(field.type))
        for field in dataclasses.fields(Entry)
        if field.name not in NOT_STORED
    }
    given = values | {
        "key": message_key(AT, "c:1"),
        "kind": "reply",
        "state": "sent",
        "text": "一" * 40_000,
        "custom": "😀" * 20_000,
        "parts": ("one", "two"),
        "covered": ("one hash", "another"),
        "media": (None, Custom({"type": 7})),
        "delivered": (("900", AT), ("901", AT + 1)),
    }
    return Entry(**given)  # type: ignore[arg-type]


def test_every_property_holds_words_or_is_named_as_wordless() -> None:
    stored = {field.name for field in dataclasses.fields(Entry)} - NOT_STORED
    assert stored == WORDS | WORDLESS
    assert not WORDS & WORDLESS


def test_what_is_stored_is_what_is_read() -> None:
    entry = filled()
    assert Entry.from_row(Row(entry.key, entry.values(), "")) == entry


def test_what_is_blanked_leaves_no_words() -> None:
    values: dict[str, Value] = {
        **filled().values(),
        "transcript": "of a newer version",
        "transcript_1": "its rest",
    }
    entry = Entry.from_row(Row(filled().key, values, ""))
    after = {**values, **entry.blanked()}
    assert {name for name, value in after.items() if value} == WORDLESS
    assert Entry.from_row(Row(entry.key, after, "")).client_id == entry.client_id


def test_what_waits_for_an_answer_is_a_text_whatever_else_it_is() -> None:
    picture = Message("helper", "alice", "c:1", AT, "look", medium="picture")
    entry = Entry.of(picture, "text", message_key(AT, "c:1"))
    assert (entry.kind, entry.state, entry.medium, entry.text) == ("text", "waiting", "picture", "look")


@pytest.mark.parametrize("kind", ["help", "new", "forget"])
def test_the_row_of_a_command_keeps_no_words(kind: str) -> None:
    command = Message("helper", "alice", "c:1", AT, "/forget what I said")
    assert Entry.of(command, kind, message_key(AT, "c:1")).text == ""  # type: ignore[arg-type]


def test_an_entry_after_a_change_is_what_would_be_read() -> None:
    entry = dataclasses.replace(filled(), fresh=True)
    changed = entry.changed(
        {"text": "shorter", "text_1": "", "text_2": "", "parts": "", "parts_sent": 0}, "etag-2"
    )
    assert (changed.text, changed.parts, changed.parts_sent, changed.etag) == ("shorter", (), 0, "etag-2")
    assert changed.fresh
