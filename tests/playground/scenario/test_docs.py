"""docs/playground.md says what faults and scenarios are."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from playground.faults import FAULTS
from playground.scenario.expectation import Expectation
from playground.scenario.format import load, parse
from playground.scenario.rules import Rule
from playground.scenario.tables import SETTINGS, Scenario, Step
from relay.config.settings import APP_FOLDER
from tests.scenarios.test_files import FILES
from tests.test_docs import DOCUMENTS, code_blocks, table_below

PAGE = DOCUMENTS["docs/playground.md"]


def test_every_fault_is_explained_as_its_switch_does() -> None:
    told = {name.strip("`"): text for name, text in table_below(PAGE, "Fault").items()}
    assert told == {name: fault.explanation for name, fault in FAULTS.items()}


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("Key of a step", Step),
        ("Key of `expect`", Expectation),
        ("Key of the file", Scenario),
        ("Key of `script`", Rule),
    ],
)
def test_every_key_of_a_scenario_is_explained(heading: str, table: type[BaseModel]) -> None:
    told = [name for cell in table_below(PAGE, heading) for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(told) == sorted(field.alias or name for name, field in table.model_fields.items())


def test_the_settings_that_a_scenario_may_have_are_named() -> None:
    row = table_below(PAGE, "Key of the file")["`settings`"]
    assert sorted(re.findall(r"`(\w+)`", row)) == SETTINGS


def test_the_example_is_the_beginning_of_the_file_that_is_shown() -> None:
    (block,) = code_blocks(PAGE, "toml")
    (step,) = parse(block, "the example").steps
    file = APP_FOLDER / "tests/scenarios/files/ten_deliveries.toml"
    assert load(file).steps[0] == step
    assert len([line for line in block.splitlines() if line]) <= 8


def test_the_files_are_scenarios() -> None:
    assert len({load(path).title for path in FILES}) == len(FILES)
