"""The text of a turn on the queue, and whether it is short enough for one."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from relay.messages import FIELDS_MAX_BYTES, Change, Message, Receipt, Turn

HELLO = Message("helper", "alice", "c:alice:1", 1_790_000_000_000, "hello")
SILENT = Message("", "", "", 10**13 - 1, "")
LIMIT_BYTES = 4096

TEXTS = [field.name for field in fields(Message) if str(field.type).startswith("str")]


@pytest.mark.parametrize("character", ["x", "&", "<", '"', "\\", "\x01", "\uffff", "文", "😀"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_turn_fits_where_its_bytes_do_and_nowhere_else(name: str, character: str) -> None:
    def turn(count: int) -> Turn:
        said: dict[str, Any] = {name: character * count}
        return Turn(replace(SILENT, **said), received=10**13 - 1)

    one, two = turn(1).queue_bytes(), turn(2).queue_bytes()
    most = 1 + (LIMIT_BYTES - one) // (two - one)
    assert turn(most).queue_bytes() <= LIMIT_BYTES < turn(most + 1).queue_bytes()
    assert turn(most).fits(LIMIT_BYTES)
    assert not turn(most + 1).fits(LIMIT_BYTES)


def test_a_turn_without_texts_is_within_what_is_reckoned_for_it() -> None:
    largest = 2**63
    turn = Turn(replace(SILENT, team=""), received=largest, attempt=largest, waits=largest)
    assert turn.queue_bytes() <= FIELDS_MAX_BYTES - 64  # a field more does not bring it over unnoticed


def test_a_change_of_a_message_is_counted() -> None:
    turn = Turn(HELLO, received=1, change=Change("edit", ("c:alice:1",), attach="a" * LIMIT_BYTES))
    assert not turn.fits(LIMIT_BYTES)


@pytest.mark.parametrize("change", [None, Change("edit", ("c:alice:1", "s:7"), at=3, attach="{}")])
@pytest.mark.parametrize("watch", [None, Receipt("id", "pop")])
def test_the_text_of_a_turn_holds_all_of_its_fields(watch: Receipt | None, change: Change | None) -> None:
    turn = Turn(HELLO, received=5, attempt=2, trace="00-1", watch=watch, change=change)
    told = json.loads(turn.to_json())
    assert {name: told[name] for name in told if name not in ("v", "log_id")} == json.loads(
        json.dumps(asdict(turn))
    )
    assert Turn.from_json(turn.to_json()) == turn
