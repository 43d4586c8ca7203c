"""Walks: one stack with a page in which chats are had, and one in which they are played again, for all of them."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from playground.page.parts import HostLabel, ModelLabel
from playground.page.replays import read_scenario
from playground.page.server import PageServer
from playground.scenario.command import play_in
from playground.scenario.run import StepResult
from playground.stack import Stack
from relay.config.bots import load_bots
from tests.walks.person import Person

BOTS = Path(__file__).with_name("bots.toml")
SETTINGS = {
    "RELAY_BOTS_FILE": str(BOTS),
    "RELAY_SEND_SECONDS": "1",
    "RELAY_LEASE_MARGIN_SECONDS": "1",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of one.

    Attributes:
        seed: of the walk.
        acts: what was done.
        file: the chat as a scenario.
        failure: what went otherwise; empty when nothing did.
    """

    seed: int
    acts: Sequence[str]
    file: str
    failure: str
    seconds: tuple[float, float] = (0, 0)

    def __str__(self) -> str:
        acts = "\n".join(f"    {act}" for act in self.acts)
        return f"seed {self.seed}: {self.failure or 'as it was'}\n{acts}\n{self.file}"


@asynccontextmanager
async def worlds(folder: Path) -> AsyncIterator[tuple[str, Stack]]:
    """URL of a page over a stack, and another stack."""
    environ = {**os.environ, **SETTINGS}
    label = ModelLabel("scripted", "scripted", visible=True)
    server = PageServer(load_bots(BOTS), label, HostLabel("builtin", "starting", killable=True))
    with server:
        one = Stack(model="scripted", logs=folder / "had", collector=server.collector, environ=environ)
        other = Stack(model="scripted", logs=folder / "played", environ=environ)
        try:
            for stack in (one, other):
                await asyncio.to_thread(stack.start)
            server.connect(one)
            yield server.url, other
        finally:
            server.close()
            for stack in (one, other):
                await asyncio.to_thread(stack.stop)


async def walk_all(seeds: Sequence[int], folder: Path) -> AsyncIterator[Walk]:
    """Take the walks: while one is played again, the next one is had."""
    async with worlds(folder) as (url, stack), aiohttp.ClientSession() as session:
        playing: asyncio.Task[Walk] | None = None
        for seed in seeds:
            had = await _have(session, url, seed)
            if playing is not None:
                yield await playing
            playing = asyncio.create_task(_play(stack, had))
        if playing is not None:
            yield await playing


async def _have(session: aiohttp.ClientSession, url: str, seed: int) -> Walk:
    person, began = Person(session, url, seed), time.monotonic()
    try:
        file = await person.save(await person.have_a_chat())
        failure = ""
    except (AssertionError, aiohttp.ClientError, TimeoutError):
        file, failure = "", traceback.format_exc()
    await person.tidy()
    return Walk(seed, person.walk, file, failure, (time.monotonic() - began, 0))


async def _play(stack: Stack, had: Walk) -> Walk:
    if had.failure:
        return had
    told: list[StepResult] = []
    began = time.monotonic()
    scenario = read_scenario(had.file)
    result = await play_in(stack, scenario, told.append)
    if scenario.unfinished:  # what it left without an answer would be answered in the middle of the next one
        await asyncio.to_thread(stack.stop)
        await asyncio.to_thread(stack.start)
    failed = "\n".join(f"{step.title}: {step.detail}" for step in told if not step.ok)
    seconds = (had.seconds[0], time.monotonic() - began)
    return Walk(had.seed, had.acts, had.file, "" if result.ok else failed, seconds)
