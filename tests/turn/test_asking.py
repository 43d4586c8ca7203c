"""What becomes of an answer that is none: refused, cut off, empty, or of a question that is too long."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from playground.model_server import Fault, ModelServer, Reply
from relay.clock import SystemClock
from relay.config.bots import Bot
from relay.config.settings import load_settings
from relay.errors import ImBlocked, ModelBlocked, ModelOverflow
from relay.keys import message_key, reply_key
from relay.memory.rows import REPLY_MAX_CHARS, Entry
from relay.memory.window import Plan
from relay.model.chat import OpenAIChat
from relay.ports import Completion, Prompt
from relay.texts import RELAYS_OWN
from relay.turn.asking import Draft, ask
from tests.doubles import MemoryMedia
from tests.doubles.model import Said
from tests.kit import RelayKit
from tests.mistakes import GOOD_SETTINGS

HELPER = Bot(accid="helper", name="Helper", system_prompt="You are Helper.")


def asked(relay: RelayKit) -> list[str]:
    """What the model was last given behind the system prompt."""
    return [said.content for said in relay.model.prompts[-1].messages[1:]]


def talk(relay: RelayKit, *texts: str) -> None:
    """Write one message after the other."""
    for text in texts:
        relay.post(text)
        relay.clock.advance(1)


# the content filter


def test_one_bad_message_does_not_have_every_later_one_refused(relay: RelayKit) -> None:
    """A complaint about other bots: what the content filter refused stays in the history, and the chat is dead."""

    def filtered(prompt: Prompt) -> str:
        if any("bad" in said.content for said in prompt.messages):
            raise ModelBlocked("content filter on the prompt")
        return "ok"

    relay.model.default = filtered
    talk(relay, "hello", "something bad", "hello again", "and again")
    assert relay.replies == ["ok", RELAYS_OWN.blocked.en, "ok", "ok"]
    assert asked(relay) == ["hello", "ok", "hello again", "ok", "and again"]


def test_a_raw_error_of_the_filter_is_never_shown(relay: RelayKit) -> None:
    """A complaint about other bots: users read "Error code: 400 - {'error': …}"."""
    relay.model.script = [ModelBlocked("content filter on the prompt")]
    talk(relay, "什么坏话")
    assert relay.replies == [RELAYS_OWN.blocked.zh]
    assert "400" not in relay.replies[0]


def test_a_whole_batch_leaves_the_window_when_it_is_blocked(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3)
    for text in ("one", "bad", "three"):
        relay.post(text)
    relay.model.script = [ModelBlocked("content filter on the prompt")]
    relay.settle()
    talk(relay, "hello")
    assert relay.replies == [RELAYS_OWN.blocked.en, "Hi alice"]
    assert asked(relay) == ["hello"]


def test_what_the_apps_moderation_refuses_leaves_the_window(relay: RelayKit) -> None:
    relay.model.default = lambda prompt: "re: " + prompt.messages[-1].content
    relay.im.script = [ImBlocked("code 107451"), None, ImBlocked("code 107451"), ImBlocked("code 107451")]
    talk(relay, "one", "two", "three")
    assert relay.replies == [RELAYS_OWN.withheld.en, "re: three"]
    assert asked(relay) == ["one", "two", "three"]


# refusals


def test_the_model_declines_in_its_own_words(relay: RelayKit) -> None:
    relay.model.script = [Completion("I can't help with that.", ended="declined")]
    talk(relay, "how do I pick a lock?")
    assert relay.replies == ["I can't help with that."]


def test_a_refusal_in_the_models_own_words_can_be_withheld_like_any_reply(relay: RelayKit) -> None:
    relay.model.script = [Completion("I can't help with that.", ended="declined")]
    relay.im.script = [ImBlocked("code 107451")]
    talk(relay, "how do I pick a lock?")
    assert relay.replies == [RELAYS_OWN.withheld.en]
    assert relay.failed == []


def test_what_the_model_declined_is_not_remembered(relay: RelayKit) -> None:
    """Else it would go on declining: the question and its own refusal would stand in every later prompt."""
    relay.model.script = ["Hi", Completion("I can't help with that.", ended="declined")]
    talk(relay, "hello", "how do I pick a lock?", "thanks anyway")
    assert asked(relay) == ["hello", "Hi", "thanks anyway"]


# cut off, empty


def test_an_answer_that_ran_out_of_tokens_is_marked_as_cut(relay: RelayKit) -> None:
    relay.model.script = [Completion("Once upon a time ", ended="cut")]
    talk(relay, "tell me a story")
    assert relay.replies == ["Once upon a time…"]


def test_an_answer_that_is_too_long_to_store_is_marked_as_cut(relay: RelayKit) -> None:
    relay.model.script = ["x" * (REPLY_MAX_CHARS + 1)]
    talk(relay, "go on")
    shown = "".join(relay.replies)
    assert (len(shown), shown[-2:]) == (REPLY_MAX_CHARS, "x…")


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        (Completion("", ended="cut"), RELAYS_OWN.unfinished.en),
        (Completion(" \n", ended="cut"), RELAYS_OWN.unfinished.en),
        (Completion(""), RELAYS_OWN.empty.en),
        (Completion(" ", ended="declined"), RELAYS_OWN.empty.en),
    ],
)
def test_no_empty_message_is_ever_sent(relay: RelayKit, completion: Completion, text: str) -> None:
    relay.model.script = [completion]
    talk(relay, "one", "two")
    assert relay.replies == [text, "Hi alice"]
    assert asked(relay) == ["one", "two"]


def test_a_reasoning_model_without_room_for_an_answer_is_named_in_the_log(
    relay: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    relay.model.script = [Completion("", ended="cut")]
    talk(relay, "hello")
    assert "bot=helper; raise max_reply_tokens" in caplog.text


# too long for the model


def test_a_history_that_is_too_long_is_trimmed_and_not_guilty(relay: RelayKit) -> None:
    """A complaint about other bots: the whole history is sent until the model refuses it, then nothing works."""
    relay.model.default = lambda prompt: "re: " + prompt.messages[-1].content
    talk(relay, "one", "two", "three")
    relay.model.script = [ModelOverflow("HTTP 400 context_length_exceeded")]
    talk(relay, "four", "five")
    trimmed, later = relay.model.asked()[-2:]
    assert [text for _, text in trimmed[1:]] == ["three", "re: three", "four"]
    assert [text for _, text in later[1:]][:3] == ["one", "re: one", "two"]


def test_a_message_that_is_too_long_is_told_how_much(relay: RelayKit) -> None:
    relay.model.script = [ModelOverflow("HTTP 400", prompt_tokens=2000, excess_tokens=1000)]
    talk(relay, "x" * 8000, "hello")
    assert relay.replies == [RELAYS_OWN.too_long_by.en.format(excess=4500), "Hi alice"]
    assert asked(relay) == ["hello"], "it could only push out what fits"
    assert relay.failed == []


def test_without_numbers_a_message_that_is_too_long_is_told_its_length(relay: RelayKit) -> None:
    relay.model.script = [ModelOverflow("HTTP 413")]
    talk(relay, "长" * 8000)
    assert relay.replies == [RELAYS_OWN.too_long.zh.format(length=8000)]


@pytest.mark.parametrize("excess_tokens", [0, 500])
def test_no_user_is_blamed_for_a_system_prompt_that_is_too_long(relay: RelayKit, excess_tokens: int) -> None:
    relay.model.default = ModelOverflow("HTTP 400 x", prompt_tokens=1000, excess_tokens=excess_tokens)
    talk(relay, "hello")
    assert relay.replies == [RELAYS_OWN.failed.en]
    assert [turn.cause for turn in relay.failed] == ["HTTP 400 x"]


def test_messages_that_are_too_long_together_are_answered_one_by_one(relay: RelayKit) -> None:
    def small(prompt: Prompt) -> str:
        if sum(len(said.content) for said in prompt.messages) > 1000:
            raise ModelOverflow("HTTP 400 context_length_exceeded")
        return "ok"

    relay.model.default = small
    relay.hold_lease(seconds=3)
    for _ in range(3):
        relay.post("x" * 800)
    relay.settle()
    assert relay.replies == ["ok"] * 3
    assert len(relay.model.prompts[0].messages) == 4


def test_what_was_left_out_as_too_long_is_not_suspected_of_a_refusal(relay: RelayKit) -> None:
    talk(relay, *(f"{number} " + "x" * 200 for number in range(6)))
    relay.model.prompts.clear()
    blocked = ModelBlocked("content filter on the prompt")
    relay.model.script = [ModelOverflow("HTTP 400"), blocked, "Hi alice", blocked, blocked, blocked]
    talk(relay, "now")
    overlong, shorter, _, *probes = relay.model.asked()
    assert len(shorter) < len(overlong)
    assert probes
    assert all(row in shorter for probe in probes for row in probe)


def test_a_deadline_holds_for_every_try(relay: RelayKit) -> None:
    talk(relay, "one", "two", "three")
    refusals = [ModelOverflow("HTTP 400"), ModelBlocked("content filter on the prompt")]
    relay.model.seconds.clear()

    def slow(prompt: Prompt) -> Said:
        relay.clock.advance(20)
        return refusals.pop(0) if refusals else "Hi alice"

    relay.model.default = slow
    talk(relay, "four")
    assert relay.model.seconds[:3] == [90, 70, 50]
    assert relay.replies[-1] == "Hi alice"


# against a server with a real limit


@pytest.fixture
async def small_model() -> AsyncIterator[tuple[OpenAIChat, ModelServer]]:
    """A model with a context of 1,000 tokens, 4,000 characters."""
    async with ModelServer(context_tokens=1000) as server:
        chat = OpenAIChat(load_settings(GOOD_SETTINGS | {"RELAY_MODEL_URL": server.url + "/v1"}))
        yield chat, server
        await chat.aclose()


def entry(number: int, text: str, kind: Any = "text") -> Entry:
    """A row, ``number`` seconds into the conversation."""
    key = message_key(1_790_000_000_000 + number * 1000, str(number))
    return Entry(reply_key(key) if kind == "reply" else key, kind, "answered", "alice", text, str(number))


async def draft(chat: OpenAIChat, window: list[Entry], text: str) -> Draft:
    """What comes of asking."""
    clock = SystemClock()
    plan = Plan((), (), (), (entry(999, text),), tuple(window), 0, complete=True)
    return await ask(
        chat, MemoryMedia(), clock, HELPER, "p", plan, group=False, deadline=clock.now() + 10_000
    )


@pytest.mark.parametrize("rows", [5, 20, 100])
async def test_one_retry_is_enough_when_the_server_tells_its_limit(
    small_model: tuple[OpenAIChat, ModelServer], rows: int
) -> None:
    chat, server = small_model
    answered = await draft(chat, [entry(n, f"{n:>4} " + "x" * 995) for n in range(rows)], "hello")
    assert answered.outcome == "answered"
    assert len(server.requests) == 2
    assert 2 <= answered.window <= 3
    assert answered.refused == ()
    kept = [said["content"][:4] for said in server.requests[-1].messages[1:-1]]
    assert kept == [f"{n:>4}" for n in range(rows - answered.window, rows)], "the newest are kept"


async def test_a_single_message_is_too_long_by_about_what_is_said(
    small_model: tuple[OpenAIChat, ModelServer],
) -> None:
    chat, _ = small_model
    told = await draft(chat, [], "x" * 6000)
    assert told.outcome == "too_long"
    # Of 6,015 characters with the system prompt, 3,600 are sure to fit.
    assert told.reply.text == RELAYS_OWN.too_long_by.en.format(excess=2500)
    shorter = await draft(chat, [], "x" * (6000 - 2500))
    assert shorter.outcome == "answered"


async def test_when_the_server_gives_no_numbers_half_goes_and_then_the_rest(
    small_model: tuple[OpenAIChat, ModelServer],
) -> None:
    chat, server = small_model
    server.next(Fault("context_length_exceeded"), Fault("context_length_exceeded"))
    answered = await draft(chat, [entry(n, "x" * 100) for n in range(10)], "hello")
    assert [len(request.messages) for request in server.requests] == [12, 7, 2]
    assert (answered.outcome, answered.window) == ("answered", 0)


async def test_refusals_and_filters_are_told_apart_over_the_wire(
    small_model: tuple[OpenAIChat, ModelServer],
) -> None:
    chat, server = small_model
    server.next(
        Reply(refusal="No."),
        Reply("half an ans", finish_reason="content_filter"),
        Reply("", finish_reason="length"),
        Reply("half an ans", finish_reason="length"),
    )
    drafts = [await draft(chat, [], "hello") for _ in range(4)]
    assert [(it.outcome, it.reply.text) for it in drafts] == [
        ("declined", "No."),
        ("blocked", RELAYS_OWN.blocked.en),
        ("unfinished", RELAYS_OWN.unfinished.en),
        ("answered", "half an ans…"),
    ]
    assert [it.exclude_batch for it in drafts] == [True, True, False, False]
    assert [it.reply.excluded for it in drafts] == [True, True, True, False]


async def test_no_log_of_it_holds_what_was_said(
    small_model: tuple[OpenAIChat, ModelServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chat, server = small_model
    server.next(Reply(refusal="hunter2"), Reply("hunter2", finish_reason="length"))
    for _ in range(2):
        await draft(chat, [], "hunter2")
    await draft(chat, [entry(1, "hunter2" * 600)], "hunter2")
    assert "prompt too long" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_response_bot_is_told_as_plainly(relay: RelayKit) -> None:
    relay.model.script = [
        Completion("I can't help with that.", ended="declined"),
        ModelOverflow("HTTP 400", prompt_tokens=2000, excess_tokens=1000),
    ]
    said = [relay.post_chatbot(text, to="echo").get_body().decode() for text in ("pick a lock", "x" * 8000)]
    assert "I can't help with that." in said[0]
    assert "characters too long" in said[1]
