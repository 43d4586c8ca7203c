"""The command; see the package."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.quick_stack import quick_stack
from tests.walks.run import walk_all


async def _walk(seeds: Sequence[int], folder: Path) -> int:
    failed: list[int] = []
    async for walk in walk_all(seeds, folder):
        had, played = walk.seconds
        told = "as it was" if not walk.failure else f"{walk}"
        print(f"seed {walk.seed}: {told} ({had:.1f} s had, {played:.1f} s played)", flush=True)
        if walk.failure:
            failed.append(walk.seed)
    print(f"{len(seeds) - len(failed)} of {len(seeds)} as they were; not: {failed or 'none'}")
    return 1 if failed else 0


def main() -> int:
    """Take some walks; 1 when one did not replay as it was."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.walks", description="Save and replay random chats."
    )
    parser.add_argument("--seed", type=int, default=1, help="the first (default: 1)")
    parser.add_argument("--count", type=int, default=25, help="how many (default: 25)")
    arguments = parser.parse_args()
    began = time.monotonic()
    with quick_stack(), tempfile.TemporaryDirectory() as folder:
        seeds = range(arguments.seed, arguments.seed + arguments.count)
        code = asyncio.run(_walk(seeds, Path(folder)))
    print(f"{time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
