"""The vendor's pages that code and docs cite by id are those of docs/vendor-pages.md."""

from __future__ import annotations

import base64
import re

from relay.config.settings import APP_FOLDER

INDEX = APP_FOLDER / "docs" / "vendor-pages.md"
ROWS = dict(re.findall(r"^\| `(\w+)` \| .+ \| (\S*) ?\|$", INDEX.read_text(encoding="utf-8"), re.MULTILINE))


def is_page_id(word: str) -> bool:
    """Whether a word has the form of the ids: an eight-digit number in Base64, without its first and last character."""
    return base64.b64decode(f"M{word}=").isdigit()


def cited() -> set[str]:
    """The ids in the code and the docs, the index left out."""
    files = [
        *(APP_FOLDER / "relay").rglob("*.py"),
        *(APP_FOLDER / "playground").rglob("*.py"),
        *(APP_FOLDER / "docs").glob("*.md"),
        *APP_FOLDER.glob("*.md"),
    ]
    words = {
        word
        for file in files
        if file != INDEX
        for word in re.findall(r"\b[A-Za-z][A-Za-z0-9]{9}\b", file.read_text(encoding="utf-8"))
    }
    return set(filter(is_page_id, words))


def test_every_page_that_is_cited_is_in_the_index_and_no_other() -> None:
    assert len(ROWS) > 10
    assert cited() == set(ROWS)


def test_an_address_in_the_index_is_that_pages() -> None:
    hosts = r"https://doc\.(?:commsease\.com|yunxin\.163\.com)"
    assert [
        id for id, url in ROWS.items() if url and not re.fullmatch(rf"{hosts}/\S+/{id}(\?\S+)?", url)
    ] == []
