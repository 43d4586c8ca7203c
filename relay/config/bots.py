"""All bots: the bots file, read and checked.

A bot's keys are merged from three layers, the later one first: ``[bots.functions.<name>]``, ``[[bots]]``,
``[defaults]``. Every layer is checked by itself, so that an error names the place where it was written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from relay.config.bot import Bot, Deployment, Gather, Limits, Painter, Place, Rate, Speaker
from relay.config.server_tools import ServerTool
from relay.config.table import Table
from relay.config.together import problems
from relay.errors import ConfigError
from relay.texts import Texts

__all__ = ["Bot", "Bots", "bots_in", "load_bots", "read_toml"]


class Bots:
    """All bots of the file, in its order."""

    def __init__(self, bots: Iterable[Bot]) -> None:
        self._by_accid = {bot.accid: bot for bot in bots}

    def __iter__(self) -> Iterator[Bot]:
        return iter(self._by_accid.values())

    def __len__(self) -> int:
        return len(self._by_accid)

    def get(self, accid: str) -> Bot | None:
        """The bot with this accid, in any case."""
        return self._by_accid.get(accid.lower())

    @property
    def any_listens(self) -> bool:
        """Whether messages are remembered that are for none of them."""
        return any(bot.enabled and bot.listen for bot in self)

    @property
    def any_responds(self) -> bool:
        """Whether a request of the platform is answered with a reply (``reply = "response"``)."""
        return any(bot.enabled and bot.reply == "response" for bot in self)

    @property
    def longest_limit_minutes(self) -> int:
        """The largest ``rewind_minutes`` or ``max_message_age_minutes`` of any bot or function."""
        every = [variant for bot in self for variant in (bot, *bot.functions.values())]
        return max(max(bot.rewind_minutes, bot.max_message_age_minutes) for bot in every)


def load_bots(path: Path) -> Bots:
    """Read and check the bots file.

    Raises:
        ConfigError: with every problem found, each with its place.
    """
    return bots_in(read_toml(path), path.name)


def bots_in(document: Mapping[str, Any], file: str) -> Bots:
    """The bots of a bots file's tables; ``file`` is its name, for the reader of a problem.

    Raises:
        ConfigError: with every problem found, each with its place.
    """
    reading = _Reading(file)
    bots = reading.bots(document)
    if reading.problems:
        raise ConfigError(reading.problems)
    return Bots(bots)


def read_toml(path: Path) -> dict[str, Any]:
    """The bots file as plain tables, unchecked.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        problem = f"RELAY_BOTS_FILE: there is no file {path}"
    except OSError as error:
        problem = f"RELAY_BOTS_FILE: {path} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = f"{path.name}: is not UTF-8; save it with that encoding"
    except tomllib.TOMLDecodeError as error:
        problem = f"{path.name}: is not TOML: {error}"
    raise ConfigError([problem])


_NEEDED = {"accid": "x", "name": "x", "system_prompt": "x"}
"""Stands in for the required keys where a layer may leave them out."""

_NOT_IN_DEFAULTS = dict.fromkeys(
    ("accid", "name", "aliases", "avatar", "functions"), "one bot, not to [defaults]"
)
_NOT_IN_FUNCTIONS = dict.fromkeys(
    (
        *("accid", "name", "aliases", "avatar", "functions", "enabled", "reply", "allow"),
        *("greeting", "group_memory", "listen", "handover_minutes", "limits"),
    ),
    "the whole bot, not to one of its functions",
)
_TABLES: Mapping[str, type[Table]] = {
    "draw": Painter,
    "gather_seconds": Gather,
    "limits": Limits,
    "models": Deployment,
    "per_bot": Rate,
    "per_sender": Rate,
    "server_tools": ServerTool,
    "texts": Texts,
    "speak": Speaker,
    "transcribe": Place,
}
"""The keys whose value is a table, or a list of tables, with keys of its own."""

_MODEL_KEYS = {"model", "models"}
"""Two forms of one key."""


