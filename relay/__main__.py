"""The command line: ``python -m relay check``, with ``--live`` a look at what the settings name, and ``send``."""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
from collections.abc import Sequence

from relay.operations import send
from relay.operations.check import check, configured


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when everything is right, 1 when something is not, 2 for a wrong command."""
    parser = argparse.ArgumentParser(prog="python -m relay")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="show the configuration and what is wrong with it")
    checking.add_argument("--live", action="store_true", help="ask storage, queue, model and IM server, too")
    checking.add_argument(
        "--webhook", metavar="URL", help="with --live: the URL for the console, with its key"
    )
    sending = commands.add_parser("send", help="send messages as a bot, by hand")
    send.add_arguments(sending)
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a bot's name need not fit the console's encoding
    if options.command == "send":
        return send.send(options, os.environ)
    if options.webhook and not options.live:
        parser.error("--webhook needs --live")
    lines, problems = check(os.environ)
    see = "docs/configuration.md#mistakes-and-what-you-read"
    print("\n".join(lines))
    if options.live and not problems:
        problems, see = _ask(options.webhook), "docs/configuration.md#does-it-answer"
    if not problems:
        print("\nOK")
        return 0
    print("", f"Wrong, see {see}:", *[f"  {problem}" for problem in problems], sep="\n")
    return 1


def _ask(webhook: str | None) -> list[str]:
    """Ask the parts, and print what they say and what belongs into the console; returns which of them fail."""
    from relay.operations import live  # a plain check needs no client

    settings, bots = configured(os.environ)
    count = len(live.questions(bots))
    print(f"\nAsks the models {count} short question{'s' if count > 1 else ''}.", flush=True)
    findings = asyncio.run(live.ask_all(settings, bots, webhook))
    print("\n".join([*live.report(findings), *live.console_fields(webhook)]))
    return [f"{finding.part}: {finding.said}" for finding in findings if finding.fix]


if __name__ == "__main__":
    sys.exit(main())
