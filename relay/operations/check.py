"""The command ``check``: the configuration as the relay understands it, and what is wrong with it.

Secrets are shown by their length. While a setting is wrong, so are all others: what was meant for one may
have been pasted into another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from relay.config.bots import Bot, Bots, load_bots, read_toml
from relay.config.settings import (
    APP_FOLDER,
    SETTING_NAMES,
    STORAGE,
    STORAGE_NAMES,
    Settings,
    known_settings,
    load_settings,
)
from relay.errors import ConfigError
from relay.model.endpoints import missing_keys
from relay.operations import tools
from relay.operations.called import shared_names
from relay.texts import Texts
from relay.tools import Toolbox
from relay.turn.timing import too_long

LOCAL_SETTINGS = APP_FOLDER / "local.settings.json"
"""The function host's file of settings for this machine; never deployed."""

_TEXT_CHARS = 60
_COLUMN_CHARS = 26

Row = tuple[str, str, str]
"""A name, its value and where the value comes from."""


@dataclass(slots=True)
class Report:
    """What is configured, and what is wrong with it.

    Attributes:
        lines: for people.
        problems: none means that the app would start.
        warnings: what it starts with, and is probably not meant.
        settings: each with its value, secrets by their length, and where it comes from; for programs.
        bots: each with all of its keys, and what it can call; for programs.
    """

    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    bots: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "ok": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            "settings": self.settings,
            "bots": self.bots,
        }


def check(environ: Mapping[str, str], local_settings: Path = LOCAL_SETTINGS) -> Report:
    """Read everything as the app does at its start.

    Args:
        environ: the environment; its values go before those of the file.
        local_settings: fills in what the environment lacks, when there is such a file.
    """
    report = Report()
    local = _local(local_settings, report)
    sources = "the environment" + (f" and {local_settings.name}" if local_settings.exists() else "")
    merged = {**local, **environ}
    from_environment = known_settings(environ)
    origins = {
        name: "environment" if name in from_environment else local_settings.name
        for name in known_settings(merged)
    }
    settings: Settings | None = None
    try:
        settings = load_settings(merged)
    except ConfigError as error:
        report.problems += error.problems
    shown = _hidden(merged) if settings is None else _shown(settings, merged)
    rows = [(name, value, origins.get(name, o)) for name, value, o in shown]
    report.settings = {name: {"value": value, "from": origin} for name, value, origin in rows}
    report.lines += [f"Settings from {sources}", *_table(rows)]
    if settings:
        report.lines += ["", "Which means", *_table(_meaning(settings))]
    _check_files(report, merged, local, settings)
    return report


def check_files(environ: Mapping[str, str], local_settings: Path = LOCAL_SETTINGS) -> Report:
    """Read the bots file and the tools alone, for those who have no settings.

    Args:
        environ: the environment, of which the two settings that name the files count.
        local_settings: fills in what the environment lacks, when there is such a file.
    """
    report = Report()
    local = _local(local_settings, report)
    report.lines.append("Only the bots file and the tools are looked at, no settings")
    _check_files(report, {**local, **environ}, local, None)
    return report


def _local(local_settings: Path, report: Report) -> dict[str, str]:
    if not local_settings.exists():
        return {}
    try:
        return read_local_settings(local_settings)
    except ConfigError as error:
        report.problems += error.problems
        return {}


def _check_files(
    report: Report, merged: Mapping[str, str], local: Mapping[str, str], settings: Settings | None
) -> None:
    values = known_settings(merged)
    path = APP_FOLDER / values.get("RELAY_BOTS_FILE", "bots.toml")
    try:
        bots = load_bots(path)
        tools_file = APP_FOLDER / values.get("RELAY_TOOLS_FILE", "tools.py")
        toolbox, wrong = tools.load(tools_file, bots, path.name, local)
        report.lines += _bots(bots, path, toolbox)
        report.bots = [_for_programs(bot, toolbox) for bot in bots]
        report.warnings += shared_names(bots, path.name)
        report.problems += [*missing_keys(settings, bots), *too_long(settings, bots)] if settings else []
        report.problems += wrong
    except ConfigError as error:
        report.problems += error.problems


def _for_programs(bot: Bot, toolbox: Toolbox | None) -> dict[str, Any]:
    keys = bot.model_dump(mode="json")
    found = tools.rows(toolbox, bot) if toolbox else ()
    calls = [{"tool": name, "where": where, "asks_first": bool(first)} for name, where, first in found]
    return {**keys, "allow": sorted(keys["allow"]), "can_call": calls}


def configured(environ: Mapping[str, str], local_settings: Path = LOCAL_SETTINGS) -> tuple[Settings, Bots]:
    """What :func:`check` has shown, to be used.

    Raises:
        ConfigError: it has problems.
    """
    local = read_local_settings(local_settings) if local_settings.exists() else {}
    settings = load_settings({**local, **environ})
    return settings, load_bots(settings.bots_file)


