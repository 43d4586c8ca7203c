"""Markdown of a model: shown as plain text, remembered as it was written, the same on every try."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from relay.config.bots import Bot
from relay.errors import ImBlocked, ImUnavailable
from relay.memory.rows import REPLY_MAX_CHARS, Entry
from relay.outgoing import Picture
from relay.ports import Completion, Outgoing
from relay.turn import layout
from relay.turn.layout import in_parts, shown_text
from tests.kit import RelayKit

WRITTEN = "# Title\n\n**Bold** and [a page](https://e.com/p)."
SHOWN = "Title\n\nBold and a page (https://e.com/p)."


@pytest.fixture
def marked(relay: RelayKit) -> RelayKit:
    """A model that writes Markdown."""
    relay.model.default = WRITTEN
    return relay


def row(relay: RelayKit) -> Mapping[str, Any]:
    (only,) = (row for row in relay.tables.rows() if row.get("kind") == "reply")
    return only


def response(relay: RelayKit, body: dict[str, Any]) -> str:
    return str(json.loads(relay.post_body(body).get_body())["reply"]["text"])


def test_markdown_is_shown_as_plain_text_and_remembered_as_written(marked: RelayKit) -> None:
    marked.post("hello")
    assert marked.replies == [SHOWN]
    marked.clock.advance(1)
    marked.post("and?")
    assert ("assistant", WRITTEN) in marked.model.asked()[-1]


def test_a_bot_or_a_function_may_keep_it(marked: RelayKit) -> None:
    marked.configure_bot(markdown="keep", functions={"f": {"markdown": "plain"}})
    marked.post("hello")
    marked.clock.advance(1)
    marked.post_chatbot("hello", function="f")
    assert marked.replies == [WRITTEN, SHOWN]


def test_what_is_no_markdown_has_no_other_form(relay: RelayKit) -> None:
    relay.post("hello")
    assert {"plain", "parts"} & row(relay).keys() == set()


def test_what_is_shown_is_stored_so_that_a_retry_shows_the_same(
    marked: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked.im.script = [ImUnavailable("no answer")]
    marked.post("hello")
    assert (row(marked)["text"], row(marked)["plain"]) == (WRITTEN, SHOWN)
    monkeypatch.setattr(layout, "plain_text", str.upper)  # as another version of the parser
    marked.settle()
    assert marked.replies == [SHOWN]


def test_a_version_that_does_not_know_the_plain_form_sends_it_all_the_same(
    marked: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked.im.script = [ImUnavailable("no answer")]
    known = Entry.from_row
    monkeypatch.setattr(Entry, "from_row", staticmethod(lambda *row: replace(known(*row), plain="")))
    marked.post("hello")
    marked.settle()
    assert marked.replies == [SHOWN]


def test_a_long_reply_is_cut_after_it_was_made_plain(relay: RelayKit) -> None:
    relay.model.default = "**A** sentence. " * 600
    relay.post("hello")
    assert " ".join(relay.replies).split() == ("A sentence. " * 600).split()
    assert len(relay.replies) == 2


def test_a_response_bot_returns_plain_text_and_a_copy_gets_the_same(
    marked: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = marked.chatbot("hello", "echo")
    assert response(marked, body) == SHOWN
    monkeypatch.setattr(layout, "plain_text", str.upper)
    assert response(marked, body) == SHOWN


def test_a_response_is_one_text_however_long_it_is(relay: RelayKit) -> None:
    relay.model.default = "**A** sentence. " * 1000
    assert response(relay, relay.chatbot("hello", "echo")) == ("A sentence. " * 1000).strip()


def test_forget_leaves_nothing_of_the_plain_form(marked: RelayKit) -> None:
    marked.post("hello")
    marked.clock.advance(1)
    marked.post("/forget")
    assert {name: row(marked)[name] for name in ("text", "plain", "parts")} == dict.fromkeys(
        ("text", "plain", "parts"), ""
    )


def test_moderation_takes_the_plain_form_with_it(marked: RelayKit) -> None:
    def refuse(outgoing: Outgoing) -> None:
        if outgoing.text == SHOWN:
            raise ImBlocked("result code 107451")
        marked.im.show(outgoing)

    marked.im.default = refuse
    marked.post("hello")
    assert "moderation" in marked.replies[-1]
    assert row(marked)["plain"] == ""


def test_what_a_model_declines_is_plain_as_well(relay: RelayKit) -> None:
    relay.model.default = Completion("I **cannot** do that.", ended="declined")
    relay.post("hello")
    assert relay.replies == ["I cannot do that."]


def test_links_that_become_media_are_taken_out_of_the_written_text_first(relay: RelayKit) -> None:
    relay.configure_bot(send_links=True)
    relay.model.default = (
        "**Look:**\n\n![A *cat*](https://e.com/cat.png)\n\n## And\n[a page](https://e.com/p)"
    )
    relay.post("hello")
    assert [sent.medium or sent.text for sent in relay.im.shown] == [
        "Look:",
        Picture("https://e.com/cat.png", name="A *cat*", ext="png"),
        "And\na page (https://e.com/p)",
    ]


def test_a_plain_form_that_outgrows_a_reply_is_not_used() -> None:
    bot = Bot(accid="helper", name="Helper", system_prompt="x")
    table = f"| {'h' * 900} | b |\n|---|---|\n" + "| 1 | 2 |\n" * 20
    written = "\n".join([table] * 4)
    assert len(written) < REPLY_MAX_CHARS
    assert shown_text(bot, written) == written
    assert in_parts(bot, Entry("m|8", "reply", "stored", "alice", written, "c:1")).plain == ""
