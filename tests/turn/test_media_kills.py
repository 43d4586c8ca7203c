"""A process that dies at any call of a turn about a medium: one reply, and what was heard is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from tests.doubles import Call
from tests.kit import RelayKit

URL = "https://nim-nosdn.netease.im/abc"
Side = Literal["before", "after"]


def voice(relay: RelayKit) -> None:
    relay.media.transcripts[URL] = "hello"
    relay.post("", msgType="AUDIO", attach={"url": URL, "dur": 3900}, run=False)


def file(relay: RelayKit) -> None:
    relay.media.texts[URL] = "hello"
    relay.post("read it", msgType="FILE", attach={"url": URL, "name": "a.txt"}, run=False)


def picture_alone(relay: RelayKit) -> None:
    relay.media.pictures[URL] = "data:image/png;base64,AAAA"
    relay.post("", msgType="PICTURE", attach={"url": URL}, run=False)


KINDS: dict[str, Callable[[RelayKit], None]] = {
    "voice": voice,
    "a file": file,
    "a picture alone": picture_alone,
}

CALLS_MAX = 40


def let_die(relay: RelayKit, side: Side, number: int) -> list[str]:
    """Let the process die around its call of storage with this number; returns the calls so far, as they come."""
    calls: list[str] = []

    def hook(call: Call) -> None:
        if call.name == "receive":
            return  # that is the function host's
        calls.append(f"{call.name} {call.where}")
        if len(calls) == number + 1:
            relay.kill_host()

    for double in (relay.tables, relay.queues):
        setattr(double, side, hook)
    return calls


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_death_at_any_call_ends_in_one_reply(relay: RelayKit, kind: str, side: Side) -> None:
    relay.configure_bot(transcribe={"model": "gpt-transcribe"})
    deaths = 0
    for number in range(CALLS_MAX):
        url_before = len(relay.media.fetched)
        KINDS[kind](relay)
        calls = let_die(relay, side, number)
        relay.settle()
        for double in (relay.tables, relay.queues):
            setattr(double, side, None)
        relay.sweep()
        relay.settle()
        assert len(relay.replies) == number + 1, f"killed {side} call {number}: {calls[number : number + 1]}"
        if kind == "voice":
            assert len(relay.media.fetched) - url_before <= 2
        deaths += len(calls) > number
        relay.clock.advance(3600)
        if len(calls) <= number:
            break
    assert deaths >= 8
    assert relay.failed == []
