"""A function host that starts if nothing is wrong, and what is said otherwise."""

import json
import os
import subprocess
import sys
from pathlib import Path

from playground.runs import ROOT

BOT = '[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "You help."\n'
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "IM_APP_KEY": "key",
    "IM_APP_SECRET": "secret",
    "IM_API_URL": "http://127.0.0.1:1",
    "RELAY_MODEL_URL": "http://127.0.0.1:1/v1",
    "RELAY_MODEL_NAME": "scripted",
}


def checked(environ: dict[str, str]) -> tuple[list[str], str]:
    """The problems, and what a command has printed that is to run without any."""
    command = [sys.executable, "-m", "playground.checked", sys.executable, "-c", "print('it runs')"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    if not done.returncode:
        return [], done.stdout
    return json.loads(done.stdout.removeprefix("wrong: ")), ""


def environ(folder: Path, bots: str, tools: str = "") -> dict[str, str]:
    (folder / "bots.toml").write_text(bots, encoding="utf-8")
    (folder / "tools.py").write_text(tools, encoding="utf-8")
    paths = {"RELAY_BOTS_FILE": str(folder / "bots.toml"), "RELAY_TOOLS_FILE": str(folder / "tools.py")}
    azure_like = {"CONTAINER_NAME": "of the machine that develops"}
    return {**os.environ, **SETTINGS, **paths, **azure_like}


def test_files_that_are_right_have_no_problems(tmp_path: Path) -> None:
    assert checked(environ(tmp_path, BOT)) == ([], "it runs\n")


def test_each_problem_is_said_in_the_words_of_the_check(tmp_path: Path) -> None:
    wrong = environ(tmp_path, BOT + 'sytem_prompt = "x"\nturn_seconds = 9999\n')
    assert checked(wrong)[0] == [
        'bots.toml: bot 1 ("helper"), key "turn_seconds": is 9999; accepted: a number, 1 to 300',
        'bots.toml: bot 1 ("helper"), key "sytem_prompt": unknown; did you mean "system_prompt"?',
    ]


def test_tools_that_raise_are_a_problem(tmp_path: Path) -> None:
    (problem,), _ = checked(environ(tmp_path, BOT, "1 / 0\n"))
    assert "ZeroDivisionError" in problem


def test_tools_that_end_the_process_are_a_problem(tmp_path: Path) -> None:
    problems, _ = checked(environ(tmp_path, BOT, "import os\nos._exit(3)\n"))
    assert problems == ["the file of tools ended the process that imported it, with code 3"]
