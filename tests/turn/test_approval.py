"""The user is asked before a tool does something; only their yes to that very question lets it."""

from __future__ import annotations

import pytest

from relay.ports import Completion, Prompt
from relay.tools import tool
from tests.doubles.model import called, called_all
from tests.kit import RelayKit

CANCELLED = [("cancel", {"order_id": 7})]


@tool(confirm="Cancel order {order_id}?")
def cancel(order_id: int) -> str:
    """Cancel an order."""
    return f"order {order_id} is cancelled"


@tool
def order(number: int) -> str:
    """Look up an order."""
    return f"order {number} is shipped"


@pytest.fixture
def shop(relay: RelayKit) -> RelayKit:
    """A bot that can cancel orders, and has just been asked to."""
    relay.tools.add(cancel, order)
    relay.configure_bot(tools=["cancel", "order"])
    relay.model.script = [called("cancel", order_id=7)]
    relay.post("cancel order 7")
    relay.clock.advance(5)
    return relay


def last_results(relay: RelayKit) -> list[str]:
    return [said.content for said in relay.model.prompts[-1].messages if said.role == "tool"]


def test_the_question_says_what_is_to_be_done_and_how_to_answer(shop: RelayKit) -> None:
    (question,) = shop.replies
    assert question.startswith("Cancel order 7?")
    for word in ("yes", "no", "是", "否", "10 minutes"):
        assert word in question
    assert shop.tools.calls == []


@pytest.mark.parametrize("word", ["yes", "Yes.", "ＹＥＳ", " 是 ", "是。"])
def test_yes_lets_it_happen_once(shop: RelayKit, word: str) -> None:
    shop.model.script = ["It is cancelled."]
    shop.post(word)
    assert shop.tools.calls == CANCELLED
    assert shop.replies[1:] == ["It is cancelled."]
    assert last_results(shop) == ["order 7 is cancelled"]
    shop.clock.advance(1)
    shop.post("yes")
    assert shop.tools.calls == CANCELLED


@pytest.mark.parametrize("word", ["no", "No!", "否"])
def test_no_is_told_to_the_model_and_ends_the_question(shop: RelayKit, word: str) -> None:
    shop.model.script = ["Then not."]
    shop.post(word)
    assert shop.tools.calls == []
    assert shop.replies[1:] == ["Then not."]
    assert "said no" in last_results(shop)[0]
    shop.clock.advance(1)
    shop.post("yes")
    assert shop.tools.calls == []


def test_anything_else_voids_the_question_so_that_no_later_yes_cancels(shop: RelayKit) -> None:
    shop.post("wait, which order is that?")
    shop.clock.advance(5)
    shop.post("yes")
    assert shop.tools.calls == []


def test_in_a_burst_what_comes_before_the_yes_voids_the_question(shop: RelayKit) -> None:
    shop.post("do you have pizza?", run=False)
    shop.clock.advance(1)
    shop.post("yes", run=False)
    shop.settle()
    assert shop.tools.calls == []


def test_what_comes_behind_the_yes_is_answered_after_it(shop: RelayKit) -> None:
    shop.model.script = ["Cancelled.", "We have pizza."]
    shop.post("yes", run=False)
    shop.clock.advance(1)
    shop.post("do you have pizza?", run=False)
    shop.settle()
    assert shop.tools.calls == CANCELLED
    assert shop.replies[1:] == ["Cancelled.", "We have pizza."]


def test_a_question_lives_for_its_minutes(shop: RelayKit) -> None:
    shop.configure_bot(confirm_minutes=2)
    shop.clock.advance(120)
    shop.post("yes")
    assert shop.tools.calls == []


def test_a_yes_that_was_written_before_the_question_was_there_is_none(relay: RelayKit) -> None:
    relay.tools.add(cancel)
    relay.configure_bot(tools=["cancel"])

    def asking(prompt: Prompt) -> Completion:
        relay.post("yes", at=relay.clock.now() + 1, run=False)
        relay.clock.advance(3)
        return called("cancel", order_id=7)

    relay.model.script = [asking]
    relay.post("cancel order 7, or is it too late?")
    relay.settle()
    assert relay.tools.calls == []


def test_new_voids_the_question(shop: RelayKit) -> None:
    shop.post("/new")
    shop.clock.advance(1)
    shop.post("yes")
    assert shop.tools.calls == []


def test_forget_leaves_nothing_of_the_question(shop: RelayKit) -> None:
    shop.post("/forget")
    assert "order_id" not in str(shop.tables.rows())
    assert "Cancel" not in str(shop.tables.rows())
    shop.clock.advance(1)
    shop.post("yes")
    assert shop.tools.calls == []


def test_another_instance_takes_the_yes(shop: RelayKit) -> None:
    shop.restart(shop.app.bots, shop.settings)
    shop.post("yes")
    assert shop.tools.calls == CANCELLED


def test_a_turn_that_dies_behind_the_cancelling_does_not_cancel_again(shop: RelayKit) -> None:
    def dying(prompt: Prompt) -> str:
        shop.model.script = ["It is cancelled."]
        shop.kill_host()

    shop.model.script = [dying]
    shop.post("yes")
    shop.settle()
    assert shop.tools.calls == CANCELLED
    assert shop.replies[1:] == ["It is cancelled."]


def test_a_yes_that_was_recalled_behind_the_cancelling_leaves_nothing_for_another_yes(shop: RelayKit) -> None:
    yes = shop.copy("yes")

    def dying(prompt: Prompt) -> str:
        shop.recall(yes, run=False)
        shop.kill_host()

    shop.model.script = [dying]
    shop.post_body(yes)
    shop.clock.advance(1)
    shop.post("yes", run=False)
    shop.settle()
    assert shop.tools.calls == CANCELLED


def test_of_two_things_that_need_a_word_one_is_asked_about(relay: RelayKit) -> None:
    relay.tools.add(cancel, order)
    relay.configure_bot(tools=["cancel", "order"])
    both = (("cancel", {"order_id": 7}), ("order", {"number": 3}), ("cancel", {"order_id": 8}))
    relay.model.script = [called_all(*both)]
    relay.post("cancel 7 and 8, and look up 3")
    assert relay.replies[0].startswith("Cancel order 7?")
    relay.clock.advance(5)
    relay.model.script = ["7 is cancelled."]
    relay.post("yes")
    assert relay.tools.calls == [("order", {"number": 3}), *CANCELLED]
    told = last_results(relay)
    assert told[:2] == ["order 7 is cancelled", "order 3 is shipped"]
    assert "one thing at a time" in told[2]


def test_in_a_group_only_the_person_who_was_asked_says_yes(relay: RelayKit) -> None:
    relay.tools.add(cancel)
    relay.configure_bot(tools=["cancel"])
    relay.model.script = [called("cancel", order_id=7)]
    relay.post("@Helper cancel order 7", team="42")
    assert "@Helper yes" in relay.replies[0]
    relay.clock.advance(5)
    relay.post("@Helper yes", team="42", sender="bob")
    assert relay.tools.calls == []
    relay.clock.advance(1)
    relay.post("yes", team="42")
    assert relay.tools.calls == []
    relay.post("@Helper yes", team="42")
    assert relay.tools.calls == CANCELLED


def test_arguments_that_do_not_fit_are_not_asked_about(relay: RelayKit) -> None:
    relay.tools.add(cancel)
    relay.configure_bot(tools=["cancel"])
    relay.model.script = [called("cancel", order_id="seven"), "Which number?"]
    relay.post("cancel order seven")
    assert relay.replies == ["Which number?"]
    assert relay.tools.calls == []
