"""README and docs say what the code does, wherever that can be checked."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import pytest

from playground.cli import _parser
from playground.stack import MODEL_LABELS
from relay.config.bot import Bot
from relay.config.credentials import FURTHER_KEY, TOOL_KEY
from relay.config.settings import APP_FOLDER, SETTING_NAMES
from relay.inbound.routing import Reason
from relay.inbound.webhook import BODY_MAX_BYTES
from relay.memory.rows import REPLY_MAX_CHARS
from relay.memory.window import BATCH_MAX_ROWS
from relay.messages import QUEUE_MESSAGE_MAX_BYTES
from relay.outbox import FAILED, POISON
from relay.texts import RELAYS_OWN
from relay.turn.commands import command_of
from relay.turn.respond import LAST_STEPS_SECONDS
from relay.turn.timing import Timing
from relay.turn.ways import REQUEST_SECONDS
from tests.kit import RelayKit
from tests.mutants.mutant import FOLDER

DOCUMENTS = {
    path.relative_to(APP_FOLDER).as_posix(): path.read_text(encoding="utf-8")
    for path in (*APP_FOLDER.glob("*.md"), *APP_FOLDER.glob("docs/*.md"))
}
README = DOCUMENTS["README.md"]
OPERATIONS = DOCUMENTS["docs/operations.md"]
DEPLOY = DOCUMENTS["docs/deploy.md"]
TESTING = DOCUMENTS["docs/testing.md"]
CLIENT = DOCUMENTS["docs/client.md"]
INSIDE = DOCUMENTS["docs/how-it-works.md"]
CONTRIBUTING = DOCUMENTS["CONTRIBUTING.md"]

BOT = Bot(accid="helper", name="Helper", system_prompt="x")


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def code_spans(text: str) -> list[str]:
    """What stands between single backticks, outside of blocks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def table_below(text: str, heading: str) -> dict[str, str]:
    """The rows of the table whose first head cell is this, by their first cell."""
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {row[0]: row[1] for row in rows}


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dev_commands() -> list[str]:
    """Every call of ``dev.py`` in the documents, without the interpreter."""
    lines = [
        line
        for text in DOCUMENTS.values()
        for block in code_blocks(text, "console")
        for line in [*block.splitlines()]
    ]
    spans = [span for text in DOCUMENTS.values() for span in code_spans(text)]
    found = [re.fullmatch(r"(?:\$ )?python3 dev\.py (.+)", line) for line in [*lines, *spans]]
    return sorted({match[1] for match in found if match})


def test_commands_of_dev_py_are_documented_at_all() -> None:
    documented = {command.split()[0] for command in dev_commands()}
    assert documented >= {"play", "test", "check", "lint", "services", "capture"}


@pytest.mark.parametrize("command", dev_commands())
def test_a_command_of_dev_py_is_one_that_it_takes(command: str) -> None:
    written = command.replace(" URL", " http://127.0.0.1")
    options, rest = _parser().parse_known_args(shlex.split(written, comments=True))
    assert not rest or options.command == "test"  # which hands it to pytest


def test_the_flags_of_play_in_the_readme_are_its_flags() -> None:
    flags = [span for span in code_spans(README) if span.startswith("--")]
    assert flags == ["--model settings", "--model scripted", "--terminal"]
    for flag in flags:
        _parser().parse_args(["play", *flag.split()])


