from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay import __main__ as command_line
from relay.config.settings import APP_FOLDER, SETTING_NAMES
from relay.errors import ConfigError
from relay.operations import check as checked
from relay.operations.check import read_local_settings
from tests.mistakes import GOOD_BOT, GOOD_SETTINGS

SECRET = "pa55word"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Good settings with a bots file of their own."""
    bots = tmp_path / "bots.toml"
    bots.write_text(f"[defaults]\nrewind_messages = 7\n{GOOD_BOT}[bots.functions.french]\nmodel = 'gpt'\n")
    return GOOD_SETTINGS | {"RELAY_BOTS_FILE": str(bots)}


@pytest.fixture
def no_file(tmp_path: Path) -> Path:
    """A path where no ``local.settings.json`` is."""
    return tmp_path / "local.settings.json"


def check(environ: dict[str, str], local_settings: Path) -> tuple[list[str], list[str]]:
    """The lines of the report, and the problems."""
    report = checked.check(environ, local_settings)
    return report.lines, report.problems


def write_local(path: Path, **values: object) -> Path:
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return path


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def test_a_good_configuration_has_no_problems(settings: dict[str, str], no_file: Path) -> None:
    lines, problems = check(settings, no_file)
    assert problems == []
    assert lines[0] == "Settings from the environment"


def test_secrets_are_shown_by_their_length(settings: dict[str, str], no_file: Path) -> None:
    storage = f"AccountName=chats;AccountKey={SECRET}"
    secrets = {"IM_APP_SECRET": SECRET, "RELAY_MODEL_KEY": SECRET, "AzureWebJobsStorage": storage}
    lines, problems = check(settings | secrets, no_file)
    assert problems == []
    assert SECRET not in "\n".join(lines)
    assert "IM_APP_SECRET set (8 characters) environment" in words(lines)
    assert f"AzureWebJobsStorage set ({len(storage)} characters) environment" in words(lines)


def test_no_value_is_shown_while_a_setting_is_wrong(settings: dict[str, str], no_file: Path) -> None:
    lines, problems = check(settings | {"IM_API_URL": f"https://me:{SECRET}@host"}, no_file)
    assert len(problems) == 1
    assert SECRET not in "\n".join(lines + problems)


def test_each_setting_says_where_it_comes_from(settings: dict[str, str], no_file: Path) -> None:
    file = write_local(no_file, IM_REGION="china", IM_APP_KEY="other", IM_API_URL="http://127.0.0.1:1")
    lines, _ = check(settings | {"IM_API_URL": ""}, file)
    assert lines[0] == "Settings from the environment and local.settings.json"
    assert "IM_REGION china local.settings.json" in words(lines)
    assert "IM_APP_KEY app-key environment" in words(lines)
    assert "IM_API_VERSION v2 default" in words(lines)
    assert "IM_API_URL not set" in words(lines)


def test_derived_values_are_shown(settings: dict[str, str], no_file: Path) -> None:
    identity = {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "chats"}
    azure = {
        "RELAY_MODEL_URL": "",
        "RELAY_MODEL_NAME": "",
        "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com/",
        "AZURE_OPENAI_DEPLOYMENT": "chat",
    }
    lines, problems = check(settings | identity | azure, no_file)
    assert problems == []
    assert "AzureWebJobsStorage__tableServiceUri https://chats.table.core.windows.net default" in words(lines)
    assert "model deployment chat at https://name.openai.azure.com/openai/v1/, with Entra ID" in words(lines)


def test_what_v1_cannot_do_is_said(settings: dict[str, str], no_file: Path) -> None:
    lines, _ = check(settings | {"IM_API_VERSION": "v1"}, no_file)
    (line,) = [line for line in words(lines) if line.startswith("IM server API")]
    assert line.endswith(", by which replies go whole and quote nothing")


def test_each_key_of_a_bot_says_where_it_comes_from(settings: dict[str, str], no_file: Path) -> None:
    lines, _ = check(settings, no_file)
    assert "Bot helper of bots.toml" in lines
    assert "name Helper bot" in words(lines)
    assert "rewind_messages 7 [defaults]" in words(lines)
    assert "turn_seconds 90 default" in words(lines)
    assert words(lines)[-2:] == ['for function "french"', "model gpt"]


def test_the_aliases_of_a_bot_are_shown(settings: dict[str, str], no_file: Path) -> None:
    path = Path(settings["RELAY_BOTS_FILE"])
    path.write_text(f'{GOOD_BOT}aliases = ["小助手", "helper bot"]\n', encoding="utf-8")
    lines, _ = check(settings, no_file)
    assert "aliases 小助手, helper bot bot" in words(lines)


def test_own_wording_is_shown(settings: dict[str, str], no_file: Path) -> None:
    bots = Path(settings["RELAY_BOTS_FILE"])
    bots.write_text(
        f"[defaults.texts]\nfailed = 'Không được.'\n{GOOD_BOT}[bots.functions.f.texts]\nnew = 'Mới.'\n",
        encoding="utf-8",
    )
    lines, problems = check(settings, no_file)
    assert problems == []
    shown = words(lines)
    assert "texts failed [defaults]" in shown
    assert shown.count("texts.failed Không được.") == 2
    assert "texts failed, new" in shown
    assert shown.count("texts.new Mới.") == 1


def test_a_further_key_is_shown_by_its_length(settings: dict[str, str], no_file: Path) -> None:
    lines, problems = check(settings | {"RELAY_MODEL_KEY_EAST": "abc"}, no_file)
    assert problems == []
    assert [line.split(None, 1)[1] for line in lines if "RELAY_MODEL_KEY_EAST" in line] == [
        "set (3 characters)          environment"
    ]


def test_a_key_that_a_bot_names_and_nobody_set_is_a_problem(settings: dict[str, str], no_file: Path) -> None:
    east = '{ model = "x", url = "https://east.example/v1", key_setting = "RELAY_MODEL_KEY_EAST" }'
    Path(settings["RELAY_BOTS_FILE"]).write_text(f"{GOOD_BOT}models = [{east}]\n", encoding="utf-8")
    _, problems = check(settings, no_file)
    assert problems == [
        'RELAY_MODEL_KEY_EAST: not set, but bot "helper" names it in "models"; '
        "accepted: a key of https://east.example/v1"
    ]


TOOLS = """
import os
from relay.tools import tool

