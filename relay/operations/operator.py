"""What the commands that look at stored messages work with: an account, the bots file, and the way they speak."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from relay.clock import DAY_MS, MINUTE_MS, SystemClock
from relay.config.bots import Bot, Bots, load_bots
from relay.config.settings import (
    APP_FOLDER,
    STORAGE_NAMES,
    StorageSettings,
    known_settings,
    load_storage,
)
from relay.errors import ConfigError, StorageUnavailable
from relay.memory.days import Days
from relay.memory.history import History
from relay.operations.check import LOCAL_SETTINGS, read_local_settings
from relay.operations.fixes import CHANGES, storage_fix
from relay.operations.messenger import NO_STORAGE, im_settings, messenger
from relay.operations.storage import OperatorQueues, OperatorTables, PeekedQueues, ScannedTables
from relay.ports import Clock, Messenger

DONE, NOT_DONE, WRONG = 0, 1, 2
"""Exit codes: done; not found, refused or unreachable; the command or a setting is wrong, and nothing was done."""

EXIT_CODES = """\
exit codes:
  0  done
  1  not found, refused, or storage cannot be reached
  2  the command or a setting is wrong, and nothing was done"""

CALL_SECONDS = 20.0
"""The longest that one call of storage may take: a person waits longer than a turn."""


@dataclass(frozen=True)
class Operator:
    """Who runs a command.

    Attributes:
        tables, queues: of the account.
        bots: of the bots file.
        clock: this machine's.
        environ: the settings of ``local.settings.json`` and over them the environment.
        say: tells how far a command is, where no program reads it.
        ask: puts a question; whether the answer is yes.
        sends_by: the IM server, for commands that send; that of the settings when None.
    """

    tables: ScannedTables
    queues: PeekedQueues
    bots: Bots
    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)
    ask: Callable[[str], bool] = lambda question: _ask(question)
    sends_by: Messenger | None = None

    @property
    def days(self) -> Days:
        """The day tables that the relay keeps."""
        return Days(self.tables, self.clock, self.bots.longest_limit_minutes * MINUTE_MS + DAY_MS)

    @property
    def history(self) -> History:
        """The rows of conversations."""
        return History(self.days)

    @asynccontextmanager
    async def im(self) -> AsyncIterator[Messenger]:
        """The IM server.

        Raises:
            ConfigError: a setting of it is wrong.
        """
        if self.sends_by is not None:
            yield self.sends_by
            return
        async with messenger(im_settings(self.environ)) as im:
            yield im

    def chosen(self, accid: str | None) -> Sequence[Bot]:
        """The bot with this accid, or all.

        Raises:
            ConfigError: there is none.
        """
        if accid is None:
            return tuple(self.bots)
        bot = self.bots.get(accid)
        if bot is None:
            known = ", ".join(each.accid for each in self.bots)
            raise ConfigError([f"--bot: {accid} is not in the bots file; there are: {known}"])
        return (bot,)


Work = Callable[[Operator, argparse.Namespace], Awaitable[int]]


def add_account(parser: argparse.ArgumentParser) -> None:
    """The options that every such command has."""
    parser.add_argument(
        "--account",
        metavar="NAME",
        help="the app's storage account on Azure, by az login; without it, that of AzureWebJobsStorage",
    )
    parser.add_argument("--json", action="store_true", help="for programs: JSON in the place of tables")
    parser.set_defaults(needs_storage=lambda options: True)


def run(work: Work, options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Do a command's work with what settings and options name; returns the exit code."""
    try:
        merged = settings_of(environ)
        place = {STORAGE_NAMES["account"]: options.account} if options.account else merged
        if not options.needs_storage(options):
            place = NO_STORAGE
        storage = load_storage(place)
        bots = load_bots(APP_FOLDER / known_settings(merged).get("RELAY_BOTS_FILE", "bots.toml"))
        return asyncio.run(_run(work, options, storage, bots, merged))
    except ConfigError as error:
        print("Wrong, see python3 dev.py check:", *error.problems, sep="\n  ", file=sys.stderr)
        return WRONG
    except StorageUnavailable as error:
        said = str(error)
        kind = "Queue" if said.startswith("Queue") else "Table"
        fix = storage_fix(storage, said, kind, CHANGES)
        print(f"{said}: {fix}", file=sys.stderr)
        return NOT_DONE
    except KeyboardInterrupt:
        print("Stopped. What was done is done; the same command goes on.", file=sys.stderr)
        return NOT_DONE


async def _run(
    work: Work, options: argparse.Namespace, storage: StorageSettings, bots: Bots, environ: Mapping[str, str]
) -> int:
    tables, queues = OperatorTables(storage, CALL_SECONDS), OperatorQueues(storage, CALL_SECONDS)
    try:
        return await work(Operator(tables, queues, bots, environ=environ), options)
    finally:
        await tables.aclose()
        await queues.aclose()


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What ``local.settings.json`` says, where there is one, and over it the environment.

    Raises:
        ConfigError: the file is not what the function host accepts.
    """
    return {**(read_local_settings(LOCAL_SETTINGS) if LOCAL_SETTINGS.exists() else {}), **environ}


def table(rows: Iterable[Sequence[object]], heads: Sequence[str] = ()) -> str:
    """Columns under their heads; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    numbers = [
        all(_is_number(row[n]) for row in cells) and bool(cells) for n in range(len((*cells, heads)[0]))
    ]
    lines = [list(heads), *cells] if heads else cells
    widths = [max(len(line[n]) for line in lines) for n in range(len(numbers))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        ).rstrip()
        for line in lines
    )


def as_json(value: object) -> str:
    """One value for a program."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def when(at_ms: int) -> str:
    """A time for people and programs: UTC, to the millisecond."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def count(number: int, thing: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").isdigit()


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # standard output may be for a program
    return input().strip().lower() in ("y", "yes")
