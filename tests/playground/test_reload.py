"""The files that are followed: when they count as changed."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from playground.reload import LOOK_SECONDS, SETTLE_SECONDS, Files, keep_up
from playground.stack import Stack
from relay.config.bots import Bots


class Clock:
    """Does at each pause what comes next, and notes how long the pauses are."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self._steps:
            self._steps.pop(0)()
        elif seconds == LOOK_SECONDS:
            raise TimeoutError("nothing changes any more")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "bots.toml").write_text("as it was")
    return Files(tmp_path / "bots.toml", tmp_path / "tools.py")


def nothing() -> None:
    pass


async def test_what_is_written_in_place_counts_once_it_stays_the_same(files: Files) -> None:
    clock = Clock(
        nothing,
        lambda: files.bots.write_text(""),
        lambda: files.bots.write_text("half"),
        lambda: files.bots.write_text("half and half"),
    )
    await files.changed(clock.pause)
    assert clock.pauses == [LOOK_SECONDS] * 2 + [SETTLE_SECONDS] * 3
    with pytest.raises(TimeoutError):
        await files.changed(clock.pause)


async def test_another_file_in_its_place_is_a_change(files: Files, tmp_path: Path) -> None:
    (tmp_path / "draft").write_text("as it is")
    await files.changed(Clock(lambda: (tmp_path / "draft").replace(files.bots)).pause)


async def test_a_file_that_was_emptied_and_written_again_as_it_was_has_not_changed(files: Files) -> None:
    clock = Clock(lambda: files.bots.write_text(""), lambda: files.bots.write_text("as it was"))
    with pytest.raises(TimeoutError):
        await files.changed(clock.pause)


class Told:
    """An audience."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.bots: list[str] = []
        self.news = asyncio.Event()

    def wrong(self, problems: Sequence[str]) -> None:
        self.problems += problems
        self.news.set()

    def replacing(self) -> None:
        raise AssertionError("the host is somebody else's")

    def taken_on(self, bots: Bots) -> None:
        self.bots = [bot.name for bot in bots]
        self.news.set()


async def test_beside_a_host_of_somebody_else_only_the_bots_are_taken_on(
    files: Files, tmp_path: Path
) -> None:
    told, stack = Told(), Stack(model="scripted", host=None, logs=tmp_path)
    following = asyncio.create_task(keep_up(files, stack, told, asyncio.Lock()))
    try:
        files.bots.write_text("not any more", encoding="utf-8")
        await asyncio.wait_for(told.news.wait(), 10)
        assert (told.bots, len(told.problems)) == ([], 1)
        told.news.clear()
        files.bots.write_text('[[bots]]\naccid = "a"\nname = "Ann"\nsystem_prompt = "x"\n', encoding="utf-8")
        await asyncio.wait_for(told.news.wait(), 10)
        assert told.bots == ["Ann"]
    finally:
        following.cancel()


async def test_tools_that_appear_or_go_are_a_change(files: Files) -> None:
    await files.changed(Clock(lambda: files.tools.write_text("x = 1")).pause)
    await files.changed(Clock(lambda: files.tools.unlink()).pause)
