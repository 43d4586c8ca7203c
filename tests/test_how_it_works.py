"""The pictures and the words of docs/how-it-works.md are those of the code."""

from __future__ import annotations

import re

from relay.outbox import FAILED, POISON, TURNS, Outbox
from tests.test_docs import INSIDE, code_blocks
from tests.test_rooms import MAY_IMPORT, ROOMS

ROOMS_PICTURE, QUEUE_PICTURE = code_blocks(INSIDE, "mermaid")

TERMS = (
    *("idempotent", "jitter", "exponential back-off", "circuit breaker", "half-open", "dead letter queue"),
    *("watchdog", "optimistic concurrency", "lease", "at-least-once delivery"),
)
"""What somebody who knows the field looks for."""


def test_the_arrows_between_the_rooms_are_the_imports_that_are_allowed() -> None:
    drawn = re.findall(r"^ +(\w+) -->(?:\|(\w+)\|)? (\w+)$", ROOMS_PICTURE, re.MULTILINE)
    assert len(drawn) == ROOMS_PICTURE.count("-->")
    allowed = {
        (room, target)
        for room in (*ROOMS, "app", "answering", "sweep")
        for target in MAY_IMPORT.get(room, ())
        if target.partition(".")[0] in {*ROOMS, "answering", "sweep"} - {"config"}
    }
    assert {(room, f"{target}.{part}" if part else target) for room, part, target in drawn} == allowed


def test_each_room_has_its_line() -> None:
    assert sorted(re.findall(r"^\| `relay/(\w+)/` \|", INSIDE, re.MULTILINE)) == ROOMS


def test_every_room_but_that_of_the_im_server_may_read_the_configuration() -> None:
    assert {room for room in MAY_IMPORT if room in ROOMS and "config" not in MAY_IMPORT[room]} == {
        "im",
        "config",
    }


def test_the_life_of_a_queue_message_names_what_moves_it() -> None:
    named = set(re.findall(r"\((\w+)\)", QUEUE_PICTURE))
    assert named == {name for name in vars(Outbox) if not name.startswith("_")}
    assert f"a message on `{TURNS}`" in INSIDE
    for queue in (POISON, FAILED):
        assert queue in QUEUE_PICTURE


def test_nothing_in_the_life_of_a_queue_message_is_a_dead_end() -> None:
    arrows = re.findall(r"^ +(\S+) --> (\S+)", QUEUE_PICTURE, re.MULTILINE)
    assert len(arrows) == QUEUE_PICTURE.count("-->")
    ending = {"[*]"}
    while more := {begin for begin, end in arrows if end in ending} - ending:
        ending |= more
    assert {place for arrow in arrows for place in arrow} == ending


def test_each_term_of_the_field_stands_once_beside_our_word() -> None:
    (table,) = re.findall(r"^\| Word \| .*\n\|[-|]+\n((?:\|.*\n)+)", INSIDE, re.MULTILINE)
    terms = [line.strip("|").split("|")[2].strip() for line in table.splitlines()]
    assert sorted(filter(None, terms)) == sorted(TERMS)
