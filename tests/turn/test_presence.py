"""A bot is there before it answers: it is seen to type, and to have read; and its reply quotes the question."""

from __future__ import annotations

import asyncio

import pytest

from relay.clock import MINUTE_MS
from relay.errors import ImRejected, ImUnavailable, ModelRejected, ModelUnavailable, StorageUnavailable
from relay.messages import Message
from relay.outgoing import Picture
from relay.ports import Outgoing, Prompt
from relay.signals import Original, Read, Signal, Typing
from relay.turn.presence import Presence
from tests.doubles.service import Call
from tests.kit import RelayKit

TURNS_OF_THE_LOOP = 20
"""What still runs beside a turn shows within so many."""


async def let_others_run() -> None:
    for _ in range(TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)


async def never(signal: Signal) -> None:
    await asyncio.Event().wait()


async def test_nothing_of_it_is_under_way_once_the_bot_does_not_type_any_more(relay: RelayKit) -> None:
    begun, ended = asyncio.Event(), []

    async def hang(signal: Signal) -> None:
        begun.set()
        try:
            await never(signal)
        finally:
            ended.append(signal)

    relay.im.at_signal = hang
    message = Message("helper", "alice", "hello", relay.clock.now(), "1")
    async with Presence(relay.im, relay.clock).typing(message, on=True):
        await begun.wait()
    assert ended == relay.im.signals == [Typing("helper", "alice")]


@pytest.fixture
def typing(relay: RelayKit) -> RelayKit:
    """The model answers once the bot was seen to type."""
    relay.configure_bot(typing=True)

    async def answer(prompt: Prompt) -> str:
        await let_others_run()
        return "Hi"

    relay.model.default = answer
    return relay


@pytest.fixture
def reading(relay: RelayKit) -> RelayKit:
    relay.configure_bot(read_receipts=True)
    return relay


@pytest.fixture
def quoting(relay: RelayKit) -> RelayKit:
    relay.configure_bot(quote=True)
    return relay


def question(relay: RelayKit, number: str, team: str = "") -> Original:
    return Original(
        "alice",
        team or "helper",
        relay.clock.now(),
        server_id=number,
        client_id=f"c{number}",
        team_kind="team" if team else None,
    )


def ask(
    relay: RelayKit, number: str = "17", text: str = "hello", *, run: bool = True, team: str = ""
) -> None:
    text = f"@Helper {text}" if team else text
    relay.post(text, client_id=f"c{number}", msgidServer=number, team=team or None, run=run)


def burst(relay: RelayKit, *numbers: str) -> None:
    """Messages that come while their conversation is busy."""
    release = relay.hold_lease()
    for number in numbers:
        ask(relay, number)
    release()
    relay.settle()


def quotes(relay: RelayKit) -> list[Original | None]:
    return [sent.quote for sent in relay.im.attempts]


def test_a_bot_shows_nothing_of_itself_unless_it_is_told_to(relay: RelayKit) -> None:
    ask(relay)
    assert relay.im.signals == []
    assert quotes(relay) == [None]


# --- typing


def test_while_the_model_works_the_bot_types_every_two_and_a_half_seconds(typing: RelayKit) -> None:
    at: list[int] = []
    started, done = typing.clock.now(), asyncio.Event()

    def note(signal: Signal) -> None:
        at.append(typing.clock.now())
        if len(at) == 4:
            done.set()

    async def slow(prompt: Prompt) -> str:
        await done.wait()
        return "Hi"

    typing.im.at_signal, typing.model.default = note, slow
    ask(typing)
    assert [moment - started for moment in at] == [0, 2500, 5000, 7500]
    assert typing.im.typing == [Typing("helper", "alice")] * 4
    assert typing.replies == ["Hi"]


def test_it_stops_when_the_model_has_answered(typing: RelayKit) -> None:
    counts: list[int] = []

    async def send(outgoing: Outgoing) -> None:
        counts.append(len(typing.im.typing))
        await let_others_run()
        counts.append(len(typing.im.typing))

    typing.im.default = send
    ask(typing)
    before, after = counts
    assert before == after > 0


def test_it_stops_when_the_model_has_failed(typing: RelayKit) -> None:
    counts: list[int] = []

    async def fail(prompt: Prompt) -> str:
        await let_others_run()
        raise ModelRejected("HTTP 400")

    async def send(outgoing: Outgoing) -> None:
        counts.append(len(typing.im.typing))
        await let_others_run()
        counts.append(len(typing.im.typing))

    typing.model.default, typing.im.default = fail, send
    ask(typing)
    before, after = counts
    assert before == after > 0


