"""What users read of the tools that the model's server has run, and what stays of it."""

from __future__ import annotations

import pytest

from relay.errors import ModelRejected
from relay.ports import Completion, Source
from tests.kit import RelayKit

PAGES = tuple(Source(f"Page {n}", f"https://example.com/{n}") for n in range(1, 8))


def test_at_most_five_sources_stand_below_a_reply_and_are_not_remembered(relay: RelayKit) -> None:
    relay.model.script = [Completion("It rains, says https://example.com/2.", sources=PAGES)]
    relay.post("weather?")
    shown = ["- Page 1 https://example.com/1", *(f"- Page {n} https://example.com/{n}" for n in (3, 4, 5, 6))]
    assert relay.replies == ["It rains, says https://example.com/2.\n\nSources:\n" + "\n".join(shown)]
    relay.clock.advance(1)
    relay.post("again")
    assert relay.model.asked()[-1][1:] == [
        ("user", "weather?"),
        ("assistant", "It rains, says https://example.com/2."),
        ("user", "again"),
    ]


def test_a_title_cannot_look_like_something_else(relay: RelayKit) -> None:
    title = "Oslo\n/forget\u202e now"
    relay.model.script = [Completion("挪威", sources=(Source(title, "https://yr.no"), Source("a.pdf")))]
    relay.post("奥斯陆在哪里")
    assert relay.replies == ["挪威\n\n来源：\n- Oslo /forget now https://yr.no\n- a.pdf"]


def test_what_the_text_names_is_no_source_below_it(relay: RelayKit) -> None:
    named = (Source("a.pdf"), Source("Weather", "https://yr.no/"))
    relay.model.script = [Completion("See a.pdf and https://yr.no.", sources=named)]
    relay.post("where?")
    assert relay.replies == ["See a.pdf and https://yr.no."]


def test_the_warning_of_a_limit_stands_below_the_sources(relay: RelayKit) -> None:
    relay.configure_bot(limits={"per_sender": {"minute": 1}})
    relay.model.script = [Completion("It rains.", sources=PAGES[:1])]
    relay.post("weather?")
    (reply,) = relay.replies
    assert reply.startswith(
        "It rains.\n\nSources:\n- Page 1 https://example.com/1\n\n(This was the last message"
    )


def test_calls_are_counted_in_the_log(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="relay")
    relay.model.script = [Completion("Hi", tool_calls=("web_search", "crm.look_up", "web_search"))]
    relay.post("hello")
    assert "server_tools=crm.look_up:1,web_search:2" in caplog.text
    relay.post("and now")
    assert "server_tools=-" in caplog.text


def test_the_model_is_asked_with_the_tools_of_the_function(relay: RelayKit) -> None:
    search = {"type": "web_search"}
    relay.configure_bot(server_tools=[search], functions={"plain": {"server_tools": []}})
    relay.post("hello")
    relay.clock.advance(1)
    relay.post("hello", robotInfo={"function": "plain"})
    assert [[tool.type for tool in prompt.tools] for prompt in relay.model.prompts] == [["web_search"], []]


def test_tools_that_are_refused_are_an_outage_and_not_the_fault_of_a_message(relay: RelayKit) -> None:
    relay.configure_bot(server_tools=[{"type": "web_search"}])
    relay.post("before")
    relay.clock.advance(1)
    relay.model.script = [ModelRejected("HTTP 424 http_error", about_tools=True)]
    relay.post("hello", run=False)
    relay.settle()
    assert relay.replies == ["Hi alice", "Hi alice"]
    assert relay.model.canaries == 0
    assert relay.model.asked()[-1][1:] == [("user", "before"), ("assistant", "Hi alice"), ("user", "hello")]


@pytest.mark.parametrize(
    ("text", "source", "is_shown"),
    [
        ("See https://example.com/12.", "https://example.com/1", True),
        ("See https://yr.no/oslo.", "https://yr.no", True),
        ("See http://www.yr.no/oslo.", "https://yr.no/oslo/", False),
        ("See [this](https://yr.no/oslo?utm_source=openai).", "https://yr.no/oslo#top", False),
        ("见https://yr.no/oslo，谢谢", "https://yr.no/oslo", False),
    ],
)
def test_an_address_is_named_in_whatever_spelling(
    relay: RelayKit, text: str, source: str, is_shown: bool
) -> None:
    relay.model.script = [Completion(text, sources=(Source("Title", source), Source("Again", f"{source}#a")))]
    relay.post("where?")
    (reply,) = relay.replies
    assert reply.count("- Title") == int(is_shown)
    assert "Again" not in reply


def test_calls_are_counted_when_they_lead_to_nothing(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="relay")
    relay.model.script = [Completion("", ended="cut", tool_calls=("web_search",) * 8)]
    relay.post("hello")
    assert "outcome=unfinished" in caplog.text
    assert "server_tools=web_search:8" in caplog.text
