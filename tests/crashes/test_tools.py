"""A process that dies before, inside and behind calls of tools, and between two: each finished call has run once.

Two processes on one storage. The dead one's queue message stays hidden for the real ten minutes, as in
:mod:`tests.crashes.test_points`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from playground.model_server import Asked, Reply
from tests.crashes.points import WITH_TOOLS
from tests.crashes.world import BOTS, HALF_A_MINUTE, CrashWorld, crash_world

pytestmark = pytest.mark.stack

TOOLS = Path(__file__).parent / "app" / "tools.py"
TURN_SECONDS = 5
LEASE_SECONDS = TURN_SECONDS + 5
"""With the sending and the margin of :data:`tests.crashes.world.SHORT`."""
WITH_THEM = BOTS.replace(
    "turn_seconds = 4", f'turn_seconds = {TURN_SECONDS}\ntools = ["book", "cook"]\ntool_seconds = 2'
)

BOOK = Asked("book", {"table": 7})
COOK = Asked("cook", {"dish": "rice"})
BETWEEN = "between-calls"
"""One of two calls has its result, and the other is under way: a death at ``after-result``."""

RUNS = {
    "before-round": {"book": 1},
    "after-round": {"book": 1},
    "after-said": {"book": 1},
    "inside-call": {"book": 2},
    "before-result": {"book": 2},
    "after-result": {"book": 1},
    BETWEEN: {"book": 1, "cook": 2},
}
"""How often each tool runs: whatever had no stored result runs again, and nothing else."""

each_case = pytest.mark.parametrize("case", RUNS)


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one message.

    Attributes:
        runs: of each tool.
        keys: idempotency keys of each tool, different ones.
        shown: what the user saw, in order.
        rounds: how often the model was asked without a result.
        replies: stored replies.
        answered_ms: from the death until the user had the reply.
    """

    runs: dict[str, int]
    keys: dict[str, int]
    shown: tuple[str, ...]
    rounds: int
    replies: int
    answered_ms: int


async def tell(world: CrashWorld, case: str) -> Story:
    """Kill one host, restart it, and see the message through to an empty queue."""
    question = f"hello from {case}"
    calls = (BOOK, COOK) if case == BETWEEN else (BOOK,)
    world.model.when(question, Reply(calls=calls))
    world.model.when(question, Reply(text="All is done."))
    world.points.order("after-result" if case == BETWEEN else case)
    await world.im.say(case, question)
    died_at = await world.bury()
    left_behind = world.points.left_behind()
    restarted = asyncio.create_task(world.start_host())
    await world.im.wait_for(lambda: "All is done." in world.texts(case), LEASE_SECONDS + 2 * HALF_A_MINUTE)
    answered_at = world.shown(case)[-1].at
    await restarted
    await world.account.show(left_behind)
    await world.at_rest()

    done = [line.split() for line in (world.folder / "done.txt").read_text(encoding="utf-8").splitlines()]
    mine = [(tool, key) for sender, tool, key in done if sender == case]
    entries = [entry for entry in await world.account.replies(case) if not entry.excluded]
    asked = [r.messages for r in world.model.requests if any(question == m["content"] for m in r.messages)]
    return Story(
        runs=dict(Counter(tool for tool, _ in mine)),
        keys=dict(Counter(tool for tool, _ in set(mine))),
        shown=tuple(world.texts(case)),
        rounds=sum(all(said["role"] != "tool" for said in messages) for messages in asked),
        replies=len(entries),
        answered_ms=answered_at - died_at,
    )


async def tell_all(folder: Path, cases: Sequence[str]) -> dict[str, Story]:
    """Every case, in two worlds side by side, as most of it is waiting."""

    async def lane(mine: Sequence[str]) -> dict[str, Story]:
        settings = {"RELAY_TOOLS_FILE": str(TOOLS)}
        async with crash_world(folder / mine[0], bots=WITH_THEM, hosts=2, settings=settings) as world:
            return {case: await tell(world, case) for case in mine}

    found = await asyncio.gather(lane(cases[::2]), lane(cases[1::2]))
    return {case: story for stories in found for case, story in stories.items()}


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Story]:
    """One death in each case, all in one go."""
    return asyncio.run(tell_all(tmp_path_factory.mktemp("tools"), list(RUNS)))


def test_there_is_a_case_for_every_point() -> None:
    assert set(RUNS) == {*WITH_TOOLS, BETWEEN}


@each_case
def test_a_finished_call_has_run_once_and_one_that_was_cut_off_twice(
    stories: dict[str, Story], case: str
) -> None:
    assert stories[case].runs == RUNS[case]


@each_case
def test_a_call_that_runs_again_has_the_same_key(stories: dict[str, Story], case: str) -> None:
    assert stories[case].keys == dict.fromkeys(RUNS[case], 1)


@each_case
def test_the_user_sees_what_was_said_on_the_way_once_and_one_reply(
    stories: dict[str, Story], case: str
) -> None:
    assert stories[case].shown == ("One moment.", "All is done.")
    assert stories[case].replies == 1


@each_case
def test_a_round_that_is_stored_is_not_asked_for_again(stories: dict[str, Story], case: str) -> None:
    assert stories[case].rounds == (2 if case == "before-round" else 1)


@each_case
def test_the_answer_comes_within_the_lease_time_and_half_a_minute(
    stories: dict[str, Story], case: str
) -> None:
    assert stories[case].answered_ms <= (LEASE_SECONDS + HALF_A_MINUTE) * 1000
