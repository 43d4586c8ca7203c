"""``docs/configuration.md`` says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from relay.config.bots import Bot
from relay.config.settings import APP_FOLDER, SETTING_NAMES, STORAGE_NAMES, Settings, StorageSettings
from relay.operations.check import check
from relay.texts import RELAYS_OWN
from relay.turn.commands import command_of
from tests.mistakes import MISTAKES, Mistake, section

DOCUMENT = (APP_FOLDER / "docs" / "configuration.md").read_text(encoding="utf-8")


def table_rows(columns: int) -> dict[str, list[str]]:
    """The rows of all tables of so many columns that begin with code, by that code."""
    rows = {}
    for line in DOCUMENT.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == columns and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = cells[1:]
    return rows


def default_of(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Path):
        return f"`{value.relative_to(APP_FOLDER)}`"
    if isinstance(value, frozenset | tuple):
        return f"`{json.dumps(list(value))}`"
    return f"`{str(value).lower()}`"


def test_every_setting_and_every_key_is_explained_and_nothing_else() -> None:
    keys = Bot.model_fields.keys() - {"functions"}
    assert table_rows(4).keys() == {*SETTING_NAMES, *keys}


@pytest.mark.parametrize("name", [field.alias for field in Settings.model_fields.values() if field.alias])
def test_a_setting_has_its_default_and_what_is_accepted(name: str) -> None:
    (field,) = [field for field in Settings.model_fields.values() if field.alias == name]
    _, default, accepted = table_rows(4)[name]
    assert default == ("required" if field.is_required() else default_of(field.default))
    assert accepted == field.description


@pytest.mark.parametrize("field", StorageSettings.model_fields)
def test_a_storage_setting_says_what_is_accepted(field: str) -> None:
    assert table_rows(4)[STORAGE_NAMES[field]][2] == StorageSettings.model_fields[field].description


@pytest.mark.parametrize("key", [key for key in Bot.model_fields if key != "functions"])
def test_a_key_of_a_bot_has_its_default_and_what_is_accepted(key: str) -> None:
    field = Bot.model_fields[key]
    _, default, accepted = table_rows(4)[key]
    assert default == ("required" if field.is_required() else default_of(field.default))
    assert accepted == field.description


def test_every_text_is_there_with_its_placeholders_and_words() -> None:
    rows = table_rows(5)
    for name, text in RELAYS_OWN:
        _, placeholders, *words = rows.pop(name)
        needs = re.findall(r"\*\*`{(\w+)}`\*\*", placeholders)
        assert (re.findall(r"`{(\w+)}`", placeholders), needs) == ([*text.placeholders], [*text.needs])
        assert [each.replace("<br>", "\n") for each in words] == [text.en, text.zh]
    assert not rows


def test_the_shown_report_is_the_real_one(tmp_path: Path) -> None:
    example = json.loads((APP_FOLDER / "local.settings.example.json").read_text(encoding="utf-8"))
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps(example), encoding="utf-8")
    report = check({}, file)
    shown = DOCUMENT.split("$ python3 dev.py check\n")[1].split("\n```")[0].splitlines()
    assert (report.problems, report.warnings, shown[-1]) == ([], [], "OK")
    remaining = iter(report.lines)
    assert [line for line in shown[:-1] if line and line != "  ..." and line not in remaining] == []


def test_the_documented_commands_are_commands() -> None:
    bot = Bot(accid="helper", name="Helper", system_prompt="x")
    rows = table_rows(3)
    assert [(command_of(name, bot), command_of(row[0].strip("`"), bot)) for name, row in rows.items()] == [
        ("help", "help"),
        ("new", "new"),
        ("forget", "forget"),
    ]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_a_mistake_is_refused(mistake: Mistake, tmp_path: Path) -> None:
    assert mistake.problems(tmp_path)


def test_the_listed_mistakes_read_as_documented() -> None:
    mistakes = (APP_FOLDER / "docs" / "mistakes.md").read_text(encoding="utf-8")
    assert mistakes.rstrip().endswith(section().rstrip())
