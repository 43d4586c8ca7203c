"""What ``python -m relay`` understands, once its packages are there."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relay.operations import bots, failed, find, history, logs, operator, send, usage
from relay.operations import options as of
from relay.operations.check import Report, check, check_files, configured
from relay.operations.plain import PlainParser

if TYPE_CHECKING:
    from relay.operations.finding import Finding

RIGHT, WRONG = 0, 1
"""Exit codes of ``check``; a command that is wrong itself ends with 2."""


OF_OPERATORS: Mapping[str, tuple[Any, operator.Work]] = {
    "find": (find, find.find),
    "history": (history, history.history),
    "failed": (failed, failed.failed),
    "usage": (usage, usage.usage),
    "logs": (logs, logs.logs),
    "bots": (bots, bots.bots),
}
"""The commands that look at a relay that runs: what says how each is called, and what it does."""

TAUGHT: Mapping[str, Any] = {
    "check": of,
    "send": send,
    **{name: module for name, (module, _) in OF_OPERATORS.items()},
}
"""What says of each command how it is called."""

ABOUT = """\
What an operator does with a relay, on this machine or on Azure. Settings come from the environment and from
local.settings.json; --account NAME looks at the app's storage on Azure with the identity of `az login` instead, and
needs no other setting. The bots file is this checkout's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; each says in its help what its exit codes mean."""
    options = parsed(arguments)
    _any_letter()
    if options.command == "check":
        return run_check(options, os.environ)
    if options.command == "send":
        return send.send(options, os.environ)
    return operator.run(options.work, options, os.environ)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options that a command line means."""
    parser = PlainParser(
        prog="python -m relay",
        description=ABOUT,
        epilog="python -m relay COMMAND --help tells more, with examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    taught = {
        name: commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=f"{module.EXAMPLES}\n\n{getattr(module, 'EXIT_CODES', operator.EXIT_CODES)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, module in TAUGHT.items()
    }
    of.add_check_options(taught["check"])
    send.add_arguments(taught["send"])
    for name, (module, work) in OF_OPERATORS.items():
        module.add_arguments(taught[name])
        taught[name].set_defaults(work=work)
    options = parser.parse_args(arguments)
    if options.command == "check" and (wrong := of.wrong_together(options)):
        taught["check"].error(wrong)
    return options


def run_check(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Check, and print what was found; returns the exit code."""
    _any_letter()
    look = check_files if options.file_only else check
    if options.json:
        with contextlib.redirect_stdout(sys.stderr):  # where a tool's file may print
            report = look(environ)
            findings = _ask(environ, options.webhook) if options.live and not report.problems else []
        asked = [{"part": each.part, "said": each.said, "fix": each.fix} for each in findings]
        report.problems += _failures(findings)
        print(json.dumps({**report.as_json(), "live": asked}, indent=2))
        return WRONG if report.problems else RIGHT
    return _tell(look(environ), options, environ)


def _tell(report: Report, options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    problems, see = report.problems, "docs/mistakes.md"
    print("\n".join(report.lines))
    if options.live and not problems:
        from relay.operations import live  # a plain check needs no client

        findings = _ask(environ, options.webhook)
        print("\n".join([*live.report(findings), *live.console_fields(options.webhook)]))
        problems, see = _failures(findings), "docs/configuration.md#does-it-answer"
    if report.warnings:
        print("", "Probably not meant:", *[f"  {warning}" for warning in report.warnings], sep="\n")
    if not problems:
        print("\nOK")
        return RIGHT
    print("", f"Wrong, see {see}:", *[f"  {problem}" for problem in problems], sep="\n")
    return WRONG


def _ask(environ: Mapping[str, str], webhook: str | None) -> list[Finding]:
    """Ask the parts, after saying how many questions that costs."""
    from relay.operations import live

    settings, bots = configured(environ)
    count = len(live.questions(bots))
    print(f"\nAsks the models {count} short question{'s' if count > 1 else ''}.", flush=True)
    return asyncio.run(live.ask_all(settings, bots, webhook))


def _failures(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.said}" for finding in findings if finding.fix]


def _any_letter() -> None:
    """A bot's name need not fit the console's encoding."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