def read_local_settings(path: Path) -> dict[str, str]:
    """The ``Values`` of a ``local.settings.json``.

    Raises:
        ConfigError: it is not what the function host accepts. No value is quoted.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path.name}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        problem = "is not UTF-8; save it with that encoding"
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"is not plain JSON: {error.msg} ({where}); comments and trailing commas are not allowed"
    else:
        values = document.get("Values") if isinstance(document, dict) else None
        if not isinstance(values, dict):
            problem = 'has no object "Values"'
        elif document.get("IsEncrypted") is True:
            problem = "is encrypted; decrypt it with: func settings decrypt"
        elif wrong := [name for name, value in values.items() if not isinstance(value, str)]:
            problem = f'"Values" may hold text only, in quotes; it is something else at {", ".join(wrong)}'
        else:
            return values
    raise ConfigError([f"{path.name}: {problem}"])


def _hidden(environ: Mapping[str, str]) -> Iterator[Row]:
    values = known_settings(environ)
    for name in dict.fromkeys((*SETTING_NAMES, *values)):
        yield name, _masked(values[name]) if name in values else "not set", ""


def _shown(settings: Settings, environ: Mapping[str, str]) -> Iterator[Row]:
    values = known_settings(environ)
    resolved: dict[str, object] = {
        STORAGE_NAMES[name]: value for name, value in settings.storage if value is not None
    }
    for name, info in Settings.model_fields.items():
        if info.alias:
            resolved[info.alias] = getattr(settings, name)
    if resolved.get(STORAGE) == SecretStr("UseDevelopmentStorage=true"):
        resolved[STORAGE] = "UseDevelopmentStorage=true"
    resolved |= {**settings.further_keys, **settings.tool_keys}
    for name in (*SETTING_NAMES, *settings.further_keys, *settings.tool_keys):
        value = resolved.get(name, values.get(name))
        yield name, _text(value), "" if value is None else "default"


def _meaning(settings: Settings) -> Iterator[Row]:
    storage = settings.storage
    identity = f"identity {storage.client_id}" if storage.client_id else "the default identity"
    services = f"{storage.table_uri} and {storage.queue_uri} with {identity}"
    yield "storage", "by connection string" if storage.connection_string else services, ""
    if settings.model_url:
        key = "with a key" if settings.model_key else "without a key"
        yield "model", f"{settings.model_name} at {settings.model_url}, {key}", ""
    else:
        key = "with a key" if settings.azure_openai_api_key else "with Entra ID"
        endpoint = f"{settings.azure_openai_endpoint}/openai/v1/"
        yield "model", f"deployment {settings.azure_openai_deployment} at {endpoint}, {key}", ""
    server = settings.im_api_url or f"the hosts of region {settings.im_region}"
    limits = ", by which replies go whole and quote nothing" if settings.im_api_version == "v1" else ""
    yield "IM server API", f"{settings.im_api_version} at {server}{limits}", ""
    yield "requests", "accepted WITHOUT SIGNATURE" if settings.allow_unsigned else "must be signed", ""


def _bots(bots: Bots, path: Path, toolbox: Toolbox | None) -> Iterator[str]:
    document = read_toml(path)
    defaults = document.get("defaults", {})
    for bot, table in zip(bots, document["bots"], strict=True):
        origins = dict.fromkeys(defaults, "[defaults]") | dict.fromkeys(table, "bot")
        keys = [key for key in Bot.model_fields if key not in ("accid", "functions")]
        yield from ("", f"Bot {bot.accid} of {path.name}")
        yield from _table(
            (key, _begin(_text(getattr(bot, key))), origins.get(key, "default")) for key in keys
        )
        yield from _own_texts(bot.texts)
        yield from _tools(bot, toolbox)
        for name, override in table.get("functions", {}).items():
            yield f'  for function "{name}"'
            variant = bot.for_function(name)
            yield from _table(((key, _begin(_text(getattr(variant, key))), "") for key in override), indent=4)
            if "texts" in override:
                yield from _own_texts(variant.texts, indent=4)
            if override.keys() & {"tools", "draw"}:
                yield from _tools(variant, toolbox, indent=4)


def _own_texts(texts: Texts, indent: int = 2) -> list[str]:
    """How a bot words what the relay has words of its own for."""
    return _table(((f"texts.{name}", _begin(text), "") for name, text in texts.own.items()), indent)


def _tools(bot: Bot, toolbox: Toolbox | None, indent: int = 2) -> Iterator[str]:
    """What a bot can do."""
    lines = _table(tools.rows(toolbox, bot), indent + 2) if toolbox else []
    if lines:
        yield f"{' ' * indent}can call"
        yield from lines


def _table(rows: Iterable[Row], indent: int = 2) -> list[str]:
    rows = list(rows)
    width = max((len(name) for name, _, _ in rows), default=0)
    return [f"{' ' * indent}{n:<{width}}  {v:<{_COLUMN_CHARS}}  {o}".rstrip() for n, v, o in rows]


def _text(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return _masked(value.get_secret_value())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "everybody"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "not set"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _begin(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_CHARS else f"{line[:_TEXT_CHARS]}... ({len(text)} characters)"


def _masked(secret: str) -> str:
    return f"set ({len(secret)} characters)"
