"""The options of ``check``, which ``python -m relay`` and ``dev.py`` share. Standard library only."""

from __future__ import annotations

import argparse


def add_check_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--live", action="store_true", help="ask storage, queue, model and IM server, too")
    how.add_argument(
        "--file-only", action="store_true", help="only the bots file and the tools: no setting is needed"
    )
    parser.add_argument("--webhook", metavar="URL", help="with --live: the URL for the console, with its key")
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")


def wrong_together(options: argparse.Namespace) -> str:
    """What is wrong with options that are right one by one; empty when nothing is."""
    return "--webhook needs --live" if options.webhook and not options.live else ""
