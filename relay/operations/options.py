"""The options of ``check``, which ``python -m relay`` and ``dev.py`` share. Standard library only."""

from __future__ import annotations

import argparse

HELP = "show the configuration and what is wrong with it"

DESCRIPTION = """\
The configuration as the app understands it: each setting and where it comes from, what follows from it, each bot with
its keys and tools, and everything that is wrong. Secrets are shown by their length.

--live then asks what the settings name, and says what to do about a part that fails; it changes nothing, and its few
questions to the models cost next to nothing."""

EXAMPLES = """\
examples:
  python -m relay check
  python -m relay check --file-only --json
  python -m relay check --live --webhook 'https://APP.azurewebsites.net/api/webhook?code=KEY'"""

EXIT_CODES = """\
exit codes:
  0  the app would start, and with --live every part answers
  1  something is wrong, and said
  2  the command is wrong"""


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
