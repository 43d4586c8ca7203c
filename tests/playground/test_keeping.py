"""``dev.py play --keep`` as processes: ended in the middle of a turn, killed, and started again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from playground.runs import ROOT, end_dead_runs

pytestmark = pytest.mark.stack

PAGE = """
import sys
from functools import partial
from pathlib import Path
from playground import play
play.Kept = partial(play.Kept, Path(sys.argv[1]))
sys.exit(play.play_in_browser("scripted", "builtin", None, open_browser=False, keep=True))
"""
BOTS = '[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "You help."\nturn_seconds = 2\n'
QUICKLY = {"RELAY_SEND_SECONDS": "1", "RELAY_LEASE_MARGIN_SECONDS": "1"}
SEES_SECONDS = 60.0


class Page:
    """A page and its process."""

    def __init__(self, url: str, process: subprocess.Popen[str], said: str) -> None:
        self.url, self.process, self.said = url, process, said

    def ask(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, content, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + SEES_SECONDS
        while not condition(state := self.ask("GET", "/api/state")):
            assert time.monotonic() < deadline, state["messages"]
            time.sleep(0.2)
        return dict(state)

    def until_answered(self, text: str) -> dict[str, Any]:
        wanted = {"text": text, "status": "answered"}
        return self.until(lambda state: any(wanted.items() <= one.items() for one in state["messages"]))


@contextmanager
def playing(folder: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Page]:
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    environ = {**os.environ, **settings, "RELAY_BOTS_FILE": str(bots)}
    command = [sys.executable, "-c", PAGE, str(folder / "kept")]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = ""
        while "\nLog " not in said:
            said += (line := process.stdout.readline())
            assert line, said
        found = re.search(r"Page +(http://127\.0\.0\.1:\d+)/", said)
        assert found
        try:
            yield Page(found[1], process, said)
        finally:
            process.kill()
    end_dead_runs()


def test_an_unfinished_turn_is_answered_after_the_next_start_and_everything_else_is_there(
    tmp_path: Path,
) -> None:
    with playing(tmp_path, QUICKLY) as page:
        ada = page.ask("POST", "/api/users", {"name": "Ada"})["accid"]
        group = {"name": "Trip", "members": [ada, "helper"]}
        page.ask("POST", "/api/teams", group)
        page.ask("POST", "/api/messages", {"as": ada, "to": "helper", "text": "hello"})
        page.until_answered("hello")
        page.ask("PUT", "/api/faults/model-slow", {"scope": "next"})
        page.ask("POST", "/api/messages", {"as": "bob", "to": "helper", "text": "take your time"})
        page.process.send_signal(signal.SIGINT)
        assert page.process.wait(20) == 0
    with playing(tmp_path, QUICKLY) as page:
        assert str(tmp_path / "kept") in page.said
        state = page.until_answered("take your time")
        assert ada in [user["accid"] for user in state["users"]]
        assert [team["name"] for team in state["teams"]] == ["Trip"]
        texts = [message["text"] for message in state["messages"]]
        assert texts.count("You said: hello") == texts.count("You said: take your time") == 1
        hello = next(message["id"] for message in state["messages"] if message["text"] == "hello")
        timeline = page.ask("GET", f"/api/messages/{hello}/timeline")
        assert {"request", "model", "reply"} <= {step["kind"] for step in _all(timeline["steps"])}
        page.ask("POST", "/api/messages", {"as": ada, "to": "helper", "text": "do you remember?"})
        page.until_answered("do you remember?")


def test_after_a_kill_the_chats_are_there_and_go_on(tmp_path: Path) -> None:
    with playing(tmp_path) as page:
        page.ask("POST", "/api/messages", {"as": "bob", "to": "helper", "text": "hello"})
        page.until_answered("hello")
        page.process.send_signal(signal.SIGKILL)
        page.process.wait()
    with playing(tmp_path) as page:
        page.until_answered("hello")
        page.ask("POST", "/api/messages", {"as": "bob", "to": "helper", "text": "and now?"})
        page.until_answered("and now?")


def _all(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        yield from _all(step["children"])
