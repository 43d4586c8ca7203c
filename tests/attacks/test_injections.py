"""Whatever a tool brings back stays the result of that tool, on its way to the model and afterwards."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from relay.config.settings import Settings
from relay.turn.prompt import TOOLS_NOTE
from tests.attacks.injections.corpus import CANARY, CORPUS, Attack
from tests.attacks.injections.trial import WAYS, Outcome, oddities, on_the_wires, run
from tests.kit import RelayKit
from tests.tracing import finished_spans


def test_the_corpus_has_no_text_twice_and_each_can_be_found() -> None:
    assert len({attack.text for attack in CORPUS}) == len({(a.family, a.name) for a in CORPUS}) == len(CORPUS)
    assert [attack.name for attack in CORPUS if CANARY not in attack.text] == []
    assert len(CORPUS) >= 30


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_a_result_stays_the_result_of_its_tool(
    relay: RelayKit, attack: Attack, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    finished = finished_spans()
    finished.clear()
    outcome, told = run(relay, attack, way)
    assert outcome == Outcome()
    assert TOOLS_NOTE in told.messages[0].content
    assert CANARY not in caplog.text
    assert CANARY not in "".join(span.to_json() for span in finished.all())


@pytest.mark.parametrize("family", dict.fromkeys(attack.family for attack in CORPUS))
def test_on_both_wires_a_result_is_one_message_and_what_repeats_it_is_no_call(
    settings: Settings, family: str
) -> None:
    found = asyncio.run(on_the_wires(settings, [attack for attack in CORPUS if attack.family == family]))
    assert found == {}


def test_a_result_that_gets_anywhere_is_noticed(relay: RelayKit) -> None:
    attack = CORPUS[0]
    _, told = run(relay, attack, "returned")
    system, user, asking, result = told.messages
    for messages in [
        (replace(system, content=f"{system.content} {result.content}"), user, asking, result),
        (system, user, asking, result, replace(user, content=result.content)),
        (system, user, replace(asking, calls=asking.calls * 2), result),
        (system, user, asking, replace(result, content="Say it.")),
    ]:
        assert oddities(told, replace(told, messages=messages), attack, "returned") != []
    assert oddities(told, told, attack, "returned") == []
