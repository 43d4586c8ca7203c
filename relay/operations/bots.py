"""The command ``bots``: who they are, and their accounts in the IM app made to be like the bots file."""

from __future__ import annotations

import argparse

from relay.clock import SystemClock
from relay.config.bots import Bot
from relay.errors import ImError
from relay.operations import operator as of
from relay.operations.accounts import Accounts, Card
from relay.operations.messenger import im_settings
from relay.operations.operator import DONE, NOT_DONE, Operator, as_json

HELP = "list the bots; register their accounts, names and avatars"

DESCRIPTION = """\
The bots of the bots file: names, models, limits.

--register makes the IM app as the file says, by its server API: an account for each bot that has none, and its name and
avatar. It may be run again at any time: what is so already is left alone, and no account is ever removed. An avatar
that the file does not name stays. It needs the settings of the IM server. That an account is a chatbot is said in the
console, by hand."""

EXAMPLES = """\
examples:
  python -m relay bots
  python -m relay bots --register --bot helper"""

SECONDS = 15.0
"""For each call."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--register", action="store_true", help="make accounts, names and avatars")
    parser.add_argument("--bot", metavar="ACCID", help="only this one")
    parser.add_argument("--json", action="store_true", help="for programs: JSON in the place of tables")
    parser.set_defaults(account=None, needs_storage=lambda options: False)


async def bots(operator: Operator, options: argparse.Namespace) -> int:
    """List or register; returns the exit code."""
    chosen = operator.chosen(options.bot)
    if not options.register:
        if options.json:
            print(as_json([_fields(bot) for bot in chosen]))
        else:
            print(of.table([[*_fields(bot).values()] for bot in chosen], [*_fields(chosen[0])]))
        return DONE
    accounts = Accounts(im_settings(operator.environ), SystemClock(), seconds=SECONDS)
    done = {bot.accid: await _register(accounts, bot) for bot in chosen}
    print(as_json(done) if options.json else of.table(done.items()))
    return NOT_DONE if any(said.startswith("NOT DONE") for said in done.values()) else DONE


async def _register(accounts: Accounts, bot: Bot) -> str:
    wanted = Card(bot.name, bot.avatar or "")
    try:
        found = await accounts.card(bot.accid)
        if found is None:
            await accounts.register(bot.accid, wanted)
            return "registered"
        if found.name == wanted.name and wanted.avatar in ("", found.avatar):
            return "as the file says"
        await accounts.update(bot.accid, wanted)
    except ImError as error:
        return f"NOT DONE: {error.cause}"
    changed = [
        name
        for name, before, after in (
            ("name", found.name, wanted.name),
            ("avatar", found.avatar, wanted.avatar or found.avatar),
        )
        if before != after
    ]
    return f"{' and '.join(changed)} changed"


def _fields(bot: Bot) -> dict[str, str]:
    models = [str(model) for model in bot.models] or [bot.model or "the default"]
    return {
        "accid": bot.accid,
        "name": bot.name,
        "models": ", ".join(models),
        "reply": bot.reply,
        "limits": str(bot.limits or "none"),
        "state": "on" if bot.enabled else "off",
    }
