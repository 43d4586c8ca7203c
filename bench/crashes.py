"""SIGKILL at each named point, over v2 and v1 of the IM server API: what the user saw, and after how long.

``python -m bench.crashes``. Two processes of the host on one Azurite; the one that comes to the point dies, the
other goes on. The lease lasts 7 s here; the dead process's queue message stays hidden for the real ten minutes.
Points of streamed replies come last, of v2 alone, with a lease of 9 s: v1 has no streams.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.crashes.points import IN_A_STREAM
from tests.crashes.survival import POINTS, VERSIONS, Survival, die_everywhere, die_in_streams
from tests.crashes.world import LEASE_SECONDS


def shown(survival: Survival) -> str:
    """How often the user saw the reply: 1, or for instance ``2+1`` for the messages of a reply in two.

    A line that was started and stays is named.
    """
    often = "+".join(str(survival.shown.count(part)) for part in survival.expected)
    return f"{often}, line" if survival.growing else often


def main() -> None:
    """Run the measurement."""
    with tempfile.TemporaryDirectory() as folder:
        survivals = asyncio.run(die_everywhere(Path(folder)))
        survivals |= asyncio.run(die_in_streams(Path(folder) / "streams"))
    print(f"lease {LEASE_SECONDS} s; seconds from the kill: until the reply, until the next message's reply")
    columns = "  ".join(
        f"{version + ' shown':>9} {'reply':>6} {'next':>6} {'model':>5}" for version in VERSIONS
    )
    print(f"{'point':<26}{columns}")
    for point in (*POINTS, *IN_A_STREAM):
        cells = []
        for survival in (survivals[point, version] for version in VERSIONS if (point, version) in survivals):
            reply = "before" if survival.answered_ms <= 0 else f"{survival.answered_ms / 1000:.1f}"
            next_reply = f"{survival.next_ms / 1000:.1f}"
            cells.append(f"{shown(survival):>9} {reply:>6} {next_reply:>6} {survival.model_calls:>5}")
        print(f"{point:<26}{'  '.join(cells)}")


if __name__ == "__main__":
    main()
