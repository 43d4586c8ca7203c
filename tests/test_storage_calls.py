"""What a turn costs: its storage calls, listed, and the same whatever the age of the conversation."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from relay.errors import ModelBlocked
from relay.keys import conversation_key, history_table, message_key
from relay.memory.history import Conversation
from relay.memory.rows import Entry
from relay.messages import Message
from relay.ports import Row
from relay.tools import tool
from tests.doubles.model import called, called_all
from tests.kit import RelayKit


def calls_of_a_turn(relay: RelayKit) -> tuple[list[str], int]:
    """The table calls of one turn, and how many of them came before the user saw the reply."""
    relay.post("warm up", sender="somebody.else")  # the day's tables are there
    relay.tables.calls.clear()
    shown_after: list[int] = []
    relay.im.default = lambda outgoing: shown_after.append(len(relay.tables.calls))
    relay.post("hello")
    return relay.tables.calls, shown_after[0]


def stored(relay: RelayKit, count: int, *, excluded: bool = False) -> None:
    """A conversation of this many messages, the newest a minute ago, all of today."""
    message = Message("helper", "alice", "", 0, "")
    partition = conversation_key(message)
    start = relay.clock.now() - 60_000 - count * 100
    table = history_table(start // 86_400_000)
    rows = relay.tables.tables.setdefault(table, {}).setdefault(partition, {})
    for n in range(count):
        at = start + n * 100
        entry = Entry(
            message_key(at, str(n)), "text", "answered", "alice", f"message {n}", str(n), excluded=excluded
        )
        rows[entry.key] = Row(entry.key, entry.values(), "stored")


def test_the_storage_calls_of_a_turn(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60)
    calls, before_reply = calls_of_a_turn(relay)
    assert calls == [
        "write relayhistory20261123 2",  # claim: the dedupe row and the message
        "write relayleases 1",  # lease
        "page relayhistory20261123 1",  # window
        "write relayhistory20261123 2",  # store: the reply, and the message marked
        "write relayhistory20261123 1",  # mark sent, once the user has seen it
        "delete relayleases 1",  # release
    ]
    assert before_reply == 4


def test_a_round_of_tools_costs_one_call_and_one_for_each_result(relay: RelayKit) -> None:
    @tool
    async def look_up(number: int) -> str:
        """Look something up."""
        return f"it is {number}"

    relay.tools.add(look_up)
    relay.configure_bot(rewind_minutes=60, tools=["look_up"])
    rounds = {
        0: called_all(("look_up", {"number": 1}), ("look_up", {"number": 2})),
        2: called("look_up", number=3),
    }
    relay.model.default = lambda prompt: rounds.get(
        sum(said.role == "tool" for said in prompt.messages), "Three."
    )
    calls, before_reply = calls_of_a_turn(relay)
    assert calls[2:-3] == [
        "page relayhistory20261123 1",  # window, with the rounds of an interrupted turn
        "write relayhistory20261123 2",  # the first round, and the message still as it was read
        "write relayhistory20261123 1",  # what came of one call
        "write relayhistory20261123 1",  # and of the other
        "write relayhistory20261123 2",  # the second round
        "write relayhistory20261123 1",
    ]
    assert before_reply == 4 + 5
    assert len(relay.model.prompts) == 2 * 3


def test_one_more_call_while_the_window_reaches_into_yesterday(relay: RelayKit) -> None:
    calls, before_reply = calls_of_a_turn(relay)
    assert [call for call in calls if call.startswith("page")] == [
        "page relayhistory20261123 1",
        "page relayhistory20261122 0",
    ]
    assert before_reply == 5


def test_reading_costs_the_same_with_ten_and_with_a_hundred_thousand_messages(relay: RelayKit) -> None:
    """A window that is full needs one page, however long the conversation is."""
    relay.configure_bot(rewind_messages=9)
    pages = {}
    for count in (10, 100_000):
        relay.tables.tables.clear()
        stored(relay, count)
        calls, before_reply = calls_of_a_turn(relay)
        pages[count] = [call.rsplit(" ", 1)[0] for call in calls if call.startswith("page")]
        assert before_reply == 5
        assert len(relay.model.prompts[-1].messages) == 1 + 9 + 1
        most = max(int(call.rsplit(" ", 1)[1]) for call in calls if call.startswith("page"))
        assert most <= 9 + 10
    assert pages[10] == pages[100_000]


@pytest.mark.parametrize("command", ["/new", "/forget"])
def test_what_lies_before_new_or_forget_costs_nothing(relay: RelayKit, command: str) -> None:
    for n in range(300):
        relay.post(f"m{n}")
        relay.clock.advance(1)
    relay.post(command)
    relay.clock.advance(1)
    relay.tables.calls.clear()
    relay.post("hello")
    assert len([call for call in relay.tables.calls if call.startswith("page")]) == 2


def test_a_flood_of_refused_messages_does_not_make_later_turns_dear(relay: RelayKit) -> None:
    stored(relay, 1500, excluded=True)
    calls, _ = calls_of_a_turn(relay)
    pages = [call for call in calls if call.startswith("page")]
    assert len(pages) == 4  # today's and yesterday's first, and two more of today's
    assert relay.replies[-1] == "Hi alice"


@pytest.mark.parametrize(("waiting", "pages"), [(1, 2), (10, 2), (11, 3), (110, 3), (111, 4)])
def test_what_waits_costs_one_page_more_per_hundred(relay: RelayKit, waiting: int, pages: int) -> None:
    stored(relay, 100)
    for n in range(waiting):
        relay.clock.advance(0.001)
        relay.post(f"m{n}", run=False)
        turn = relay.waiting[-1]
        asyncio.run(relay.app.answering.claims.claim(turn.message, "text"))
    question = asyncio.run(relay.app.answering.claims.claim(turn.message, "text"))[1]
    conversation = Conversation.of(turn.message, relay.app.bots.get("helper"))  # type: ignore[arg-type]
    relay.tables.calls.clear()
    _, plan = asyncio.run(relay.app.answering.history.read(conversation, question))
    assert len(plan.waiting) == waiting
    assert len(plan.window) == 20
    assert sum(call.startswith("page") for call in relay.tables.calls) == pages


def test_a_few_refused_messages_do_not_shorten_the_memory(relay: RelayKit) -> None:
    stored(relay, 20)
    relay.model.script += [ModelBlocked("content filter on the prompt")] * 180  # with history and without
    for n in range(90):
        relay.post(f"bad {n}")
        relay.clock.advance(0.1)
    relay.post("hello")
    assert len(relay.model.prompts[-1].messages) == 1 + 20 + 1


def test_counting_for_limits_costs_one_more_call(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60, limits={"per_sender": {"day": 9}, "per_bot": {"day": 9}})
    calls, before_reply = calls_of_a_turn(relay)
    assert calls[:3] == [
        "write relayhistory20261123 2",  # claim
        "write relaylimits20261123 2",  # the sender's count and the bot's
        "write relayleases 1",
    ]
    assert before_reply == 5


def test_a_topic_costs_one_more_call(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60)
    relay.post("warm up", sender="somebody.else")
    relay.tables.calls.clear()
    relay.post("hello", ext='{"robotInfo": {"topic": "work"}}')
    assert relay.tables.calls[:3] == [
        "write relayhistory20261123 1",  # where the message lies, found by a copy without the topic
        "write relayhistory20261123 2",  # claim
        "write relayleases 1",
    ]


def test_refused_rows_are_excluded_together(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60)
    stored(relay, 60)
    blocked = ModelBlocked("content filter on the prompt")
    relay.model.script = ["warm", blocked, "answer", blocked, blocked, "passes", blocked]
    calls, _ = calls_of_a_turn(relay)
    assert sum(call.startswith("write relayhistory") for call in calls) == 4  # claim, store, mark, exclude


def test_a_row_that_has_changed_does_not_keep_the_others_from_being_excluded(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    relay.post("two")
    partition = conversation_key(Message("helper", "alice", "", 0, ""))

    def entries() -> list[Entry]:
        rows = relay.tables.tables["relayhistory20261123"][partition]
        return [Entry.from_row(row) for key, row in sorted(rows.items()) if key.startswith("m|")]

    first, *others = entries()
    asyncio.run(relay.app.answering.history.exclude(partition, [replace(first, etag="stale"), *others]))
    assert [entry.excluded for entry in entries()] == [False, True, True, True]


URL = "https://nim-nosdn.netease.im/abc"


@pytest.mark.parametrize(
    ("kind", "writes", "fetched", "later"),
    [("PICTURE", 0, 1, 1), ("VIDEO", 0, 1, 1), ("AUDIO", 1, 1, 0), ("FILE", 1, 1, 0), ("LOCATION", 0, 0, 0)],
)
def test_what_a_medium_costs_now_and_when_it_is_remembered(
    relay: RelayKit, kind: str, writes: int, fetched: int, later: int
) -> None:
    """Words are written once, and never derived again; pictures are fetched by each turn that shows them."""
    relay.configure_bot(transcribe={"model": "gpt-transcribe"})
    for found in (relay.media.pictures, relay.media.transcripts, relay.media.texts):
        found[URL] = "hello"
    words, _ = calls_of_a_turn(relay)
    of_words = len(words)
    relay.tables.calls.clear()
    relay.clock.advance(1)
    relay.post("look", msgType=kind, attach={"url": URL})
    assert len(relay.tables.calls) == of_words + writes
    assert len(relay.media.fetched) == fetched
    assert len(relay.model.prompts) == 3  # one for each turn
    relay.tables.calls.clear()
    relay.media.fetched.clear()
    relay.clock.advance(1)
    relay.post("and?")
    assert len(relay.tables.calls) == of_words
    assert len(relay.media.fetched) == later


def test_what_is_heard_costs_one_call_and_no_queue_message(relay: RelayKit) -> None:
    relay.configure_bot(listen=True)
    relay.post("warm up", sender="bob", team="42")
    relay.tables.calls.clear()
    relay.post("hello all", sender="bob", team="42")
    assert relay.tables.calls == ["write relayhistory20261123 2"]
    assert relay.waiting == []


def test_a_bot_that_may_be_taken_over_from_costs_no_more_calls(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60, handover_minutes=30)
    stored(relay, 100)
    relay.post("hello")
    calls, before_reply = calls_of_a_turn(relay)
    assert [call.rsplit(" ", 1)[0] for call in calls if call.startswith("page")] == [
        "page relayhistory20261123"
    ]
    assert before_reply == 4


def test_a_conversation_of_each_member_costs_one_more_call(relay: RelayKit) -> None:
    relay.configure_bot(rewind_minutes=60, group_memory="member")
    relay.post("@Helper warm up", sender="bob", team="42")
    relay.tables.calls.clear()
    relay.post("@Helper hello", team="42")
    assert relay.tables.calls[:3] == [
        "write relayhistory20261123 1",  # the group's pointer to the member's conversation
        "write relayhistory20261123 2",
        "write relayleases 1",
    ]
    assert len(relay.tables.calls) == 7
