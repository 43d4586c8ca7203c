"""docs/privacy.md says where anything of a person is stored."""

from __future__ import annotations

import dataclasses

from relay.config.settings import APP_FOLDER
from relay.keys import HISTORY_PREFIX, LEASE_TABLE, LIMITS_PREFIX
from relay.memory.rows import WORDLESS, Entry
from relay.outbox import FAILED, POISON, RECORD_SECONDS, TURNS

PAGE = (APP_FOLDER / "docs" / "privacy.md").read_text(encoding="utf-8")

SAID = {
    "text": "text",
    "nick": "nickname",
    "custom": "`customContent`",
    "attached": "of a medium its URL, name, size and digest",
    "words": "what was heard or read in it",
    "plain": "Of a reply: its text",
    "note": "Of a reply: its text",
    "parts": "Of a reply: its text",
    "media": "the URLs of its pictures and files",
    "calls": "what it was asked",
    "results": "what it answered",
    "pending": "what it was asked",
}
"""Every property of a row that holds words, and where the page tells it."""


def test_every_table_and_queue_is_on_the_page() -> None:
    names = (f"{HISTORY_PREFIX}YYYYMMDD", f"{LIMITS_PREFIX}YYYYMMDD", LEASE_TABLE, TURNS, POISON, FAILED)
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    assert RECORD_SECONDS == 7 * 24 * 3600  # "a week"


def test_every_property_that_holds_words_is_on_the_page() -> None:
    unstored = {"key", "etag", "fresh", "unknown"}
    stored = {field.name for field in dataclasses.fields(Entry)} - unstored
    assert set(SAID) == stored - WORDLESS
    assert [said for said in SAID.values() if said not in " ".join(PAGE.split())] == []
