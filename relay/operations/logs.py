"""The command ``logs``: the relay's log lines about a message, a person, or whatever failed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError, NoLogs
from relay.operations import operator as of
from relay.operations.conversations import private
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json
from relay.operations.workspace import add_workspace, ask, quoted, seconds_of

HELP = "the log lines about a message, a person, or what failed"

DESCRIPTION = """\
The relay's log lines of an app on Azure (--workspace, asked by az rest with the identity of az login), or of the local
stack: the newest log of a function host below .dev/logs, or --file. --print prints the query (KQL) for the portal.

A log line names a conversation, never a person: --user computes the person's private conversations from the bots file
and looks up their topics in storage. Their groups are found with history show."""

EXAMPLES = """\
examples:
  python -m relay logs --message 3eb3ec87235b2b634cd10170
  python -m relay logs --failed --since 1d --workspace 00000000-0000-0000-0000-000000000000
  python -m relay logs --user alice --print"""

FAILURES = (
    *("turn failed", "gave up", "turn abandoned", "undeliverable", "refused status=", "503", "cannot start"),
    *("does not answer", "refuses every request", "withheld by moderation"),
)
"""What lines say of something that went wrong, whatever their level."""

LINES_MAX = 10_000
"""Of one answer."""

LOGS = APP_FOLDER / ".dev" / "logs"
_TIME_CHARS = len("2026-11-27 12:22:27,362")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--message", metavar="ID", help="as a log line shows it behind message=")
    which.add_argument("--user", metavar="ACCID", help="of this person's private chats")
    which.add_argument("--failed", action="store_true", help="only what went wrong")
    add_workspace(parser, "1h")
    parser.add_argument(
        "--file", type=Path, metavar="FILE", help="a log of a function host; - is standard input"
    )
    of.add_account(parser)
    parser.set_defaults(needs_storage=lambda options: options.user is not None)


async def logs(operator: Operator, options: argparse.Namespace) -> int:
    """Print the lines, or the query; returns the exit code."""
    words: Sequence[str] = ()
    if options.message:
        words = (options.message,)
    elif options.user:
        places = await private(operator, operator.bots, options.user.lower())
        words = [place.partition for place in places]
    elif options.failed:
        words = FAILURES
    query = kql(words, options.since, failed=options.failed)
    if options.print:
        print(query)
        return DONE
    try:
        lines = (
            [(row["TimeGenerated"], row["Level"], row["Message"]) for row in ask(options.workspace, query)]
            if options.workspace
            else [*_local(options.file, words, options.since, failed=options.failed)]
        )
    except NoLogs as why:
        operator.say(str(why))
        return NOT_DONE
    if options.json:
        print(as_json([{"at": at, "level": level, "line": line} for at, level, line in lines]))
    else:
        for line in lines:
            print(*line)
    operator.say(f"{len(lines):,} lines")
    return DONE if lines else NOT_DONE


def kql(words: Sequence[str], since: str, *, failed: bool) -> str:
    """The query for lines that hold one of these, or all if there are none."""
    said = f"Message has_any ({', '.join(map(quoted, words))})"
    where = f"{said} or SeverityLevel >= 3" if failed else said
    return "\n".join(
        (
            "AppTraces",
            f"| where TimeGenerated > ago({since})",
            *([f"| where {where}"] if words else []),
            '| extend Level = case(SeverityLevel >= 3, "ERROR", SeverityLevel == 2, "WARNING", "INFO")',
            "| project TimeGenerated, Level, Message",
            f"| order by TimeGenerated asc | take {LINES_MAX}",
        )
    )


def _local(
    file: Path | None, words: Sequence[str], since: str, *, failed: bool
) -> Iterator[tuple[str, str, str]]:
    """The lines of a function host of the local stack; what follows a line without a time of its own belongs to it."""
    if file == Path("-"):
        text = sys.stdin.read()
    else:
        path = file or _newest()
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise ConfigError([f"--file: {path} cannot be read: {error.strerror}"]) from None
    since_seconds = datetime.now().timestamp() - seconds_of(since)
    fits = False
    for line in text.splitlines():
        try:
            at = datetime.strptime(line[:_TIME_CHARS], "%Y-%m-%d %H:%M:%S,%f")
        except ValueError:
            if fits:
                yield "", "", line
            continue
        level, _, said = line[_TIME_CHARS:].strip().partition(" ")
        is_meant = not words or any(word in said for word in words) or (failed and level == "ERROR")
        fits = is_meant and at.timestamp() >= since_seconds
        if fits:
            yield line[:_TIME_CHARS], level, said


def _newest() -> Path:
    found = sorted(LOGS.glob("*/functions*.log"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ConfigError(
            [
                f"no log of a function host below {LOGS.relative_to(APP_FOLDER)}: name a --workspace, or a --file"
            ]
        )
    return found[-1]
