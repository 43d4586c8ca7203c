"""The command line: ``python -m relay check``."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from relay.check import check


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when the configuration is right, else 1."""
    parser = argparse.ArgumentParser(prog="python -m relay")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="show the configuration and what is wrong with it")
    parser.parse_args(arguments)
    lines, problems = check(os.environ)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a bot's name need not fit the console's encoding
    print("\n".join(lines), end="\n\n")
    if not problems:
        print("OK")
        return 0
    print("Wrong:", *problems, sep="\n  ")
    return 1


if __name__ == "__main__":
    sys.exit(main())
