"""The command ``usage``: answers and tokens by day and bot, from the log or from the tables."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

from relay.errors import ConfigError, NoLogs
from relay.keys import history_table
from relay.operations import operator as of
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json, count, when
from relay.operations.workspace import add_workspace, ask

HELP = "answers and tokens by day and bot"

DESCRIPTION = """\
How many messages were answered, and what that took of the models, by day and bot.

With --workspace from the `turn done` lines of an app on Azure, for as long as they are kept. Otherwise, and for one
person (--sender), from the replies in the tables, for as long as those are kept: storage then reads every row of each
day, which the command says. Rows of older versions do not say which bot they are of.

--prices FILE tells what it cost. The file is yours (TOML), per million tokens, in any currency; "*" is any other model:

  ["gpt-5.6-luna"]
  input = 0.20
  cached = 0.02
  output = 1.25"""

EXAMPLES = """\
examples:
  python -m relay usage
  python -m relay usage --sender alice --prices prices.toml
  python -m relay usage --since 30d --workspace 00000000-0000-0000-0000-000000000000"""

MILLION = 1_000_000
ANY_MODEL = "*"


@dataclass
class Used:
    """What was used.

    Attributes:
        answers: replies.
        messages: that they answer.
        prompt, cached, completion: tokens; the cached ones are among those of prompts.
    """

    answers: int = 0
    messages: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def add(self, other: Used) -> None:
        """Count it in."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def cost(self, price: Mapping[str, float]) -> float:
        """What it costs, given prices for a million tokens."""
        fresh = self.prompt - self.cached
        cached = price.get("cached", price["input"])
        return (fresh * price["input"] + self.cached * cached + self.completion * price["output"]) / MILLION


Table = dict[tuple[str, str, str], Used]
"""By day, bot and model; a log line does not say the model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--sender", metavar="ACCID", help="only what one person has used; from the tables")
    parser.add_argument("--prices", type=Path, metavar="FILE", help="what a million tokens cost, by model")
    add_workspace(parser, "30d")
    of.add_account(parser)
    parser.set_defaults(needs_storage=_needs_storage)


def _needs_storage(options: argparse.Namespace) -> bool:
    return not options.print and (not options.workspace or options.sender is not None)


async def usage(operator: Operator, options: argparse.Namespace) -> int:
    """Count, and print; returns the exit code."""
    prices = _prices(options.prices) if options.prices else {}
    if options.print:
        print(kql(options.since))
        return DONE
    try:
        if options.workspace and not options.sender:
            found = _from_log(ask(options.workspace, kql(options.since)))
        else:
            found = await _from_tables(operator, options.sender)
    except NoLogs as why:
        operator.say(str(why))
        return NOT_DONE
    rows = [
        {"day": day, "bot": bot, "model": model, **asdict(used), **_cost(used, model, prices)}
        for (day, bot, model), used in sorted(found.items())
    ]
    if options.json:
        print(as_json(rows))
    elif rows:
        print(_shown(rows, found.values()))
    else:
        operator.say("Nothing was answered in that time.")
    return DONE if rows else NOT_DONE


def kql(since: str) -> str:
    """The query for the same figures."""
    return "\n".join(
        (
            "AppTraces",
            f'| where TimeGenerated > ago({since}) and Message startswith "turn done "',
            '| parse Message with "turn done bot=" bot " conversation=" * " batch=" batch:long " window=" *'
            ' " prompt_tokens=" prompt_tokens:long " completion_tokens=" completion_tokens:long'
            ' " cached_tokens=" cached_tokens:long " reasoning_tokens=" *',
            "| summarize answers=count(), messages=sum(batch), prompt=sum(prompt_tokens), cached=sum(cached_tokens),"
            ' completion=sum(completion_tokens) by day=format_datetime(TimeGenerated, "yyyy-MM-dd"), bot',
            "| order by day asc, bot asc",
        )
    )


def _from_log(rows: Iterable[Mapping[str, Any]]) -> Table:
    names = [field.name for field in fields(Used)]
    return {
        (str(row["day"]), str(row["bot"]), ""): Used(*(int(row[name] or 0) for name in names)) for row in rows
    }


async def _from_tables(operator: Operator, sender: str | None) -> Table:
    found: Table = {}
    days = operator.days.kept()
    operator.say(f"Storage reads every row of {count(len(days), 'day')}, and sends the figures of replies.")
    whose = {"sender": sender.lower()} if sender else {}
    select = ("bot", "model", "covers", "prompt_tokens", "cached_tokens", "completion_tokens", "staff")
    for number, day in enumerate(days, 1):
        async for rows in operator.tables.scan(history_table(day), select=select, kind="reply", **whose):
            for _, row in rows:
                values = row.values
                if values.get("staff"):
                    continue
                tokens = (int(values.get(name, 0)) for name in select[3:6])
                key = when(day * 86_400_000)[:10], str(values.get("bot", "")), str(values.get("model", ""))
                found.setdefault(key, Used()).add(Used(1, int(values.get("covers", 1)), *tokens))
        operator.say(f"  {history_table(day)}, {number} of {len(days)}")
    return found


def _prices(path: Path) -> dict[str, Mapping[str, float]]:
    try:
        prices = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"--prices: {path} cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise ConfigError([f"--prices: {path} is not TOML: {error}"]) from None
    for model, price in prices.items():
        known = price.keys() if isinstance(price, dict) else set()
        if not {"input", "output"} <= known <= {"input", "cached", "output"} or not all(
            isinstance(each, int | float) for each in price.values()
        ):
            raise ConfigError([f'--prices: ["{model}"] needs input and output, and may have cached: numbers'])
    return prices


def _cost(used: Used, model: str, prices: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """The column of it; None where the file has no price."""
    if not prices:
        return {}
    price = prices.get(model) or prices.get(ANY_MODEL)
    asked = used.prompt + used.completion > 0
    return {"cost": round(used.cost(price), 6) if price else None if asked else 0.0}


def _shown(rows: list[dict[str, Any]], used: Iterable[Used]) -> str:
    total = Used()
    for each in used:
        total.add(each)
    last = ["all", "", "", *astuple(total)]
    if "cost" in rows[0]:
        last.append(f"{sum(row['cost'] or 0 for row in rows):.4f}")
    cells = [["?" if value is None else value for value in row.values()] for row in rows]
    return of.table([*cells, last], list(rows[0]))
