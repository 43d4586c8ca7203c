"""``python -m tests.exploration [WORD…]``: explore every space (whose name has the words) and print a table."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.exploration.explorer import Explored
from tests.exploration.spaces import Space, spaces


def _timed(space: Space) -> tuple[Space, Explored, float]:
    started = time.monotonic()
    return space, space.run(), time.monotonic() - started


def main() -> None:
    """Explore, two spaces at a time."""
    wanted = [space for space in spaces() if all(word in space.name for word in sys.argv[1:])]
    states = runs = 0
    print(f"{'space':<52} {'states':>8} {'runs':>8} {'ends':>6}  {'finished':<8} {'s':>7}")
    with ProcessPoolExecutor(max_workers=2) as pool:
        for space, explored, seconds in pool.map(_timed, wanted):
            counts = f"{explored.states:>8} {explored.runs:>8} {explored.ends:>6}"
            finished = "yes" if explored.finished else "no"
            print(f"{space.name:<52} {counts}  {finished:<8} {seconds:>7.1f}", flush=True)
            states += explored.states
            runs += explored.runs
    print(f"{states} states, {runs} runs; every end had each message answered once")


if __name__ == "__main__":
    main()
