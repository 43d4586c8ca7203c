"""/help, /new and /forget."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest

from relay.config.bots import Bot
from relay.errors import ImRejected, ImUnavailable
from relay.messages import Message
from relay.ports import Prompt
from relay.texts import RELAYS_OWN
from relay.turn.commands import Command, command_of, kind_of
from tests.kit import RelayKit

BOT = Bot(accid="helper", name="Helper", system_prompt="x")
MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)


def window(relay: RelayKit) -> list[str]:
    return [said.content for said in relay.model.prompts[-1].messages[1:-1]]


def erased(messages: int, replies: int) -> str:
    return RELAYS_OWN.forget.en.format(messages=messages, replies=replies)


def test_help_explains_without_a_model_call(relay: RelayKit) -> None:
    relay.post("/help")
    assert relay.replies == [RELAYS_OWN.help.en.format(name="Helper")]
    assert relay.model.prompts == []


@pytest.mark.parametrize(
    ("text", "reply"), [("/帮助", RELAYS_OWN.help.zh.format(name="Helper")), ("/新对话", RELAYS_OWN.new.zh)]
)
def test_commands_are_understood_in_chinese(relay: RelayKit, text: str, reply: str) -> None:
    relay.post(text)
    assert relay.replies == [reply]


def test_no_command_is_carried_out_as_another(relay: RelayKit) -> None:
    for command in get_args(Command):
        relay.post(f"/{command}")
    assert len(set(relay.replies)) == len(get_args(Command))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/FORGET", "forget"),
        ("／new", "new"),
        ("／ｎｅｗ", "new"),
        ("／ＦＯＲＧＥＴ", "forget"),
        ("／忘记", "forget"),
        ("/忘記", "forget"),
        ("/新對話", "new"),
        ("/幫助", "help"),
        ("、新对话", "new"),
        ("､help", "help"),
    ],
)
def test_a_command_is_one_on_any_keyboard(text: str, command: str) -> None:
    assert command_of(text, BOT) == command


@pytest.mark.parametrize("space", [" ", "\t", "\r\n", "\x1f", "\x85", "\xa0", "\u2005", "\u2028", "\u3000"])
def test_a_command_may_have_any_space_around_it(space: str) -> None:
    assert command_of(f"{space}/forget{space}", BOT) == "forget"


@pytest.mark.parametrize(
    "mark",
    [
        *("\x00", "\x7f", "\u00ad", "\u034f", "\u061c", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e"),
        *("\u200f", "\u202a", "\u202c", "\u2060", "\u2066", "\u2069", "\u2800", "\u3164", "\ufe0e", "\ufe0f"),
        *("\ufeff", "\uffa0", "\ufffc", "\U000e0020", "\U000e0100"),
    ],
)
def test_what_nobody_sees_hides_no_command(mark: str) -> None:
    for text in (f"{mark}/forget", f"/forget{mark}", f"/for{mark}get", f" {mark} /forget {mark * 1000} "):
        assert command_of(text, BOT) == "forget"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "/forget it",
            "/news",
            "please /new",
            "/new.",
            "/ new",
            "new",
            "//new",
            "/",
            "、",
            "",
            "\u200b",
            "/忘记我",
        ),
        *("/new /forget", "/né\u0301w", "/new\u0301", "/new👍", "'/new'", ",,/new", "\\new"),
    ],
)
def test_more_than_a_command_is_a_text(text: str) -> None:
    assert command_of(text, BOT) is None


def test_a_long_text_is_no_command() -> None:
    for text in ("/new" * 15_000, "/new " + "\u0301\u0323" * 30_000, "\u200b" * 60_000, "、" * 60_000):
        assert command_of(text, BOT) is None


def test_a_command_has_up_to_32_characters() -> None:
    longest = f",{' ' * 24}/forget"
    assert len(longest) == 32
    assert command_of(longest, BOT) == "forget"
    assert command_of(longest.replace("/", " /"), BOT) is None


def test_forget_in_full_width_erases_and_never_reaches_the_model(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    relay.post("／ＦＯＲＧＥＴ\ufeff")
    assert relay.replies[-1] == erased(1, 1)
    assert len(relay.model.prompts) == 1
    assert not any(row.get("text") for row in relay.tables.rows())


def test_only_an_exact_match_is_a_command(relay: RelayKit) -> None:
    relay.post("/help me please")
    assert relay.replies == ["Hi alice"]


def test_a_bot_without_commands_passes_them_to_the_model(relay: RelayKit) -> None:
    relay.configure_bot(commands=False)
    relay.post("/help")
    assert relay.replies == ["Hi alice"]


def test_new_forgets_the_context_from_here_on(relay: RelayKit) -> None:
    for text in ("one", "/new", "two", "three"):
        relay.post(text)
        relay.clock.advance(1)
    assert window(relay) == ["two", "Hi alice"]


def test_a_command_that_comes_twice_is_confirmed_once(relay: RelayKit) -> None:
    body = relay.copy("/new")
    relay.post_body(body)
    relay.post_body(body)
    assert relay.replies == [RELAYS_OWN.new.en]


def test_a_confirmation_that_the_im_server_refuses_is_not_sent_again(relay: RelayKit) -> None:
    relay.im.default = ImRejected("code 404")
    relay.post("/new")
    relay.settle()
    assert len(relay.im.attempts) == 1
    assert [record.cause for record in relay.failed] == ["the confirmation could not be sent: code 404"]


def test_a_confirmation_that_may_pass_is_tried_until_the_time_to_answer_is_over(relay: RelayKit) -> None:
    relay.im.default = ImUnavailable("no answer")
    relay.post("/new")
    relay.wait(10 * 60 - 1)
    assert relay.failed == []
    relay.settle()
    assert [record.cause for record in relay.failed] == ["the confirmation could not be sent: no answer"]
    assert relay.clock.now() < relay.failed[0].received + 11 * 60_000


def test_a_message_from_before_new_keeps_its_context_when_it_comes_late(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    late = relay.copy("late")
    relay.clock.advance(1)
    relay.post("/new")
    relay.clock.advance(1)
    relay.post("two")
    assert window(relay) == []
    relay.clock.advance(1)
    relay.post_body(late)
    assert window(relay) == ["one", "Hi alice"]


def test_new_inside_a_burst_parts_the_batches(relay: RelayKit) -> None:
    now = relay.clock.now()
    for n, text in enumerate(["a", "b", "/new", "c"]):
        relay.post(text, run=False, at=now + n)
    relay.settle()
    new = [said.content for prompt in relay.model.prompts for said in prompt.messages if said.role == "user"]
    assert new.count("c") == 1
    assert [said.content for said in relay.model.prompts[-1].messages[1:]] == ["c"]


def test_forget_erases_messages_and_replies_and_says_how_many(relay: RelayKit) -> None:
    for text in ("one", "two"):
        relay.post(text)
        relay.clock.advance(1)
    relay.post("/forget")
    assert relay.replies[-1] == erased(2, 2)
    assert not any(row.get("text") for row in relay.tables.rows())
    relay.clock.advance(1)
    relay.post("three")
    assert window(relay) == []


def test_forget_reaches_every_day_that_is_kept(relay: RelayKit) -> None:
    relay.clock.set(MIDNIGHT - 1000)
    relay.post("yesterday")
    relay.clock.advance(3600)
    relay.post("today")
    relay.clock.advance(1)
    relay.post("/forget")
    assert relay.replies[-1] == erased(2, 2)


def test_a_redelivery_after_forget_is_not_answered_again(relay: RelayKit) -> None:
    body = relay.copy("one")
    relay.post_body(body)
    relay.clock.advance(1)
    relay.post("/forget")
    relay.post_body(body)
    assert relay.replies == ["Hi alice", erased(1, 1)]


def test_forget_closes_what_still_waits_for_an_answer(relay: RelayKit) -> None:
    relay.post("one", run=False)
    queued = relay.waiting[1]
    message = queued.message
    asyncio.run(relay.app.answering.claims.claim(message, "text"))
    relay.clock.advance(1)
    relay.post("/forget", run=False)
    asyncio.run(relay.app.answer(relay.waiting[-1].to_json()))
    relay.settle()
    assert relay.replies == [erased(1, 0)]
    assert relay.model.prompts == []


def test_forget_closes_what_waits_and_what_is_stored_at_once(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("no answer")]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two", run=False)
    asyncio.run(relay.app.answering.claims.claim(relay.waiting[-1].message, "text"))
    relay.clock.advance(1)
    relay.post("/forget", run=False)
    asyncio.run(relay.app.answer(relay.waiting[-1].to_json()))
    states = {(row["id"], row["kind"]): row["state"] for row in relay.tables.rows()}
    assert sorted(states.values()) == ["answered", "answered", "closed", "closed"]
    relay.settle()
    assert relay.replies == [erased(2, 1)]


def test_a_second_forget_counts_what_it_erases_itself(relay: RelayKit) -> None:
    for text in ("one", "/forget", "two", "three", "/forget"):
        relay.post(text)
        relay.clock.advance(1)
    assert [text for text in relay.replies if text != "Hi alice"] == [erased(1, 1), erased(2, 2)]


def test_a_message_from_before_forget_that_comes_late_is_closed_unanswered(relay: RelayKit) -> None:
    late = relay.copy("late")
    relay.clock.advance(1)
    relay.post("/forget")
    relay.post_body(late)
    relay.settle()
    assert relay.replies == [erased(0, 0)]
    assert relay.model.prompts == []
    assert not any(row.get("text") for row in relay.tables.rows())


def test_forget_that_was_interrupted_still_counts_what_it_erased(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    relay.im.script = [ImUnavailable("killed after erasing")]
    relay.post("/forget")
    relay.settle()
    assert relay.replies[-1] == erased(1, 1)


def test_forget_while_a_turn_runs_keeps_its_reply_from_the_user(relay: RelayKit) -> None:
    def forgotten_meanwhile(prompt: Prompt) -> str:
        relay.post("/forget", at=relay.clock.now() + 1)
        return "Hi alice"

    relay.model.script = [forgotten_meanwhile]
    relay.post("one")
    relay.settle()
    assert relay.replies == [erased(1, 0)]
    assert not any(row.get("text") for row in relay.tables.rows())


def test_in_a_group_forget_touches_only_the_senders_rows(relay: RelayKit) -> None:
    for sender in ("alice", "bob"):
        relay.post("@Helper hello", sender=sender, team="77")
        relay.clock.advance(1)
    relay.post("@Helper /forget", sender="alice", team="77")
    assert relay.replies[-1] == erased(1, 1)
    assert [row["sender"] for row in relay.tables.rows() if row.get("text")] == ["bob", "bob"]


@pytest.mark.parametrize(
    "text",
    ["@Helper, /forget", "@Helper：/forget", "@Helper、/忘记", "/forget @Helper", "@Helper\u2005／forget"],
)
def test_in_a_group_a_command_stands_beside_the_mention(relay: RelayKit, text: str) -> None:
    relay.post("@Helper hello", team="77")
    relay.clock.advance(1)
    relay.post(text, team="77")
    assert relay.replies[-1] in (erased(1, 1), RELAYS_OWN.forget.zh.format(messages=1, replies=1))
    assert len(relay.model.prompts) == 1


def test_in_a_group_new_hides_only_the_senders_rows(relay: RelayKit) -> None:
    relay.model.default = "ok"
    for sender, text in (("alice", "a1"), ("bob", "b1"), ("alice", "/new"), ("bob", "b2")):
        relay.post(f"@Helper {text}", sender=sender, team="77")
        relay.clock.advance(1)
    assert [text for text in window(relay) if "a1" in text] == []
    assert [text for text in window(relay) if "b1" in text] != []


def test_an_unsent_reply_is_never_sent_after_forget(relay: RelayKit) -> None:
    relay.im.script = [ImUnavailable("down")]
    relay.post("one")
    relay.clock.advance(1)
    relay.post("/forget")
    relay.settle()
    assert relay.replies == [erased(1, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "／forget",
        "/forget\u200b",
        "\ufeff/forget",
        "/for\u00adget",
        "\u202a/forget\u202c",
        "/\ufe0fforget",
        "／ＦＯＲＧＥＴ",
        "／忘记",
        "/忘记\u2060",
        "\u3000/Forget\u2005",
    ],
)
def test_forget_is_a_command_however_it_is_typed(relay: RelayKit, text: str) -> None:
    relay.post("a secret")
    relay.clock.advance(1)
    relay.post(text)
    assert len(relay.model.prompts) == 1
    assert not any(row.get("text") for row in relay.tables.rows())


@pytest.mark.parametrize(
    "text", ["/forget it", "/forgets", "please /forget", "/ forget", "//forget", "forget"]
)
def test_what_only_resembles_a_command_is_a_message(relay: RelayKit, text: str) -> None:
    relay.post(text)
    assert len(relay.model.prompts) == 1


def test_the_caption_of_a_picture_is_no_command() -> None:
    said = Message("helper", "alice", "c:1", 0, "/forget")
    assert kind_of(said, BOT) == "forget"
    assert kind_of(replace(said, medium="picture"), BOT) == "text"
