"""The fixed sentences, and own wording of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from relay.config.bots import Bot, bots_in
from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError, ImBlocked, ModelBlocked, ModelOverflow, ModelRejected, ModelUnavailable
from relay.ports import Completion, Outgoing, Source
from relay.texts import RELAYS_OWN, WORDING_MAX_CHARS, Texts
from tests.kit import RelayKit

VIETNAMESE = {
    name: f"Câu «{name}»" + "".join(f" {{{each}}}" for each in text.placeholders) for name, text in RELAYS_OWN
}
"""Own wording of every sentence."""


def problem(**wording: Any) -> str:
    bot = {"accid": "helper", "name": "Helper", "system_prompt": "x", "texts": wording}
    with pytest.raises(ConfigError) as error:
        bots_in({"bots": [bot]}, "bots.toml")
    (only,) = error.value.problems
    return only.removeprefix('bots.toml: bot 1 ("helper"), ')


def bot_of(document: dict[str, Any]) -> Bot:
    (bot,) = bots_in(document, "bots.toml")
    return bot


def test_the_relay_speaks_the_language_of_the_message() -> None:
    assert RELAYS_OWN.new.say("hello") == RELAYS_OWN.new.en
    assert RELAYS_OWN.new.say("你好") == RELAYS_OWN.new.zh
    assert RELAYS_OWN.new.say("日本語です") == RELAYS_OWN.new.en


def test_both_languages_fill_in_the_same() -> None:
    for name, text in RELAYS_OWN:
        assert set(re.findall(r"{(\w+)", text.zh)) == set(text.placeholders), name


def test_own_wording_is_said_whatever_the_message_is_in() -> None:
    own = Texts.model_validate({"limited": "Hết lượt, {when}."})
    assert own.limited.say("hello", when="x") == own.limited.say("你好", when="x") == "Hết lượt, x."
    assert own.own == {"limited": "Hết lượt, {when}."}


def test_an_unknown_text_is_told_with_the_nearest() -> None:
    assert problem(faild="x") == 'key "texts", key "faild": unknown; did you mean "failed"?'


@pytest.mark.parametrize(
    ("name", "wording", "wrong"),
    [
        ("limited", "{wenn} {when}", "has {wenn}; accepted: 1 to 2000 characters, with {when}"),
        ("limited", "Later.", "lacks {when}; accepted: 1 to 2000 characters, with {when}"),
        (
            "forget",
            "{messages}",
            "lacks {replies}; accepted: 1 to 2000 characters, with {messages}, {replies}",
        ),
        (
            "too_long",
            "{length:>9}",
            "has {length:>9}; accepted: 1 to 2000 characters, in which {length} may stand",
        ),
        (
            "help",
            "{name.upper}",
            "has {name.upper}; accepted: 1 to 2000 characters, in which {name} may stand",
        ),
        ("help", "{name!r}", "has {name!r}; accepted: 1 to 2000 characters, in which {name} may stand"),
        ("help", "{}", "has {}; accepted: 1 to 2000 characters, in which {name} may stand"),
        ("failed", "{name}", "has {name}; accepted: 1 to 2000 characters, without placeholders"),
        (
            "failed",
            "a } b",
            "has a single { or }; for the character write it twice; accepted: 1 to 2000 characters, "
            "without placeholders",
        ),
        ("failed", " ", "is blank; accepted: 1 to 2000 characters, without placeholders"),
        (
            "failed",
            "x" * 2001,
            "is 2001 characters long; accepted: 1 to 2000 characters, without placeholders",
        ),
        ("failed", 5, "is 5; accepted: 1 to 2000 characters, without placeholders"),
    ],
)
def test_a_wording_that_cannot_be_said_stops_the_start(name: str, wording: object, wrong: str) -> None:
    assert WORDING_MAX_CHARS == 2000
    assert problem(**{name: wording}) == f'key "texts", key "{name}": {wrong}'


def test_a_placeholder_that_may_stand_need_not_and_a_brace_can_be_meant() -> None:
    own = Texts.model_validate({"too_long": "Quá dài.", "too_long_by": "{excess:,} {{x}}"})
    assert own.too_long.say("x", length=5) == "Quá dài."
    assert own.too_long_by.say("x", excess=1500) == "1,500 {x}"


def test_each_text_is_looked_up_by_itself_in_function_bot_and_defaults() -> None:
    bot = bot_of(
        {
            "defaults": {"texts": {"failed": "d", "empty": "d", "new": "d"}},
            "bots": [
                {
                    **{"accid": "helper", "name": "Helper", "system_prompt": "x"},
                    "texts": {"empty": "b", "new": "b"},
                    "functions": {"f": {"texts": {"new": "f"}}, "g": {}},
                }
            ],
        }
    )
    assert bot.texts.own == {"failed": "d", "empty": "b", "new": "b"}
    assert bot.for_function("f").texts.own == {"failed": "d", "empty": "b", "new": "f"}
    assert bot.for_function("g").texts.own == bot.texts.own


def test_no_room_says_anything_past_a_bots_own_wording() -> None:
    users = [
        path.name
        for path in (APP_FOLDER / "relay").rglob("*.py")
        if "RELAYS_OWN" in path.read_text(encoding="utf-8")
    ]
    assert users == ["texts.py"]


# --- a bot that is worded in Vietnamese never shows another language


@pytest.fixture
def worded(relay: RelayKit) -> RelayKit:
    relay.configure_bot("helper", texts=VIETNAMESE)
    relay.configure_bot("echo", texts=VIETNAMESE)
    return relay


def said(name: str, /, **values: object) -> str:
    return VIETNAMESE[name].format(**values)


def response(relay: RelayKit, text: str = "hello") -> str:
    answer = relay.post_body(relay.chatbot(text, "echo"), run=False)
    return str(json.loads(answer.get_body())["reply"]["text"])


@pytest.mark.parametrize("language", ["hello", "你好"])
@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (ModelBlocked("filter"), "blocked"),
        (ModelRejected("HTTP 400"), "refused"),
        (Completion(""), "empty"),
        (Completion("", ended="cut"), "unfinished"),
    ],
)
def test_why_there_is_no_answer_is_said_in_own_words(
    worded: RelayKit, answer: Exception | Completion, name: str, language: str
) -> None:
    worded.model.default = answer
    worded.post(language)
    assert worded.replies == [said(name)]


def test_a_message_that_is_too_long_reads_own_words(worded: RelayKit) -> None:
    worded.model.default = ModelOverflow("too long")
    worded.post("x" * 3000)
    assert worded.replies == [said("too_long", length=3000)]


def test_a_failure_is_said_in_own_words_by_both_ways(worded: RelayKit) -> None:
    worded.model.default = ModelUnavailable("down")
    worded.post("hello", run=False)
    worded.settle()
    assert worded.replies == [said("failed")]
    assert response(worded) == said("thinking")


def test_the_own_words_of_a_function_are_said(worded: RelayKit) -> None:
    worded.configure_bot("helper", functions={"f": {"texts": {"empty": "Trống.", "failed": "Hỏng."}}})
    worded.model.script = [Completion("")]
    worded.model.default = ModelUnavailable("down")
    worded.post_chatbot("hello", function="f")
    worded.clock.advance(1)
    worded.post_chatbot("hello", function="f")
    worded.settle()
    assert worded.replies == ["Trống.", "Hỏng."]


def test_commands_answer_in_own_words(worded: RelayKit) -> None:
    worded.post("hello")
    for command in ("/help", "/new", "/forget"):
        worded.clock.advance(1)
        worded.post(command)
    assert worded.replies[1:] == [
        said("help", name="Helper"),
        said("new"),
        said("forget", messages=1, replies=1),
    ]


def test_limits_are_told_in_own_words_with_the_time(worded: RelayKit) -> None:
    worded.configure_bot("helper", limits={"per_sender": {"day": 1}})
    worded.post("one")
    worded.clock.advance(1)
    worded.post("two")
    when = said("in_hours", hours=12, clock="00:00 UTC")
    assert worded.replies == [f"Hi alice\n\n{said('last', when=when)}", said("limited", when=when)]


def test_moderation_is_told_in_own_words_and_once(worded: RelayKit) -> None:
    def refuse(outgoing: Outgoing) -> None:
        raise ImBlocked("result code 107451")

    worded.im.default = refuse
    worded.post("hello")
    worded.settle()
    assert [attempt.text for attempt in worded.im.attempts] == ["Hi alice", said("withheld")]


def test_a_heading_stands_above_sources_in_own_words(worded: RelayKit) -> None:
    worded.model.default = Completion("So.", sources=(Source("E", "https://e.com"),))
    worded.post("hello")
    assert worded.replies == [f"So.\n\n{said('sources')}\n- E https://e.com"]


def test_a_bot_that_is_switched_off_says_so_in_own_words(worded: RelayKit) -> None:
    worded.post("hello", run=False)
    worded.configure_bot("helper", enabled=False)
    worded.settle()
    assert worded.replies == [said("disabled")]
