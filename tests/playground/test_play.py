"""``dev.py play`` as a person runs it: the whole way on real parts, and nothing left running."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs import ROOT, RUNS, Process, end_dead_runs

pytestmark = pytest.mark.stack

READ_SECONDS = 120

# As dev.py starts it, once everything is set up.
PLAY = (
    "import sys; from playground.play import play_in_terminal as p; sys.exit(p('scripted', 'builtin', None))"
)
PAGE = (
    "import sys; from playground.play import play_in_browser as p;"
    "sys.exit(p('scripted', 'builtin', None, open_browser=False))"
)


@pytest.fixture
def play() -> Iterator[subprocess.Popen[str]]:
    """A chat, waiting for its first line."""
    command = [sys.executable, "-c", PLAY]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        read_until(process, "Write a message")
        yield process
        process.kill()
    end_dead_runs()


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stdout
    shown = ""
    impatient = threading.Timer(READ_SECONDS, process.kill)  # which ends what it says
    impatient.start()
    try:
        while not re.search(pattern, shown):
            shown += (line := process.stdout.readline())
            assert line, f"it ended, or said no more for {READ_SECONDS} s, after {shown!r}"
        return shown
    finally:
        impatient.cancel()


def write(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


@pytest.mark.parametrize("command", [PLAY, PAGE])
def test_tools_that_are_broken_are_named_before_anything_starts(command: str, tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("from relay.tools import tool\n\n\n@tool\ndef order(number): ...\n")
    environ = {**os.environ, "RELAY_TOOLS_FILE": str(tmp_path / "tools.py")}
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('tools.py:4: order: parameter "number" has no annotation')


def command_line(part: Process) -> str:
    """What every user of the machine can read; empty where none can."""
    file = Path(f"/proc/{part.pid}/cmdline")
    return file.read_text(encoding="utf-8") if file.exists() else ""


def children(process: subprocess.Popen[str]) -> list[Process]:
    record = json.loads((RUNS / f"{process.pid}.json").read_text(encoding="utf-8"))
    return [Process(**fields) for fields in record[1:]]


def test_a_person_reads_the_answer_and_what_happened_on_the_way(play: subprocess.Popen[str]) -> None:
    write(play, "hello")
    shown = read_until(play, r"window 0 messages\n")
    assert "Helper: You said: hello\n" in shown
    assert re.search(r"queued \d+ ms · waited \d+ ms · model \d+ ms · stored \d+ ms · sent \d+ ms", shown)
    write(play, "and again")
    assert "You said: and again" in read_until(play, r"window 2 messages\n")


def test_a_saved_bots_file_is_taken_on_in_the_chat_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    bots = tmp_path / "bots.toml"
    right = '[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "You help."\n'
    bots.write_text(right, encoding="utf-8")
    environ = {**os.environ, "RELAY_BOTS_FILE": str(bots)}
    with subprocess.Popen(
        [sys.executable, "-c", PLAY],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        read_until(process, "Write a message")
        bots.write_text(right.replace("name =", "nam ="), encoding="utf-8")
        assert 'key "nam": unknown' in read_until(process, "is not taken on")
        bots.write_text(right.replace('"Helper"', '"Mate"'), encoding="utf-8")
        read_until(process, "took over")
        write(process, "hello")
        assert "Mate: You said: hello\n" in read_until(process, r"window 0 messages\n")
        write(process, ":quit")
        assert process.wait(10) == 0


def test_quitting_ends_every_part(play: subprocess.Popen[str]) -> None:
    parts = children(play)
    assert {part.name for part in parts} == {"azurite", "im", "model", "functions"}
    write(play, ":quit")
    assert play.wait(10) == 0
    assert not any(part.alive() for part in parts)


def test_the_parts_of_a_killed_chat_are_ended_by_the_next_run(play: subprocess.Popen[str]) -> None:
    parts = children(play)
    play.kill()
    play.wait()
    assert all(part.alive() for part in parts)
    end_dead_runs()
    assert not any(part.alive() for part in parts)


def test_for_a_deployed_function_only_the_im_server_is_started_and_the_page_says_what_is_missing() -> None:
    code = (
        "import sys; from playground.play import play_in_browser as p;"
        "sys.exit(p('settings', None, 'https://bot.example/api/webhook?code=key-of-theirs', open_browser=False))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        shown = read_until(process, "Log +")
        url = re.search(r"Page +(http://127\.0\.0\.1:\d+)/", shown)
        assert url
        assert "webhook?code=***" in shown
        (part,) = children(process)
        assert part.name == "im"
        assert "key-of-theirs" not in command_line(part)
        with urllib.request.urlopen(f"{url[1]}/api/state") as answer:  # noqa: S310
            state = json.load(answer)
        assert "key-of-theirs" not in json.dumps(state)
        process.terminate()
        assert process.wait(10) == 0
    assert (state["model"]["kind"], state["host"]["kind"], state["host"]["killable"]) == (
        "remote",
        "remote",
        False,
    )
    (sentence,) = state["invisible"]
    assert "what is stored" in sentence


if sys.platform != "win32":

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_every_part_within_5_seconds(
        play: subprocess.Popen[str], number: signal.Signals
    ) -> None:
        parts = children(play)
        began = time.monotonic()
        play.send_signal(number)
        assert play.wait(10) == 0
        assert time.monotonic() - began < 5
        assert not any(part.alive() for part in parts)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_the_page_and_every_part_within_5_seconds(number: signal.Signals) -> None:
        command = [sys.executable, "-c", PAGE]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            url = re.search(r"Page +(http://127\.0\.0\.1:\d+)/", read_until(process, "Log +"))
            assert url
            parts = children(process)
            with urllib.request.urlopen(f"{url[1]}/api/events") as events:  # noqa: S310 - a page that is open
                assert events.readline()
                began = time.monotonic()
                process.send_signal(number)
                assert process.wait(10) == 0
            assert time.monotonic() - began < 5
            assert not any(part.alive() for part in parts)
