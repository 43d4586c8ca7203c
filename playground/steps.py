"""Steps of a set-up that are done once: what they fetch is said first, and a stamp says that they are done.

The stamp holds a hash of what the step was made from, so a second run does nothing and needs no network.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playground.progress import Progress, say
from playground.runs import DEV


class SetupFailed(RuntimeError):
    """A step of the set-up did not work; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up.

    Attributes:
        name: what it is, for the reader.
        megabytes: about how much is fetched when nothing is cached.
        stamp: file that says it was done.
        fingerprint: hash of what the step is made from; the stamp holds it.
        proof: file without which the step is not done, whatever the stamp says.
        work: does it; raises SetupFailed.
        place: what it writes into, or needs: steps of one place are done one after the other.
    """

    name: str
    megabytes: int
    stamp: Path
    fingerprint: str
    proof: Path
    work: Callable[[Progress], None]
    place: Path

    @property
    def done(self) -> bool:
        """True when the step was done from the very same files."""
        there = self.stamp.is_file() and self.proof.exists()
        return there and self.stamp.read_text(encoding="utf-8") == self.fingerprint

    def run(self) -> None:
        """Do the step.

        Raises:
            SetupFailed: the step did not work.
        """
        with Progress(self.name) as progress:
            self.work(progress)
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.fingerprint, encoding="utf-8")


def set_up(steps: Sequence[Step]) -> None:
    """Do the steps that are not done.

    Raises:
        SetupFailed: a step did not work; those after it were not tried.
    """
    failed = set_up_groups({"": steps})
    if failed:
        raise SetupFailed(failed[""])


def set_up_groups(groups: Mapping[str, Sequence[Step]]) -> dict[str, str]:
    """Do the steps that are not done, those of different places side by side.

    Args:
        groups: steps that are of use together only. Two groups may need the same step.

    Returns:
        Of each group of which a step did not work, why. Its steps after that one were not tried.
    """
    if all(step.done for steps in groups.values() for step in steps):
        return {}
    places: dict[Path, list[tuple[str, Step]]] = defaultdict(list)
    for group, steps in groups.items():
        for step in steps:
            places[step.place].append((group, step))
    failed: dict[str, str] = {}
    interrupted = threading.Event()

    def work(planned: Sequence[tuple[str, Step]]) -> None:
        for group, step in planned:
            if group in failed or interrupted.is_set() or step.done:  # maybe by another run, meanwhile
                continue
            try:
                step.run()
            except SetupFailed as error:
                failed.setdefault(group, str(error))

    with _alone(), ThreadPoolExecutor(len(places)) as threads:
        working = [threads.submit(work, planned) for planned in places.values()]
        try:
            for each in working:
                each.result()
        except BaseException:
            interrupted.set()
            raise
    return {group: failed[group] for group in groups if group in failed}


def announce(steps: Sequence[Step]) -> None:
    """Say what is about to be fetched, and how much."""
    # Two commands' needs may name the same step.
    missing = list({step.stamp: step for step in steps if not step.done}.values())
    fetched = ", ".join(f"{step.name} {step.megabytes} MB" for step in missing if step.megabytes)
    if fetched:
        total = sum(step.megabytes for step in missing)
        say(f"To fetch, once: about {total} MB ({fetched}), kept in {DEV}")


@contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time in this checkout; the system frees the lock even after a kill."""
    DEV.mkdir(exist_ok=True)
    with (DEV / "setup.lock").open("a+b") as lock:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
