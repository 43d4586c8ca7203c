"""What an earlier message may not do to a later one."""

from __future__ import annotations

from relay.errors import ImUnavailable, ModelBlocked, ModelRejected
from relay.keys import LEASE_TABLE
from relay.ports import Outgoing, Prompt
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit


def test_a_history_that_the_filter_refuses_does_not_block_the_chat(relay: RelayKit) -> None:
    def refuse_the_guilty(prompt: Prompt) -> str:
        if any("guilty" in said.content for said in prompt.messages[:-1]):
            raise ModelBlocked("content filter on the prompt")
        return "ok"

    relay.model.default = refuse_the_guilty
    for text in ("guilty", "two", "three"):
        relay.post(text)
        relay.clock.advance(1)
    assert relay.replies == ["ok", "ok", "ok"]
    # "two" was asked about twice, and one question found the row.
    assert len(relay.model.prompts) == 5
    assert relay.model.asked()[-1][1:] == [
        ("assistant", "ok"),
        ("user", "two"),
        ("assistant", "ok"),
        ("user", "three"),
    ]


def test_a_history_that_is_too_long_for_the_model_does_not_block_the_chat(relay: RelayKit) -> None:
    def small(prompt: Prompt) -> str:
        if sum(len(said.content) for said in prompt.messages) > 3000:
            raise ModelRejected("HTTP 400 context_length_exceeded")
        return "x" * 1000

    relay.model.default = small
    for _ in range(6):
        relay.post("question")
        relay.clock.advance(60)
    assert relay.replies == ["x" * 1000] * 6


def test_a_reply_that_cannot_be_sent_holds_the_next_one_up_only_until_that_gives_up(relay: RelayKit) -> None:
    def refuse_the_cursed(outgoing: Outgoing) -> None:
        if outgoing.text == "cursed":
            raise ImUnavailable("code 414")

    relay.im.default = refuse_the_cursed
    relay.model.script = ["cursed"]
    relay.post("one")
    relay.clock.advance(60)
    relay.post("two")
    relay.wait(11 * 60)
    assert relay.replies == [RELAYS_OWN.failed.en]


def test_a_success_alone_clears_what_is_known_of_deaths(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3, crashes=1)
    now = relay.clock.now()
    relay.post("first", at=now + 1, run=False)
    relay.post("second", at=now + 2, run=False)
    relay.settle()
    assert relay.replies == ["Hi alice", "Hi alice"]
    assert not any(
        "crashes" in row.values for rows in relay.tables.tables[LEASE_TABLE].values() for row in rows.values()
    )