class _Reading:
    """Turns the tables of one file into bots and collects what is wrong with them.

    With problems, the bots that it returns are only good for finding more of them.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []

    def bots(self, document: Mapping[str, Any]) -> list[Bot]:
        for name, value in document.items():
            if name not in ("defaults", "bots"):
                self._problem(f'"{name}"', _outside(name, value))
        tables = self._tables(document.get("bots", []))
        self._duplicates(tables)
        defaults = self._defaults(document.get("defaults", {}))
        return [self._bot(number, table, defaults) for number, table in enumerate(tables, 1)]

    def _tables(self, bots: object) -> list[dict[str, Any]]:
        if isinstance(bots, list) and all(isinstance(table, dict) for table in bots):
            if not bots:
                self._problem(
                    "[[bots]]", "missing; accepted: one or more, with accid, name and system_prompt"
                )
            return bots
        if isinstance(bots, dict) and not bots.keys() & Bot.model_fields.keys():
            for accid in _dotted(bots):
                self._problem(f"[bots.{accid}]", f'unknown; for a bot write [[bots]] and accid = "{accid}"')
        else:
            self._problem('"bots"', "is not a list of tables; write [[bots]] above each bot")
        return []

    def _duplicates(self, tables: list[dict[str, Any]]) -> None:
        first: dict[str, str] = {}
        for number, table in enumerate(tables, 1):
            if isinstance(accid := table.get("accid"), str):
                place = _place(number, table)
                other = first.setdefault(accid.lower(), place)
                if other != place:
                    self._problem(
                        f'{place}, key "accid"', f"is taken by {other}; upper and lower case are one"
                    )

    def _defaults(self, table: object) -> dict[str, Any]:
        if not isinstance(table, dict):
            self._problem('"defaults"', "is not a table; write [defaults]")
            return {}
        return self._layer("[defaults]", table, _NEEDED, _NOT_IN_DEFAULTS)

    def _bot(self, number: int, table: dict[str, Any], defaults: dict[str, Any]) -> Bot:
        place = _place(number, table)
        own = {key: value for key, value in table.items() if key != "functions"}
        merged = _NEEDED | _over(defaults, self._layer(place, own, defaults, {}))
        self._together(place, merged, merged)
        functions = self._functions(place, table.get("functions", {}), merged)
        return Bot.model_validate({**merged, "functions": functions})

    def _functions(self, place: str, tables: object, bot: dict[str, Any]) -> dict[str, Bot]:
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            self._problem(
                f'{place}, key "functions"', "is not a table of tables; write [bots.functions.<name>]"
            )
            return {}
        functions = {}
        for name, table in tables.items():
            where = f'{place}, function "{name}"'
            layer = self._layer(where, table, bot, _NOT_IN_FUNCTIONS)
            functions[name] = Bot.model_validate(_over(bot, layer))
            self._together(where, _over(bot, layer), layer)
        return functions

    def _layer(
        self, place: str, table: dict[str, Any], below: dict[str, Any], foreign: Mapping[str, str]
    ) -> dict[str, Any]:
        """The keys of one table that are good; the others become problems."""
        for key in table.keys() & foreign.keys():
            self._problem(f'{place}, key "{key}"', f"belongs to {foreign[key]}")
        layer = {key: value for key, value in table.items() if key not in foreign}
        try:
            Bot.model_validate(below | layer)
        except ValidationError as error:
            for detail in error.errors():
                self._problem(f"{place}, {_where(detail)}", _wrong(detail))
                layer.pop(str(detail["loc"][0]), None)
        if layer.keys() >= _MODEL_KEYS:
            self._problem(f'{place}, key "model"', 'is the short form of "models"; accepted: one of the two')
            del layer["model"]
        return layer

    def _together(self, place: str, keys: dict[str, Any], changed: Collection[str]) -> None:
        for key, wrong in problems(Bot.model_validate(keys), keys, changed):
            self._problem(f'{place}, key "{key}"', wrong)

    def _problem(self, place: str, wrong: str) -> None:
        self.problems.append(f"{self.file}: {place}: {wrong}")


def _over(below: dict[str, Any], layer: dict[str, Any]) -> dict[str, Any]:
    """One layer over another: its ``model`` or ``models`` replaces either, and of ``texts`` each goes by itself."""
    replaced = _MODEL_KEYS if layer.keys() & _MODEL_KEYS else set()
    merged = {key: value for key, value in below.items() if key not in replaced} | layer
    if "texts" in below.keys() & layer.keys():
        merged["texts"] = below["texts"] | layer["texts"]
    return merged


def _place(number: int, table: Mapping[str, Any]) -> str:
    accid = table.get("accid")
    return f'bot {number} ("{accid}")' if isinstance(accid, str) else f"bot {number}"


def _dotted(tables: Mapping[str, Any]) -> Iterator[str]:
    """The accids that somebody meant who wrote ``[bots.support.bot]``: to TOML, a dot opens a table."""
    for name, table in tables.items():
        inner = list(table.values()) if isinstance(table, dict) and "functions" not in table else []
        if inner and all(isinstance(value, dict) for value in inner):
            yield from (f"{name}.{rest}" for rest in _dotted(table))
        else:
            yield name


def _outside(name: str, value: object) -> str:
    """What is wrong with a key that stands in no table, or with a table of its own."""
    if name not in Bot.model_fields:
        unknown = _unknown(name, value, ["bots", "defaults"])
        meant = [] if isinstance(value, dict) else get_close_matches(name.lower(), Bot.model_fields, n=1)
        if not meant or "did you mean" in unknown:
            return unknown
        return f'unknown; did you mean "{meant[0]}"? It {_outside(meant[0], value)}'
    if name == "functions":
        return "is in no table; write [bots.functions.<name>] below a bot"
    if name in _NOT_IN_DEFAULTS:
        return "is in no table; write it below the [[bots]] of its bot"
    if isinstance(value, dict):
        return f"is in no table; write [defaults.{name}], or below a bot [bots.{name}]"
    return "is in no table; write it below [defaults], or below the [[bots]] of one bot"


def _unknown(name: str, value: object, known: Iterable[str]) -> str:
    if close := get_close_matches(name.lower(), known, n=1):
        return f'unknown; did you mean "{close[0]}"?'
    if isinstance(value, dict):
        accid = next(_dotted({name: value}))
        return f'unknown; for a bot with this accid write [[bots]] and accid = "{accid}"'
    return f"unknown; accepted: {', '.join(known)}"


def _where(detail: ErrorDetails) -> str:
    return ", ".join(
        f'key "{part}"' if isinstance(part, str) else f"entry {part + 1}" for part in detail["loc"]
    )


def _wrong(detail: ErrorDetails) -> str:
    kind, value = detail["type"], detail["input"]
    key, *inner = (part for part in detail["loc"] if isinstance(part, str))
    last = detail["loc"][-1]
    fields = Bot.model_fields
    for part in inner:
        if key not in _TABLES:
            break  # a table of free keys: its own description says what it takes
        key, fields = part, _TABLES[key].model_fields
    if kind == "extra_forbidden":
        return _unknown(key, value, fields)
    if kind == "missing":
        wrong = "missing"
    elif kind == "value_error":
        wrong = detail["msg"].removeprefix("Value error, ")
    elif kind == "too_long":
        wrong = f"has {len(value)} entries"
    elif kind in ("string_too_short", "string_too_long"):
        wrong = f"is {len(value)} characters long"
    elif kind in ("string_pattern_mismatch", "literal_error"):
        wrong = "is not valid"
    elif kind == "string_type" and (isinstance(last, int) or last == key):
        wrong = f"is {_shape(value)}, not text in quotes"
    else:
        wrong = f"is {_shape(value)}"
    accepted = fields[key].description or ""
    words = re.findall(r'"(\w+)"', accepted) if kind == "literal_error" else []
    close = get_close_matches(str(value).lower(), words, n=1)
    return f"{wrong}; accepted: {accepted}" + (f'; did you mean "{close[0]}"?' if close else "")


def _shape(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    names: dict[type, str] = {str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or a time")
