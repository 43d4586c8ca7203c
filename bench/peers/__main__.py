"""The relay beside packages from PyPI that do a part of its work: its memory, and its door.

``python -m bench.peers [--messages N ...] [--reads N] [--rounds N] [--requests N]``. The packages and the relay are in
an environment of their own, made with the first run, and in one process; Azurite is a real one. Both sides take turns,
so compare within a run. Memory: compare requests and rows before milliseconds. Azurite looks at each row of a partition
where Azure's service looks at those of a key range: what the relay reads lies in tables of a day, with 1,000 rows each
here, whatever the age of a conversation, so that this does not count.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from playground.install import Environment, comparison, peers
from playground.runs import ROOT
from playground.steps import announce, set_up

MEASURE = "bench.peers.measure"


def main() -> None:
    """Set up, start Azurite, measure in the other environment."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--messages", type=int, nargs="+", default=[10, 1000, 100_000])
    parser.add_argument("--reads", type=int, default=15, help="of each store, in turn")
    parser.add_argument("--requests", type=int, default=500, help="of each round of the webhook")
    parser.add_argument("--rounds", type=int, default=15, help="of the webhook")
    options = parser.parse_args()
    environment = Environment()
    steps = comparison(environment)
    announce(steps)
    set_up(steps)
    command: list[str | Path] = [peers(environment).python, "-m", MEASURE]
    command += [",".join(map(str, options.messages)), str(options.reads)]
    command += [str(options.requests), str(options.rounds)]
    raise SystemExit(subprocess.run(command, cwd=ROOT).returncode)


if __name__ == "__main__":
    main()