URL = os.environ["SHOP_OF_A_TEST"]


@tool
def nearest_shop(city: str, limit: int = 3) -> str:
    return ""


@tool(confirm="Cancel {order_id}?")
def cancel(order_id: int) -> str:
    return ""
"""


@pytest.fixture
def with_tools(settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A bot with tools, whose file reads a setting while it is imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "tools.py").write_text(TOOLS)
    write_local(tmp_path / "local.settings.json", SHOP_OF_A_TEST="https://shop.example.com")
    Path(settings["RELAY_BOTS_FILE"]).write_text(
        f'{GOOD_BOT}tools = ["cancel", "nearest_shop", "now"]\n'
        '[bots.functions.artist]\ntools = []\ndraw = { model = "gpt-image-2" }\n'
    )
    return settings | {"RELAY_TOOLS_FILE": str(tmp_path / "tools.py")}


def test_what_a_bot_can_call_is_shown_with_its_parameters(with_tools: dict[str, str], no_file: Path) -> None:
    lines, problems = check(with_tools, no_file)
    assert problems == []
    shown = words(lines)
    begin = shown.index("can call")
    assert shown[begin + 1 : begin + 4] == [
        "cancel(order_id: integer) tools.py:13 asks first",
        "nearest_shop(city: string, limit?: integer) tools.py:8",
        "now(zone?: string) relay",
    ]
    assert shown[-2:] == ["can call", "draw(prompt: string) relay"]
    assert "SHOP_OF_A_TEST" not in os.environ


def test_a_tool_that_does_not_exist_is_a_problem(with_tools: dict[str, str], no_file: Path) -> None:
    Path(with_tools["RELAY_BOTS_FILE"]).write_text(f'{GOOD_BOT}tools = ["cancle", "now"]\n')
    lines, problems = check(with_tools, no_file)
    assert problems == [
        'bots.toml: bot 1 ("helper"), key "tools": there is no tool "cancle" in tools.py; did you mean "cancel"?'
    ]
    assert "can call" not in words(lines)


def test_a_broken_file_of_tools_is_a_problem_beside_the_others(
    with_tools: dict[str, str], no_file: Path
) -> None:
    no_file.unlink()
    lines, problems = check(with_tools | {"IM_REGION": "mars"}, no_file)
    assert [problem.partition(":")[0] for problem in problems] == ["IM_REGION", "tools.py"]
    assert problems[1] == "tools.py:5: KeyError: 'SHOP_OF_A_TEST'"
    assert "Bot helper of bots.toml" in lines


def test_a_key_of_a_painter_that_nobody_set_is_a_problem(settings: dict[str, str], no_file: Path) -> None:
    place = '{ model = "x", endpoint = "https://east.example", key_setting = "AZURE_OPENAI_API_KEY_EAST" }'
    Path(settings["RELAY_BOTS_FILE"]).write_text(f"{GOOD_BOT}draw = {place}\n", encoding="utf-8")
    _, problems = check(settings, no_file)
    assert problems == [
        'AZURE_OPENAI_API_KEY_EAST: not set, but bot "helper" names it in "draw"; '
        "accepted: a key of https://east.example"
    ]


def test_problems_of_settings_and_bots_are_found_together(settings: dict[str, str], no_file: Path) -> None:
    Path(settings["RELAY_BOTS_FILE"]).write_text(f"{GOOD_BOT}rewind_minuts = 1\n")
    _, problems = check(settings | {"IM_REGION": "mars"}, no_file)
    assert [problem.split(":")[0] for problem in problems] == ["IM_REGION", "bots.toml"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Values": {"A": "pa55word",}}', "is not plain JSON: "),
        ('{\n// pa55word\n"Values": {}}', "(line 2, column 1)"),
        ('["pa55word"]', 'has no object "Values"'),
        ('{"Values": "pa55word"}', 'has no object "Values"'),
        ('{"Values": {"A": {"B": "pa55word"}, "C": 1}}', "it is something else at A, C"),
        ('{"IsEncrypted": true, "Values": {"A": "pa55word"}}', "is encrypted"),
    ],
)
def test_a_malformed_settings_file_is_explained_without_quoting_it(
    no_file: Path, text: str, problem: str
) -> None:
    no_file.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        read_local_settings(no_file)
    assert problem in str(refusal.value)
    assert SECRET not in str(refusal.value)
    assert refusal.value.__context__ is None


def test_a_settings_file_in_another_encoding_is_explained(no_file: Path) -> None:
    no_file.write_bytes('{"Values": {"A": "助手"}}'.encode("gbk"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_local_settings(no_file)


def test_a_settings_file_that_cannot_be_read_is_explained(no_file: Path) -> None:
    no_file.mkdir()
    with pytest.raises(ConfigError, match=r"local\.settings\.json: cannot be read"):
        read_local_settings(no_file)


def test_a_malformed_settings_file_is_one_problem_beside_the_others(
    settings: dict[str, str], no_file: Path
) -> None:
    no_file.write_text("{")
    _, problems = check(settings, no_file)
    assert len(problems) == 1


TWINS = (
    GOOD_BOT
    + """
