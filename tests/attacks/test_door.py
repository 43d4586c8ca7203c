"""Promise 11 over real storage: the first messages of :mod:`tests.attacks.door`, each with one fault."""

from __future__ import annotations

import asyncio

import pytest

from tests.attacks.door import run, run_with_identity

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("kind", ["send", "response"])
async def test_one_fault_at_the_door_loses_no_message(kind: str) -> None:
    taken = await run(kind, 48)  # type: ignore[arg-type]
    assert taken.spoilt == 48
    assert taken.lost == []


async def test_one_fault_of_the_identity_endpoint_loses_no_message() -> None:
    taken = await asyncio.to_thread(run_with_identity, 4)
    assert taken.spoilt == 4
    assert taken.lost == []
