"""What is measured of a request to a model: its time, with its error if it has one, its first piece, its tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from relay.model.endpoints import Endpoint
from relay.model.told import telling
from tests.measuring import measured

DURATION, FIRST_CHUNK = "gen_ai.client.operation.duration", "gen_ai.client.operation.time_to_first_chunk"
TOKENS = "gen_ai.client.token.usage"


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Endpoint:
    """One of this test alone: metrics are told apart by the model's name."""
    measured(DURATION)
    return Endpoint("http://127.0.0.1:1/v1", request.node.name, is_azure=False)


def of(place: Endpoint, name: str) -> list[dict[str, object]]:
    return [each for each, _ in measured(name) if each["gen_ai.request.model"] == place.model]


def test_a_request_that_fails_is_measured_with_its_error(place: Endpoint) -> None:
    with telling(place, {}) as told:
        told.failed("429")
    (attributes,) = of(place, DURATION)
    assert attributes["error.type"] == "429"
    assert of(place, TOKENS) == []


def test_a_request_that_is_given_up_is_measured_as_well(place: Endpoint) -> None:
    with pytest.raises(asyncio.CancelledError), telling(place, {}):
        raise asyncio.CancelledError
    (attributes,) = of(place, DURATION)
    assert attributes["error.type"] == "CancelledError"


def test_tokens_are_counted_by_direction(place: Endpoint) -> None:
    usage = SimpleNamespace(prompt_tokens=30, completion_tokens=4)
    with telling(place, {}) as told:
        told.answered(SimpleNamespace(model="as-it-calls-itself", usage=usage))
    found = {
        each["gen_ai.token.type"]: point.sum
        for each, point in measured(TOKENS)
        if each["gen_ai.request.model"] == place.model
    }
    assert found == {"input": 30, "output": 4}
    (attributes,) = of(place, DURATION)
    assert attributes["gen_ai.response.model"] == "as-it-calls-itself"
    assert "error.type" not in attributes


async def test_only_the_first_piece_of_a_streamed_answer_is_waited_for(place: Endpoint) -> None:
    async def pieces() -> AsyncIterator[str]:
        for piece in ("a", "b", "c"):
            yield piece

    with telling(place, {}) as told:
        assert [piece async for piece in told.pieces(pieces())] == ["a", "b", "c"]
    (point,) = [point for each, point in measured(FIRST_CHUNK) if each["gen_ai.request.model"] == place.model]
    assert point.count == 1


async def test_an_answer_without_a_piece_has_no_first_one(place: Endpoint) -> None:
    async def pieces(*said: str) -> AsyncIterator[str]:
        for piece in said:
            yield piece

    with telling(place, {}) as told:
        assert [piece async for piece in told.pieces(pieces())] == []
    assert of(place, FIRST_CHUNK) == []
