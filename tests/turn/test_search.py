"""Which earlier message it was that the model refuses: found, and no other one forgotten for it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from relay.config.bot import Bot
from relay.errors import ModelBlocked, ModelRejected, ModelUnavailable
from relay.memory.rows import Entry
from relay.ports import Prompt
from relay.turn.asking import Refusal
from relay.turn.search import PROBE_MAX_TOKENS, PROBES_MAX, refused_rows
from tests.doubles import ManualClock, ScriptedModel
from tests.kit import RelayKit

BOT = Bot(accid="helper", name="Helper", system_prompt="You are Helper.")
REFUSALS: list[Refusal] = [ModelBlocked("content filter on the prompt"), ModelRejected("HTTP 400")]


def rows(count: int, senders: int = 1) -> tuple[Entry, ...]:
    """So many messages, in turns of as many senders."""
    return tuple(
        Entry(f"m|{n:013d}|x|1", "text", "answered", f"user {n % senders}", f"row {n}.", f"id {n}")
        for n in range(count)
    )


def refusing(words: tuple[str, ...], refusal: Refusal) -> Callable[[Prompt], str]:
    """A model that refuses a prompt in which one of these stands."""

    def say(prompt: Prompt) -> str:
        if any(word in said.content for said in prompt.messages for word in words):
            raise type(refusal)(refusal.cause)
        return "ok"

    return say


async def search(
    model: ScriptedModel, suspects: tuple[Entry, ...], refusal: Refusal, *, group: bool = False
) -> list[str]:
    """The texts of the rows that are found."""
    clock = ManualClock()
    until = clock.now() + 60_000
    found = await refused_rows(model, clock, BOT, suspects, refusal, (), group=group, until=until)
    return [row.text for row in found]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["filter", "unknown"])
@pytest.mark.parametrize("guilty", range(16))
async def test_the_row_is_among_the_few_that_are_found(refusal: Refusal, guilty: int) -> None:
    model = ScriptedModel(default=refusing((f"row {guilty}.",), refusal))
    found = await search(model, rows(16), refusal)
    assert f"row {guilty}." in found
    assert len(found) <= 2
    assert len(model.prompts) <= PROBES_MAX
    assert {prompt.max_tokens for prompt in model.prompts} == {PROBE_MAX_TOKENS}


async def test_in_a_group_one_senders_row_costs_nobody_else_a_word() -> None:
    refusal = REFUSALS[0]
    model = ScriptedModel(default=refusing(("row 1.",), refusal))
    assert await search(model, rows(12, senders=4), refusal, group=True) == ["row 1."]
    asked = [[json.loads(content) for _, content in prompt[1:]] for prompt in model.asked()]
    assert [{said["speaker"] for said in question} for question in asked] == [
        {"user 0"},
        {"user 1"},
        {"user 1"},
    ]


async def test_a_window_of_one_row_needs_no_question() -> None:
    model = ScriptedModel()
    assert await search(model, rows(1), REFUSALS[0]) == ["row 0."]
    assert model.prompts == []


async def test_rows_that_pass_apart_are_not_to_blame_and_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def long(prompt: Prompt) -> str:
        if len(prompt.messages) > 10:
            raise ModelRejected("HTTP 400")
        return "ok"

    assert await search(ScriptedModel(default=long), rows(16), REFUSALS[1]) == []
    assert "which one could not be found" in caplog.text


async def test_more_than_a_quarter_is_never_left_out() -> None:
    refusal = REFUSALS[0]
    everywhere = ScriptedModel(default=refusing(("row",), refusal))
    assert len(await search(everywhere, rows(6), refusal)) == 1
    clock = ManualClock()

    def slow(prompt: Prompt) -> str:
        clock.advance(4)
        raise ModelBlocked("content filter on the prompt")

    found = await refused_rows(
        ScriptedModel(default=slow),
        clock,
        BOT,
        rows(16),
        REFUSALS[0],
        (),
        group=False,
        until=clock.now() + 3_000,
    )
    assert found == ()


async def test_when_its_time_is_over_nothing_more_is_asked() -> None:
    clock = ManualClock()
    until = clock.now() + 2_000

    def slow(prompt: Prompt) -> str:
        clock.advance(1)
        raise ModelBlocked("content filter on the prompt")

    model = ScriptedModel(default=slow)
    found = await refused_rows(model, clock, BOT, rows(16), REFUSALS[0], (), group=False, until=until)
    assert (len(found), model.seconds) == (4, [2, 1])


async def test_a_model_that_is_away_meanwhile_blames_nobody() -> None:
    model = ScriptedModel(default=ModelUnavailable("HTTP 429"))
    assert await search(model, rows(16), REFUSALS[0]) == []


def test_the_answer_goes_out_before_the_row_is_looked_for(relay: RelayKit) -> None:
    shown: list[int] = []

    def say(prompt: Prompt) -> str:
        shown.append(len(relay.replies))
        if "bad" in [said.content for said in prompt.messages[:-1]]:
            raise ModelRejected("HTTP 400")
        return "ok"

    relay.model.default = say
    for text in ("bad", "one", "two"):
        relay.post(text)
        relay.clock.advance(1)
    assert relay.replies == ["ok"] * 3
    assert shown == [0, 1, 1, 2, 2]
    assert ("user", "bad") not in relay.model.asked()[-1]
    assert ("user", "one") in relay.model.asked()[-1]