MADE_BY = {".dev/screenshots/": "tests/browser/pictures.py"}
"""Folders that are there only once something has run, and what makes them."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    text = DOCUMENTS[name]
    paths = [
        span
        for span in code_spans(text)
        if re.fullmatch(r"[\w.][\w./-]*(?:/|\.(?:py|md|toml|txt|json))", span)
    ]
    paths += re.findall(r"\b(?:relay|tests|playground)/[\w/]+\.py\b", "".join(code_blocks(text, "text")))
    expected = {"local.settings.json", ".dev/", "my_model.py", *MADE_BY}
    assert [path for path in paths if path not in expected and not (APP_FOLDER / path).exists()] == []


@pytest.mark.parametrize("folder", MADE_BY)
def test_a_folder_that_comes_later_is_made_by_what_the_docs_mean(folder: str) -> None:
    maker = (APP_FOLDER / MADE_BY[folder]).read_text(encoding="utf-8")
    assert f'DEV / "{Path(folder).name}"' in maker


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", DOCUMENTS[name]):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (APP_FOLDER / name).parent / path if path else APP_FOLDER / name
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def test_every_place_of_the_documents_that_the_relay_names_is_there() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (APP_FOLDER / "relay").rglob("*.py"))
    named = re.findall(r"([\w/.-]+\.md)#([\w-]*)", source)
    assert {name for name, _ in named} >= {"docs/how-it-works.md", "docs/configuration.md"}
    assert [place for place in named if place[1] not in anchors(DOCUMENTS.get(place[0], ""))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_exists(name: str) -> None:
    named = re.findall(r"\b(?:IM|AZURE_OPENAI|RELAY)_[A-Z_]*[A-Z]\b", DOCUMENTS[name])
    misspelt_on_purpose = {"RELAY_MODLE_NAME"}
    own = {name for name in named if re.fullmatch(f"{FURTHER_KEY}|{TOOL_KEY}", name)}
    assert set(named) - misspelt_on_purpose - own <= set(SETTING_NAMES)


def test_the_settings_of_the_readme_are_settings() -> None:
    rows = table_below(README, "Setting")
    names = [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]
    assert len(names) >= 8
    assert set(names) <= set(SETTING_NAMES)


@pytest.mark.parametrize("name", ["README.md", "docs/client.md", "docs/how-it-works.md"])
def test_every_key_of_the_bots_file_has_its_default_where_that_is_told(name: str) -> None:
    told = re.findall(r"`(\w+)` \((\d+)\)", DOCUMENTS[name])
    assert {key: int(number) for key, number in told if getattr(BOT, key) != int(number)} == {}


def test_the_test_in_the_readme_runs(relay: RelayKit) -> None:
    (block,) = code_blocks(README, "python")
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102  (our own file)
    names["test_greets"](relay)
    assert len(relay.model.prompts) == 1


def test_the_fixtures_members_do_what_is_said_of_them(relay: RelayKit) -> None:
    relay.configure((APP_FOLDER / "bots.toml").read_text(encoding="utf-8"))
    relay.configure_bot("translator", rewind_messages=0)
    relay.model.script.append("…")
    relay.post("hello", to="translator")
    assert relay.replies == ["…"]
    assert relay.model.asked()[0][-1] == ("user", "hello")
    for shown in (
        "relay.configure(",
        "relay.configure_bot(rewind_messages=0)",
        "relay.model.script.append(",
        "relay.model.asked()",
        "relay.hold_lease()",
        "relay.kill_host()",
    ):
        assert shown in TESTING


def test_the_reasons_are_listed_in_their_order() -> None:
    assert [cell.strip("`") for cell in table_below(INSIDE, "Reason")] == list(get_args(Reason))


def test_the_limits_are_the_real_ones() -> None:
    assert BODY_MAX_BYTES == QUEUE_MESSAGE_MAX_BYTES == 64 * 1024
    assert "A request may have 64 KiB." in README
    assert f"cut at {REPLY_MAX_CHARS:,} characters" in README
    assert f"A `response` bot has {REQUEST_SECONDS} seconds." in README
    assert f"{REQUEST_SECONDS - LAST_STEPS_SECONDS} of its {REQUEST_SECONDS} seconds" in INSIDE
    assert f"({Timing().lease_seconds(BOT):.0f}\nseconds by default)" in INSIDE
    assert f"up to {BATCH_MAX_ROWS} of one day" in INSIDE
    assert RELAYS_OWN.thinking.en.split(".")[0] in README
    assert f"after {BOT.answer_within_minutes:g} minutes a text" in README
    assert f"a record in `{FAILED}`" in README
    assert POISON in OPERATIONS


def test_the_commands_of_a_bot_are_commands() -> None:
    rows = re.findall(r"^\| `(/\w+)` \| `(/\w+)` \|", CLIENT, re.MULTILINE)
    assert [(command_of(name, BOT), command_of(chinese, BOT)) for name, chinese in rows] == [
        ("help", "help"),
        ("new", "new"),
        ("forget", "forget"),
    ]


def test_what_play_prints_is_shown_as_it_prints_it() -> None:
    (shown,) = [block for block in code_blocks(README, "console") if "Page " in block]
    source = (APP_FOLDER / "playground" / "play.py").read_text(encoding="utf-8")
    assert f"Model    {MODEL_LABELS['tiny']}" in shown
    names = [line.split()[0] for line in shown.splitlines()[1:-1]]
    assert names == ["Page", "Bots", "Model", "Webhook", "Log"]
    assert [name for name in names if name not in source] == []
    assert re.search(r"Ready after [\d.]+ s. Ctrl-C ends it.", shown)
    assert "Ctrl-C ends it." in source


def what_goes_wrong(text: str) -> list[str]:
    """The rows of the table of what goes wrong."""
    (table,) = re.findall(r"^\| What happens \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return str(table).splitlines()


def test_the_log_lines_of_the_documents_are_logged() -> None:
    """Each piece of a quoted line stands in the source; a value may be filled in."""
    source = "".join(path.read_text(encoding="utf-8") for path in (APP_FOLDER / "relay").rglob("*.py"))
    source = re.sub(r'"\n\s*f?"', "", source)
    quoted = [
        span
        for line in what_goes_wrong(OPERATIONS)
        for span in code_spans(line.rsplit("|", 2)[1])
        if " " in span
    ]
    pieces = [piece.strip() for span in quoted for piece in re.split(r"…|=\d*", span) if piece.strip()]
    assert len(quoted) >= 12
    commands = ("python -m", "python3 dev.py")
    assert [piece for piece in pieces if piece not in source and not piece.startswith(commands)] == []


def test_what_the_readme_says_of_what_goes_wrong_is_a_part_of_the_whole_table() -> None:
    rows = [row.replace("](docs/", "](") for row in what_goes_wrong(README)]
    assert len(rows) >= 8
    assert set(rows) <= set(what_goes_wrong(OPERATIONS))


def test_the_table_of_contents_leads_to_every_page() -> None:
    pages = {name.removeprefix("docs/") for name in DOCUMENTS if name.startswith("docs/")} - {"README.md"}
    contents = DOCUMENTS["docs/README.md"]
    assert pages - set(re.findall(r"\]\(([\w-]+\.md)", contents)) == set()


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) < 200


def test_robot_info_in_ext_is_understood_as_the_client_page_shows_it(relay: RelayKit) -> None:
    (ext,) = code_blocks(CLIENT, "json")
    relay.post("Where do I pay?", ext=ext, run=False)
    message = relay.waiting[0].message
    assert (message.function, message.topic) == ("french", "trip-2026")
    assert json.loads(message.custom) == {"page": "checkout"}


Walk = list[tuple[int, str, str]]


@contextmanager
def watched_calls(relay: RelayKit) -> Iterator[list[Walk]]:
    """The walk to each call of a port: depth, file and name of every function of ours that is under way."""
    walks: list[Walk] = []
    with pytest.MonkeyPatch.context() as patch:
        for port, name in (
            (relay.tables, "write"),
            (relay.queues, "send"),
            (relay.model, "complete"),
            (relay.im, "send"),
        ):
            patch.setattr(port, name, _watched(walks, port, name))
        yield walks


def _watched(walks: list[Walk], port: Any, name: str) -> Any:
    real = getattr(port, name)

    async def call(*args: Any, **kwargs: Any) -> Any:
        walks.append(_walk(sys._getframe()))
        return await real(*args, **kwargs)

    return call


def _walk(frame: FrameType | None) -> Walk:
    functions = []
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(APP_FOLDER / "relay") or file == APP_FOLDER / "function_app.py":
            functions.append((file.relative_to(APP_FOLDER).as_posix(), frame.f_code.co_qualname))
        frame = frame.f_back
    return [(depth, file, name) for depth, (file, name) in enumerate(reversed(functions))]


def test_the_walk_is_what_is_called(relay: RelayKit) -> None:
    with watched_calls(relay) as walks:
        relay.post("hello")
    through = {
        "relay/storage/queues.py": "Outbox._within",
        "relay/storage/tables.py": "History.store_reply",
        "relay/model/chat.py": "ask",
        "relay/im/client.py": "Delivery._send_one",
    }
    real = {
        file: next(walk for walk in walks if name in {called for *_, called in walk})
        for file, name in through.items()
    }
    shown = [
        [(int(depth), file, name) for depth, file, name in re.findall(r"^(\d+) +(\S+) +(\S+)", block, re.M)]
        for block in code_blocks(INSIDE, "text")
        if block.startswith(("0 ", "6 "))
    ]
    assert len(shown) == len(real)
    for *ours, (depth, file, name) in shown:
        assert ours == real[file][ours[0][0] :]
        assert depth == len(real[file])
        port, method = name.split(".")
        assert callable(getattr(getattr(importlib.import_module(file[:-3].replace("/", ".")), port), method))


def test_the_rows_of_a_turn_are_the_real_ones(relay: RelayKit) -> None:
    relay.post("hello", client_id="93a28e7d", msgidServer="13608728302")
    (block,) = [block for block in code_blocks(INSIDE, "text") if block.startswith("d|")]
    shown = {key: json.loads(values) for key, values in re.findall(r"^([dm]\S+)\n((?: .*\n)+)", block, re.M)}
    (table,) = set(re.findall(r"`(relayhistory\d+)`", INSIDE))
    (partition,) = re.findall(r"partition `(\w{40})`", INSIDE)
    real = relay.tables.tables[table][partition]
    assert shown == {key: dict(row.values) for key, row in real.items()}
    assert relay.tables.tables["relayleases"][partition] == {}


@pytest.fixture
def calls(relay: RelayKit, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the queue calls that are made."""
    made: list[str] = []

    def counted(name: str, real: Any) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            made.append(name)
            return await real(*args, **kwargs)

        return call

    for name in ("send", "delete", "receive"):
        monkeypatch.setattr(relay.queues, name, counted(name, getattr(relay.queues, name)))
    return made


