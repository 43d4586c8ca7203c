"""The stream of events."""

import json
from typing import Any

from playground.page.events import KEPT_EVENTS, PING, Events


async def read(events: Events, after: int, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for line in events.follow(after):
        if line != PING:
            found.append(json.loads(line.removeprefix(b"data: ")))
        if len(found) == count:
            break
    return found


async def test_a_reader_goes_on_where_it_stopped() -> None:
    events = Events()
    for number in range(3):
        events.publish("user", number=number)
    assert [event["number"] for event in await read(events, 1, 2)] == [1, 2]
    assert events.seq == 3


async def test_headers_go_out_before_anything_has_happened() -> None:
    lines = Events().follow(0)
    assert await anext(lines) == PING
    await lines.aclose()


async def test_a_reader_of_another_server_is_reset() -> None:
    events = Events()
    events.publish("user")
    (event,) = await read(events, 7, 1)
    assert event == {"seq": 1, "type": "reset"}


async def test_a_reader_who_is_too_far_behind_is_reset() -> None:
    events = Events()
    for _ in range(KEPT_EVENTS + 5):
        events.publish("user")
    first, *_ = await read(events, 1, 1)
    assert first["type"] == "reset"


async def test_closing_ends_every_stream() -> None:
    events = Events()
    lines = events.follow(0)
    assert await anext(lines) == PING
    events.close()
    assert [line async for line in lines if line != PING] == []