def test_it_does_not_outlive_its_turn(typing: RelayKit) -> None:
    counts: list[int] = []

    async def fail(prompt: Prompt) -> str:
        await let_others_run()
        raise ModelUnavailable("HTTP 503")

    async def put_back(call: Call) -> None:
        if call.name == "send":
            counts.append(len(typing.im.typing))
            await let_others_run()
            counts.append(len(typing.im.typing))

    typing.model.default = fail
    ask(typing, run=False)
    typing.queues.before = put_back
    typing.run()
    before, after = counts
    assert before == after > 0


def test_a_notification_that_hangs_holds_nothing_up(typing: RelayKit) -> None:
    typing.im.at_signal = never
    ask(typing)
    assert typing.replies == ["Hi"]


def test_typing_that_fails_is_no_failure_of_the_turn_and_is_told_once_a_minute(
    typing: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(prompt: Prompt) -> str:
        await asyncio.sleep(0)  # time for one notification
        return "Hi"

    typing.model.default, typing.im.at_signal = answer, ImUnavailable("result code 403")

    def told() -> int:
        return sum("does not show typing" in record.getMessage() for record in caplog.records)

    ask(typing, "1")
    ask(typing, "2")
    assert (told(), typing.replies) == (1, ["Hi", "Hi"])
    typing.clock.advance(MINUTE_MS / 1000)
    ask(typing, "3")
    assert (told(), len(typing.replies)) == (2, 3)


def test_in_a_group_nobody_sees_it_type(typing: RelayKit) -> None:
    ask(typing, team="42")
    assert (typing.im.signals, typing.replies) == ([], ["Hi"])


def test_what_needs_no_model_is_not_typed_for(typing: RelayKit) -> None:
    ask(typing, text="/help")
    ask(typing, "18", run=False)
    typing.configure_bot(enabled=False)
    typing.run()
    assert len(typing.replies) == 2
    assert typing.im.signals == []


def test_a_function_may_type_where_its_bot_does_not(typing: RelayKit) -> None:
    typing.configure_bot(typing=False, functions={"essay": {"typing": True}})
    typing.post_chatbot("hello")
    assert typing.im.typing == []
    typing.post_chatbot("hello", function="essay")
    assert typing.im.typing


def test_a_response_bot_types_while_its_request_waits(typing: RelayKit) -> None:
    typing.configure_bot("echo", typing=True)
    assert typing.post_chatbot("hello", to="echo").status_code == 200
    assert set(typing.im.typing) == {Typing("echo", "alice")}


# --- read receipts


def test_a_message_that_the_bot_takes_is_marked_read(reading: RelayKit) -> None:
    ask(reading, "17")
    assert reading.im.receipts == [Read("helper", question(reading, "17"))]


def test_a_message_of_a_group_is_marked_read_there(reading: RelayKit) -> None:
    ask(reading, "17", team="42")
    assert reading.im.receipts == [Read("helper", question(reading, "17", team="42"))]


def test_a_message_is_marked_read_once_however_often_it_comes(reading: RelayKit) -> None:
    for _ in range(3):
        ask(reading, "17")
    assert len(reading.im.receipts) == 1


def test_each_of_a_burst_is_marked_read_though_one_reply_answers_them(reading: RelayKit) -> None:
    burst(reading, "17", "18", "19")
    assert {receipt.message.server_id for receipt in reading.im.receipts} == {"17", "18", "19"}
    assert len(reading.replies) == 1


def test_a_message_is_not_marked_read_before_it_is_safe(reading: RelayKit) -> None:
    ask(reading, "17", run=False)

    def fail(call: Call) -> None:
        raise StorageUnavailable("no answer")

    reading.tables.before = fail
    reading.run()
    assert reading.im.receipts == []
    reading.tables.before = None
    reading.settle()
    assert len(reading.im.receipts) == 1


def test_it_is_marked_read_before_there_is_an_answer(reading: RelayKit) -> None:
    async def answer(prompt: Prompt) -> str:
        await let_others_run()
        return f"{len(reading.im.receipts)} read"

    reading.model.default = answer
    ask(reading)
    assert reading.replies == ["1 read"]


def test_a_receipt_that_fails_or_hangs_costs_no_answer(reading: RelayKit) -> None:
    reading.im.at_signal = ImUnavailable("HTTP 500")
    ask(reading, "17")
    reading.im.at_signal = never
    ask(reading, "18")
    assert reading.replies == ["Hi alice", "Hi alice"]
    assert reading.waiting == []


def test_a_command_is_read_as_well_and_a_greeting_answers_nobody(reading: RelayKit) -> None:
    reading.configure_bot(greeting="Hello.")
    reading.add_to_group("helper")
    assert reading.im.receipts == []
    ask(reading, text="/help")
    assert len(reading.im.receipts) == 1


def test_a_request_of_a_response_bot_is_marked_read(reading: RelayKit) -> None:
    reading.configure_bot("echo", read_receipts=True)
    reading.post_chatbot("hello", to="echo")
    assert [receipt.bot for receipt in reading.im.receipts] == ["echo"]


def test_what_the_platform_has_no_id_for_is_named_by_its_senders_id(reading: RelayKit) -> None:
    reading.post("hello", msgidServer="0", client_id="c1")
    ((_, message),) = [(receipt.bot, receipt.message) for receipt in reading.im.receipts]
    assert (message.server_id, message.client_id) == ("", "c1")


# --- quotes


def test_a_reply_quotes_its_question(quoting: RelayKit) -> None:
    ask(quoting, "17")
    assert quotes(quoting) == [question(quoting, "17")]


def test_in_a_group_it_quotes_the_message_that_addressed_it(quoting: RelayKit) -> None:
    ask(quoting, "17", team="42")
    assert quotes(quoting) == [question(quoting, "17", team="42")]


def test_of_a_burst_the_newest_message_is_quoted(quoting: RelayKit) -> None:
    burst(quoting, "17", "18")
    assert [quote.server_id for quote in quotes(quoting) if quote] == ["18"]


def test_only_the_first_part_of_a_long_reply_quotes(quoting: RelayKit) -> None:
    quoting.model.default = "word " * 2000
    ask(quoting)
    first, *others = quotes(quoting)
    assert first is not None
    assert others == [None] * len(others) != []


@pytest.mark.parametrize("ids", [{"msgidServer": "0"}, {"client_id": ""}, {"msgidServer": "x"}])
def test_a_message_without_both_ids_is_not_quoted(quoting: RelayKit, ids: dict[str, str]) -> None:
    quoting.post_body(quoting.copy("hello", **ids))
    assert quotes(quoting) == [None]


def test_a_quote_that_is_refused_costs_nothing_but_itself(
    quoting: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    quoting.im.script = [ImRejected("result code 107404")]
    ask(quoting, "17")
    refused, shown = quoting.im.attempts
    assert (refused.quote, shown.quote) == (question(quoting, "17"), None)
    assert refused.client_id == shown.client_id
    assert (quoting.replies, quoting.failed) == (["Hi alice"], [])
    assert "goes without" in caplog.text


def test_a_reply_that_is_refused_without_its_quote_too_is_undeliverable_once(quoting: RelayKit) -> None:
    quoting.im.default = ImRejected("result code 102404")
    ask(quoting)
    quoting.settle()
    assert len(quoting.im.attempts) == 2
    assert len(quoting.failed) == 1


def test_a_reply_is_shown_once_though_its_process_dies_behind_a_refused_quote(quoting: RelayKit) -> None:
    def die_behind(outgoing: Outgoing) -> None:
        quoting.im.show(outgoing)
        quoting.kill_host()

    quoting.im.script = [ImRejected("result code 107404"), die_behind, ImRejected("result code 107404")]
    ask(quoting)
    quoting.settle()
    assert quoting.replies == ["Hi alice"]


def test_a_picture_that_comes_first_quotes_and_so_does_the_line_in_its_place(quoting: RelayKit) -> None:
    quoting.configure_bot(send_links=True)
    quoting.model.default = "https://cdn.example.com/a.png"
    quoting.im.script = [ImRejected("result code 414")] * 2
    ask(quoting, "17")
    assert [(type(sent.medium), sent.quote) for sent in quoting.im.attempts] == [
        (Picture, question(quoting, "17")),
        (Picture, None),
        (type(None), question(quoting, "17")),
    ]


def test_neither_a_command_nor_a_greeting_quotes(quoting: RelayKit) -> None:
    quoting.configure_bot(greeting="Hello.")
    quoting.add_to_group("helper", client_id="c1", msgidServer="16")
    ask(quoting, "17", text="/help")
    assert quotes(quoting) == [None, None]


def test_a_failure_text_quotes_what_it_is_about(quoting: RelayKit) -> None:
    quoting.model.default = ModelRejected("HTTP 400")
    ask(quoting, "17")
    assert quotes(quoting) == [question(quoting, "17")]