[[bots]]
accid = "second"
name = "HELPER"
aliases = ["Second one", "helper"]
system_prompt = "x"
"""
)


def test_a_name_that_leads_to_another_bot_is_a_warning(settings: dict[str, str], no_file: Path) -> None:
    Path(settings["RELAY_BOTS_FILE"]).write_text(TWINS)
    report = checked.check(settings, no_file)
    assert report.problems == []
    assert report.warnings == [
        'bots.toml: bot "second", key "name": "HELPER" is what "helper" is called, too; '
        'in a group, @HELPER means "helper"',
        'bots.toml: bot "second", key "aliases": "helper" is what "helper" is called, too; '
        'in a group, @helper means "helper"',
    ]


def test_a_name_that_is_a_later_bots_accid_is_a_warning(settings: dict[str, str], no_file: Path) -> None:
    Path(settings["RELAY_BOTS_FILE"]).write_text(
        GOOD_BOT.replace('"Helper"', '"second"') + TWINS[len(GOOD_BOT) :]
    )
    (warning,) = [
        each for each in checked.check(settings, no_file).warnings if '"helper", key "name"' in each
    ]
    assert warning.endswith('@second means "second"')


def test_names_that_only_begin_alike_are_none(settings: dict[str, str], no_file: Path) -> None:
    second = GOOD_BOT.replace("helper", "second").replace("Helper", "Helper two")
    Path(settings["RELAY_BOTS_FILE"]).write_text(GOOD_BOT + second)
    assert checked.check(settings, no_file).warnings == []


def test_the_files_alone_need_no_setting(with_tools: dict[str, str], no_file: Path) -> None:
    files = {name: with_tools[name] for name in ("RELAY_BOTS_FILE", "RELAY_TOOLS_FILE")}
    report = checked.check_files(files | {"IM_REGION": "mars"}, no_file)
    assert (report.problems, report.settings) == ([], {})
    assert "nearest_shop(city: string, limit?: integer) tools.py:8" in words(report.lines)
    Path(files["RELAY_BOTS_FILE"]).write_text(f'{GOOD_BOT}tools = ["cancle"]\nreply = "respond"\n')
    assert 'did you mean "response"?' in checked.check_files(files, no_file).problems[0]
    Path(files["RELAY_BOTS_FILE"]).write_text(f'{GOOD_BOT}tools = ["cancle"]\n')
    assert 'did you mean "cancel"?' in checked.check_files(files, no_file).problems[0]


def run(environ: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    # Blanks, so that nothing comes from a local.settings.json of the developer.
    blanks = dict.fromkeys(SETTING_NAMES, "")
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "relay", "check", *options],
        cwd=APP_FOLDER,
        env=inherited | blanks | environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_command_ends_with_ok(settings: dict[str, str]) -> None:
    result = run(settings)
    assert result.stdout.endswith("\n\nOK\n")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_lists_the_problems_and_fails(settings: dict[str, str]) -> None:
    result = run(settings | {"IM_REGION": "mars"})
    wrong = "Wrong, see docs/mistakes.md:"
    assert result.stdout.endswith(
        f'\n\n{wrong}\n  IM_REGION: is not valid; accepted: "overseas" or "china"\n'
    )
    assert (result.returncode, result.stderr) == (1, "")


def test_a_console_with_a_small_encoding_is_no_reason_to_fail(settings: dict[str, str]) -> None:
    Path(settings["RELAY_BOTS_FILE"]).write_text(GOOD_BOT.replace("Helper", "助手"), encoding="utf-8")
    result = run(settings | {"PYTHONIOENCODING": "ascii"})
    assert result.stdout.endswith("\n\nOK\n")


def test_a_warning_is_shown_and_is_no_failure(settings: dict[str, str]) -> None:
    Path(settings["RELAY_BOTS_FILE"]).write_text(TWINS)
    result = run(settings)
    assert '\nProbably not meant:\n  bots.toml: bot "second"' in result.stdout
    assert (result.stdout[-4:], result.returncode) == ("\nOK\n", 0)


def test_for_programs_there_is_one_object_whatever_a_file_of_tools_prints(with_tools: dict[str, str]) -> None:
    tools = Path(with_tools["RELAY_TOOLS_FILE"])
    tools.write_text("print('loaded')\n" + TOOLS)
    Path(with_tools["RELAY_BOTS_FILE"]).write_text(TWINS + 'tools = ["cancel"]\n')
    result = run(with_tools | {"SHOP_OF_A_TEST": "x", "IM_APP_SECRET": SECRET}, "--json")
    found = json.loads(result.stdout)
    assert (found["ok"], found["problems"], len(found["warnings"]), found["live"]) == (True, [], 2, [])
    assert found["settings"]["IM_REGION"] == {"value": "overseas", "from": "default"}
    assert found["settings"]["IM_APP_SECRET"] == {"value": "set (8 characters)", "from": "environment"}
    first, second = found["bots"]
    assert (first["accid"], first["rewind_messages"], first["allow"]) == ("helper", 20, [])
    assert second["can_call"] == [
        {"tool": "cancel(order_id: integer)", "where": "tools.py:14", "asks_first": True}
    ]
    assert (result.returncode, result.stderr) == (0, "loaded\n")


def test_for_programs_the_problems_are_in_the_object_and_in_the_exit_code(settings: dict[str, str]) -> None:
    result = run(settings | {"IM_REGION": "mars"}, "--json")
    found = json.loads(result.stdout)
    assert (found["ok"], found["problems"]) == (
        False,
        ['IM_REGION: is not valid; accepted: "overseas" or "china"'],
    )
    assert (result.returncode, SECRET in result.stdout) == (1, False)


def test_the_files_alone_are_looked_at_for_programs_too(settings: dict[str, str]) -> None:
    result = run({"RELAY_BOTS_FILE": settings["RELAY_BOTS_FILE"]}, "--file-only", "--json")
    assert json.loads(result.stdout)["ok"]
    assert result.returncode == 0


@pytest.mark.parametrize("options", [("--live", "--file-only"), ("--webhook", "https://x"), ("--lively",)])
def test_options_that_do_not_go_together_are_a_wrong_command(options: tuple[str, ...]) -> None:
    assert run({}, *options).returncode == 2


def test_without_the_packages_there_is_one_line_that_says_what_to_run() -> None:
    result = subprocess.run(
        [sys.executable, "-S", "-I", "-c", WITHOUT_PACKAGES], cwd=APP_FOLDER, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("python -m relay needs the package ")
    assert "python3 dev.py check" in line


WITHOUT_PACKAGES = """
import runpy, sys
sys.path.insert(0, ".")
sys.argv = ["relay", "check"]
runpy.run_module("relay", run_name="__main__")
"""


def test_an_old_python_is_told_what_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "OLDEST", (4, 0))
    assert command_line.main() == 2
    assert "needs Python 3.11 to 3.14. In a checkout, `python3 dev.py check`" in capsys.readouterr().err


def test_the_command_line_parses_on_python_3_8() -> None:
    source = Path(command_line.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
