"""``python -m tests.attacks.markers``: where a marker is still found, after each way to end each thing that is said.

Exits with 1 when it is anywhere.
"""

from __future__ import annotations

import logging
import sys

from tests.attacks.markers.ends import ENDS, PLACES, run
from tests.attacks.markers.planted import KINDS


def main() -> int:
    """The command; see the module's docstring."""
    logging.lastResort = None
    print(f"| A marker in | {' | '.join(f'after {end}' for end in ENDS)} |\n|---|{'---|' * len(ENDS)}")
    is_left = False
    for kind in KINDS:
        found = [run(kind, end) for end in ENDS]
        is_left |= any(each.after for each in found)
        print(f"| {kind.name} | {' | '.join(', '.join(each.after) or '-' for each in found)} |")
    print(f"\nLooked for in: {', '.join(PLACES)}.")
    return 1 if is_left else 0


if __name__ == "__main__":
    sys.exit(main())