def test_the_calls_of_an_answer_are_as_many_as_is_said(relay: RelayKit, calls: list[str]) -> None:
    relay.post("warm up", sender="somebody.else")
    calls.clear()
    relay.tables.calls.clear()
    relay.post("hello", run=False)
    (turn,) = [turn for turn in relay.waiting if turn.watch and turn.message.sender == "alice"]
    asyncio.run(relay.app.answer(turn.to_json()))
    both_days = len(relay.tables.calls)
    assert f"{len(calls)} queue calls and {both_days - 1} table calls, {both_days} while" in DEPLOY


def test_the_calls_of_a_sweep_with_nothing_to_do_are_as_many_as_is_said(
    relay: RelayKit, calls: list[str]
) -> None:
    relay.sweep()
    calls.clear()
    relay.tables.calls.clear()
    relay.sweep()
    assert (len(calls), len(relay.tables.calls)) == (1, 1)
    assert "each time one queue call and one table call" in DEPLOY


def test_readme_and_deploy_page_tell_the_same_price_of_doing_nothing() -> None:
    told = re.findall(r"\*\*(\d+) idle\*\*", DEPLOY)
    in_readme = re.search(r"Idle it costs about (\d+) USD a month; .*?\sabout (\d+)\.", README, re.DOTALL)
    assert in_readme
    assert sorted(told, key=int) == list(in_readme.groups())
    sums = re.search(r"^\| \*\*Sum\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", DEPLOY, re.MULTILINE)
    assert sums
    assert f"Idle {sums[1]} USD a month, mostly alerts; {sums[2]} with 1,000 messages a day" in README


def test_what_can_still_be_lost_is_told_in_full_once_and_from_elsewhere_there_is_a_way_to_it() -> None:
    title = "What can still be lost, and how to make that rarer"
    (anchor,) = anchors(f"## {title}")
    for name in ("README.md", "docs/deploy.md", "docs/reliability.md"):
        assert DOCUMENTS[name].count(f"\n## {title}\n") == 1
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", DOCUMENTS["docs/reliability.md"], re.M | re.S)
    assert section.count("\n|") > 15
    assert f"](docs/reliability.md#{anchor})" in README
    assert f"](reliability.md#{anchor})" in DOCUMENTS["docs/deploy.md"]


def test_the_timer_fires_as_often_as_is_said() -> None:
    source = (APP_FOLDER / "function_app.py").read_text(encoding="utf-8")
    (minutes,) = re.findall(r'schedule="0 \*/(\d+) \* \* \* \*"', source)
    assert f"every {minutes} minutes" in README
    assert f"runs {24 * 60 // int(minutes)} times a day" in DEPLOY


def test_every_room_has_its_row_for_those_who_look_where_to_change_something() -> None:
    rooms = {f"`relay/{path.parent.name}/`" for path in (APP_FOLDER / "relay").glob("*/__init__.py")}
    assert set(table_below(CONTRIBUTING, "Room")) == {*rooms, "`relay/` itself"}


def test_the_tests_that_contributors_are_shown_exist() -> None:
    shown = re.findall(r"tests/[\w/.:]+", "\n".join(code_blocks(CONTRIBUTING, "console")))
    assert len(shown) >= 3
    for path, _, name in [node.partition("::") for node in shown]:
        file = APP_FOLDER / path
        assert file.exists()
        assert not name or f"def {name}(" in file.read_text(encoding="utf-8")


def test_the_mutant_that_contributors_are_shown_is_a_real_one() -> None:
    (name,) = set(re.findall(r"\bp\d\d-[\w-]+", CONTRIBUTING))
    (first_line,) = [block.strip() for block in code_blocks(CONTRIBUTING, "text")]
    assert (FOLDER / f"{name}.patch").read_text(encoding="utf-8").startswith(first_line)
